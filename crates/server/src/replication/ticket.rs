//! The ticket: what is in it, and how it is sealed. Pure but for the random nonce.
//!
//! AES-128-GCM under a key of the pair of regions. Asset id, key id and algorithm stand outside and
//! are bound as associated data, so that none of them can be exchanged.

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes128Gcm, Nonce};
use data_encoding::BASE64;
use entrepot_api::replication::{KeyId, ReplicationAssetInfo, ReplicationEncInfo};
use rand::RngCore;
use serde::{Deserialize, Serialize};

use super::keys::RingKey;
use crate::clock::Timestamp;
use crate::error::{Error, ErrorCode, Result};

pub const ALGORITHM: &str = "AES128_GCM";
const MAX_INFO: usize = 100_000;
const NONCE: usize = 12;

/// What a ticket says. Its size does not depend on the asset's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contents {
    pub ticket_id: String,
    /// Of the region that issued it: a name, never an address.
    pub region: String,
    pub asset_id: String,
    /// For the asset to show until its manifest is there.
    pub asset_name: String,
    pub asset_type: String,
    /// Milliseconds.
    pub asset_created_at: Timestamp,
    /// Grows with every change of the asset.
    pub version: i64,
    /// SHA-256 of the manifest, in hexadecimal digits.
    pub manifest: String,
    pub issued_at: Timestamp,
    /// Unix seconds.
    pub expires: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_region: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_project: Option<String>,
}

impl Contents {
    pub fn expires_at(&self) -> Timestamp {
        Timestamp::from_seconds(self.expires)
    }

    /// Whoever has the key can put anything into a ticket; its ids become parts of paths.
    fn is_sound(&self) -> bool {
        let is_digest = self.manifest.len() == 64
            && self
                .manifest
                .bytes()
                .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        is_id(&self.ticket_id) && is_id(&self.asset_id) && self.version > 0 && is_digest
    }
}

/// A ticket as it is presented: well-formed, and not opened yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Presented {
    pub asset_id: String,
    pub key_id: String,
    nonce: [u8; NONCE],
    sealed: Vec<u8>,
    expire_time: Option<i64>,
}

/// The ticket as the wire has it.
pub fn seal(key: &RingKey, contents: &Contents) -> Result<ReplicationAssetInfo> {
    let mut nonce = [0; NONCE];
    rand::rng().fill_bytes(&mut nonce);
    let text = serde_json::to_vec(contents).map_err(Error::internal)?;
    let bound = bound(&contents.asset_id, &key.key_id);
    let payload = Payload {
        msg: &text,
        aad: &bound,
    };
    let sealed = Aes128Gcm::new(&key.ticket_key.into())
        .encrypt(&Nonce::from(nonce), payload)
        .map_err(|_| Error::internal("a ticket could not be sealed"))?;
    let iv = BASE64.encode(&nonce);
    Ok(ReplicationAssetInfo {
        asset_id: Some(contents.asset_id.clone()),
        asset_info: Some(format!("{iv}:{}", BASE64.encode(&sealed))),
        encryption_info: Some(ReplicationEncInfo {
            algorithm: Some(ALGORITHM.to_owned()),
            key_id: Some(KeyId::Text(key.key_id.clone())),
            iv: Some(iv),
        }),
        expire_time: Some(contents.expires),
    })
}

/// 1 to 64 letters, digits, `-` and `_`.
fn is_id(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    (1..=64).contains(&text.len()) && text.bytes().all(plain)
}

fn bound(asset_id: &str, key_id: &str) -> Vec<u8> {
    // lengths, so that no two pairs give the same bytes
    let lengths = [asset_id.len(), key_id.len()];
    format!("entrepot ticket v1\n{lengths:?}\n{asset_id}\n{key_id}\n{ALGORITHM}").into_bytes()
}

pub fn invalid(problem: &str) -> Error {
    Error::new(
        ErrorCode::TicketInvalid,
        format!("The ticket is not valid: {problem}. Get a new one in the region it comes from."),
    )
}

fn required<T>(field: &str, value: Option<T>) -> Result<T> {
    value.ok_or_else(|| Error::parameter(field, "is missing"))
}

fn bounded(field: &str, text: String, most: usize) -> Result<String> {
    if (1..=most).contains(&text.len()) {
        return Ok(text);
    }
    Err(Error::parameter(
        field,
        format!("must have 1 to {most} characters"),
    ))
}

impl Presented {
    pub fn parse(info: ReplicationAssetInfo) -> Result<Self> {
        let asset_id = bounded("asset_id", required("asset_id", info.asset_id)?, 64)?;
        let asset_info = required("asset_info", info.asset_info)?;
        let asset_info = bounded("asset_info", asset_info, MAX_INFO)?;
        let encryption = required("encryption_info", info.encryption_info)?;
        let algorithm = required("encryption_info.algorithm", encryption.algorithm)?;
        if algorithm != ALGORITHM {
            return Err(Error::parameter(
                "encryption_info.algorithm",
                format!("must be {ALGORITHM}"),
            ));
        }
        let key_id = required("encryption_info.key_id", encryption.key_id)?;
        let key_id = bounded("encryption_info.key_id", key_id.to_string(), 128)?;
        let iv = required("encryption_info.iv", encryption.iv)?;
        let Some((prefix, sealed)) = asset_info.split_once(':') else {
            return Err(invalid("asset_info has no colon"));
        };
        if prefix != iv {
            return Err(invalid("iv is not the one that asset_info begins with"));
        }
        let nonce = BASE64.decode(prefix.as_bytes()).ok();
        let nonce = nonce.and_then(|nonce| nonce.try_into().ok());
        let sealed = BASE64.decode(sealed.as_bytes());
        Ok(Self {
            asset_id,
            key_id,
            nonce: nonce.ok_or_else(|| invalid("iv is not 12 bytes in base64"))?,
            sealed: sealed.map_err(|_| invalid("asset_info is not base64"))?,
            expire_time: info.expire_time,
        })
    }

    /// Opens it; nothing in it has been changed then. Whether it may be used is another question.
    pub fn open(&self, key: &RingKey) -> Result<Contents> {
        let bound = bound(&self.asset_id, &key.key_id);
        let payload = Payload {
            msg: &self.sealed,
            aad: &bound,
        };
        let text = Aes128Gcm::new(&key.ticket_key.into())
            .decrypt(&Nonce::from(self.nonce), payload)
            .map_err(|_| invalid("it was changed, or sealed under another key of this id"))?;
        let contents: Contents = serde_json::from_slice(&text)
            .map_err(|_| invalid("what is in it is not understood by this version"))?;
        if !contents.is_sound() {
            return Err(invalid("what is in it can't be"));
        }
        if contents.asset_id != self.asset_id {
            return Err(invalid("it is of another asset"));
        }
        if self
            .expire_time
            .is_some_and(|time| time != contents.expires)
        {
            return Err(invalid("expire_time is not the one that is sealed in it"));
        }
        Ok(contents)
    }
}
