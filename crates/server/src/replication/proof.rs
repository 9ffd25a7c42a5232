//! How one server signs a request to another: HMAC-SHA256 under the request key of the pair, over
//! all that the request says. Pure.
//!
//! `Authorization: ENTREPOT-PEER-HMAC-SHA256 Key=…, From=…, Time=…, Nonce=…, Signature=…`; `From` is
//! the calling region, percent-encoded, `Time` Unix milliseconds, `Nonce` 32 and `Signature` 64
//! hexadecimal digits.

use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit, Mac};
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use sha2::{Digest, Sha256};

use super::keys::RingKey;
use crate::clock::Timestamp;

pub const SCHEME: &str = "ENTREPOT-PEER-HMAC-SHA256";

/// What a request says.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    pub method: &'a str,
    /// From `/entrepot/` on, with the query.
    pub path: &'a str,
    /// The header `Range`, empty where there is none.
    pub range: &'a str,
    pub body: &'a [u8],
    /// The region that is called.
    pub to: &'a str,
}

/// Who says so, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    pub key_id: String,
    pub from: String,
    pub time: Timestamp,
    pub nonce: String,
    signature: Vec<u8>,
}

fn mac(
    key: &RingKey,
    from: &str,
    time: Timestamp,
    nonce: &str,
    request: Request<'_>,
) -> Hmac<Sha256> {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(&key.request_key).expect("HMAC takes keys of any length");
    let body = HEXLOWER.encode(&Sha256::digest(request.body));
    let time = time.millis().to_string();
    let Request {
        method,
        path,
        range,
        to,
        ..
    } = request;
    for part in [
        SCHEME,
        &key.key_id,
        from,
        to,
        method,
        path,
        range,
        &time,
        nonce,
        &body,
    ] {
        // its length first, so that no two requests give the same bytes
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part.as_bytes());
    }
    mac
}

/// The header's value. `nonce` is 32 hexadecimal digits that were never used before.
pub fn sign(
    key: &RingKey,
    from: &str,
    time: Timestamp,
    nonce: &str,
    request: Request<'_>,
) -> String {
    let signature = mac(key, from, time, nonce, request).finalize().into_bytes();
    format!(
        "{SCHEME} Key={}, From={}, Time={}, Nonce={nonce}, Signature={}",
        utf8_percent_encode(&key.key_id, NON_ALPHANUMERIC),
        utf8_percent_encode(from, NON_ALPHANUMERIC),
        time.millis(),
        HEXLOWER.encode(&signature)
    )
}

impl Proof {
    /// Reads the header's value; `None` where it is none of ours.
    pub fn parse(header: &str) -> Option<Self> {
        let mut fields = header.strip_prefix(SCHEME)?.strip_prefix(' ')?.split(", ");
        let mut field = |name: &str| fields.next()?.strip_prefix(name)?.strip_prefix('=');
        let text = |coded: &str| Some(percent_decode_str(coded).decode_utf8().ok()?.into_owned());
        let proof = Self {
            key_id: text(field("Key")?)?,
            from: text(field("From")?)?,
            time: Timestamp::from_millis(field("Time")?.parse().ok()?),
            nonce: field("Nonce")?.to_owned(),
            signature: HEXLOWER.decode(field("Signature")?.as_bytes()).ok()?,
        };
        let is_hex = proof.nonce.len() == 32 && HEXLOWER.decode(proof.nonce.as_bytes()).is_ok();
        (is_hex && fields.next().is_none()).then_some(proof)
    }

    /// Whether it is the proof of this request under this key; compared in constant time.
    pub fn holds(&self, key: &RingKey, request: Request<'_>) -> bool {
        mac(key, &self.from, self.time, &self.nonce, request)
            .verify_slice(&self.signature)
            .is_ok()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::replication::keys::StoredKey;

    fn key(secret: u8) -> RingKey {
        let stored = StoredKey {
            key_id: "17".into(),
            peer: "b".into(),
            sealed: String::new(),
            created_at: Timestamp::from_seconds(0),
            retired_at: None,
            uses: 0,
        };
        RingKey::derive(&stored, &[secret; 32])
    }

    const REQUEST: Request<'_> = Request {
        method: "GET",
        path: "/entrepot/peer/v1/hello",
        range: "",
        body: b"",
        to: "a",
    };
    const NONCE: &str = "000102030405060708090a0b0c0d0e0f";

    #[test]
    fn a_proof_reads_back_and_holds() {
        let time = Timestamp::from_millis(1_700_000_000_123);
        let header = sign(&key(1), "öst, 1", time, NONCE, REQUEST);
        let proof = Proof::parse(&header).unwrap();
        assert_eq!((proof.from.as_str(), proof.time), ("öst, 1", time));
        assert!(proof.holds(&key(1), REQUEST));
        assert!(!proof.holds(&key(2), REQUEST));
        for other in [
            Request {
                method: "POST",
                ..REQUEST
            },
            Request {
                path: "/entrepot/peer/v1/hellp",
                ..REQUEST
            },
            Request {
                range: "bytes=0-1",
                ..REQUEST
            },
            Request {
                body: b"x",
                ..REQUEST
            },
            Request { to: "c", ..REQUEST },
        ] {
            assert!(!proof.holds(&key(1), other), "{other:?}");
        }
    }

    proptest! {
        #[test]
        fn a_header_with_one_character_changed_does_not_hold(at in 0usize..200, by in 1u8..95) {
            let header = sign(&key(1), "b", Timestamp::from_seconds(9), NONCE, REQUEST);
            let mut bytes = header.clone().into_bytes();
            let at = at % bytes.len();
            bytes[at] = 32 + (bytes[at] - 32 + by) % 95;
            let changed = String::from_utf8(bytes).unwrap();
            if let Some(proof) = Proof::parse(&changed) {
                // a key id that changes names another key, which the ring would have to have
                prop_assert!(proof.key_id != "17" || !proof.holds(&key(1), REQUEST));
            }
        }
    }
}
