//! The key ring: keys that this region shares with others, one pair of regions each.
//!
//! From each shared secret HKDF gives one key that seals tickets and one that signs the requests
//! between the two servers. The ring is read again at most once a second.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use data_encoding::BASE64;
use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroize;

use super::store;
use crate::app::App;
use crate::clock::Timestamp;
use crate::error::{Error, ErrorCode, Result};
use crate::vault;

/// How old the ring may be that a request is judged by.
const FRESH: Duration = Duration::from_secs(1);
/// Bytes of a shared secret.
pub const SECRET: usize = 32;
/// After so many tickets a key should be replaced: random nonces are good for 2^32.
pub const WARN_USES: u64 = 1 << 30;
/// After so many it seals no more.
pub const MAX_USES: u64 = 1 << 32;

/// A key as it is stored.
#[derive(Debug, Clone)]
pub struct StoredKey {
    pub key_id: String,
    /// The other region.
    pub peer: String,
    /// Base64, sealed by the vault.
    pub sealed: String,
    pub created_at: Timestamp,
    pub retired_at: Option<Timestamp>,
    /// Tickets sealed under it.
    pub uses: u64,
}

/// A key ready for use.
#[derive(Clone)]
pub struct RingKey {
    pub key_id: String,
    pub peer: String,
    pub ticket_key: [u8; 16],
    pub request_key: [u8; 32],
    pub created_at: Timestamp,
    pub is_retired: bool,
    pub uses: u64,
}

impl fmt::Debug for RingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RingKey")
            .field("key_id", &self.key_id)
            .field("peer", &self.peer)
            .finish_non_exhaustive()
    }
}

impl Drop for RingKey {
    fn drop(&mut self) {
        self.ticket_key.zeroize();
        self.request_key.zeroize();
    }
}

impl RingKey {
    pub fn derive(stored: &StoredKey, secret: &[u8]) -> Self {
        let hkdf = Hkdf::<Sha256>::new(None, secret);
        let mut ticket_key = [0; 16];
        let mut request_key = [0; 32];
        let expected = "so few bytes are within what HKDF-SHA256 gives";
        hkdf.expand(b"entrepot replication tickets v1", &mut ticket_key)
            .expect(expected);
        hkdf.expand(b"entrepot peer requests v1", &mut request_key)
            .expect(expected);
        Self {
            key_id: stored.key_id.clone(),
            peer: stored.peer.clone(),
            ticket_key,
            request_key,
            created_at: stored.created_at,
            is_retired: stored.retired_at.is_some(),
            uses: stored.uses,
        }
    }
}

/// 32 bytes in base64.
pub fn parse_secret(text: &str) -> Result<Vec<u8>> {
    let bytes = BASE64.decode(text.trim().as_bytes()).ok();
    let bytes = bytes.filter(|bytes| bytes.len() == SECRET);
    bytes.ok_or_else(|| Error::parameter("key", "must be 32 bytes in base64"))
}

/// All keys by id.
#[derive(Debug, Default)]
pub struct Ring(HashMap<String, RingKey>);

impl Ring {
    /// A key that may be used, or why not.
    pub fn require(&self, key_id: &str) -> Result<&RingKey> {
        match self.0.get(key_id) {
            Some(key) if !key.is_retired => Ok(key),
            Some(_) => Err(Error::new(
                ErrorCode::ReplicationKeyUnknown,
                format!("The replication key {key_id} is retired in this region."),
            )),
            None => Err(Error::new(
                ErrorCode::ReplicationKeyUnknown,
                format!(
                    "The replication key {} is not in this region's ring; \
                     entrepot admin replication-key add puts it there.",
                    shown(key_id)
                ),
            )),
        }
    }

    /// The newest key shared with a region.
    pub fn newest_of(&self, peer: &str) -> Option<&RingKey> {
        let keys = self.0.values().filter(|k| !k.is_retired && k.peer == peer);
        keys.max_by_key(|key| (key.created_at, key.key_id.clone()))
    }

    /// The regions that there are keys for, in order.
    pub fn peers(&self) -> Vec<&str> {
        let keys = self.0.values().filter(|key| !key.is_retired);
        let mut peers: Vec<&str> = keys.map(|key| key.peer.as_str()).collect();
        peers.sort_unstable();
        peers.dedup();
        peers
    }
}

/// An id of somebody else in a sentence.
fn shown(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(64).collect()
}

/// The ring of this process, read from the database when it is older than a second.
#[derive(Debug, Default)]
pub struct KeyRing(Mutex<Option<(Instant, Arc<Ring>)>>);

impl KeyRing {
    fn fresh(&self) -> Option<Arc<Ring>> {
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, ring) = held.as_ref()?;
        (at.elapsed() < FRESH).then(|| Arc::clone(ring))
    }

    pub async fn get(&self, app: &App) -> Result<Arc<Ring>> {
        if let Some(ring) = self.fresh() {
            return Ok(ring);
        }
        let at = Instant::now();
        let stored = app.db.read(async |tx| store::keys::list(tx).await).await?;
        let mut ring = HashMap::new();
        for key in stored {
            match open(app, &key).await {
                Ok(opened) => drop(ring.insert(key.key_id, opened)),
                Err(error) => {
                    tracing::error!(%error, key = key.key_id, "a replication key does not open");
                }
            }
        }
        let ring = Arc::new(Ring(ring));
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *held = Some((at, Arc::clone(&ring)));
        Ok(ring)
    }

    /// What was changed here takes effect at once.
    pub fn forget(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

async fn open(app: &App, stored: &StoredKey) -> Result<RingKey> {
    let column = vault::REPLICATION_KEYS;
    let secret = app
        .vault
        .open(column, &stored.key_id, &stored.sealed)
        .await?;
    Ok(RingKey::derive(stored, &parse_secret(secret.expose())?))
}
