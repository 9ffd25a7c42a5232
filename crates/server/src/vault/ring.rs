//! Data keys: what seals secrets and signs links. They are kept in the database, each wrapped
//! under a master key.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use data_encoding::{HEXLOWER, HEXUPPER};

use super::cipher::{self, Key};
use super::master::MasterKey;
use super::sealed::{Column, Sealed, prefix};
use super::store::Wrapped;
use crate::clock::Timestamp;
use crate::error::Result;
use crate::keys::Secret;

/// One data key, with what is derived from it.
pub struct DataKey {
    key_id: String,
    created_at: Timestamp,
    key: Key,
    sealing: Key,
    /// Of texts from before there were data keys.
    sealing_v1: Key,
    link_name: String,
    link_key: Key,
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DataKey")
            .field("key_id", &self.key_id)
            .finish_non_exhaustive()
    }
}

impl DataKey {
    pub(super) fn random(created_at: Timestamp) -> Self {
        let id = cipher::random_key();
        Self::new(HEXLOWER.encode(&id[..8]), cipher::random_key(), created_at)
    }

    /// The master key itself, taken as a data key.
    pub(super) fn of_master(key_id: &str, master: &MasterKey, created_at: Timestamp) -> Self {
        Self::new(key_id.to_owned(), master.key().clone(), created_at)
    }

    fn new(key_id: String, key: Key, created_at: Timestamp) -> Self {
        let link_name = cipher::derive(&key, "entrepot object url access key id v1");
        Self {
            key_id,
            created_at,
            sealing: cipher::derive(&key, "entrepot sealed secrets v2"),
            sealing_v1: cipher::derive(&key, "entrepot sealed secrets v1"),
            link_name: HEXUPPER.encode(&link_name[..10]),
            link_key: cipher::derive(&key, "entrepot object url signing key v1"),
            key,
        }
    }

    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    pub fn created_at(&self) -> Timestamp {
        self.created_at
    }

    /// What links signed under this key say that they were signed with.
    pub fn link_name(&self) -> &str {
        &self.link_name
    }

    /// What links to bytes are signed with.
    pub fn link_key(&self) -> &[u8; 32] {
        &self.link_key
    }

    pub(super) fn seal(&self, column: Column, id: &str, secret: &Secret) -> Result<String> {
        let content = secret.expose().as_bytes();
        let sealed = cipher::seal(&self.sealing, &column.bound(id), content)?;
        Ok(format!("{}{sealed}", prefix(&self.key_id)))
    }

    pub(super) fn open(&self, column: Column, id: &str, sealed: &Sealed<'_>) -> Option<Secret> {
        let opened = if sealed.is_v1 {
            cipher::open(&self.sealing_v1, "", sealed.text)
        } else {
            cipher::open(&self.sealing, &column.bound(id), sealed.text)
        };
        let opened = opened?;
        std::str::from_utf8(&opened).ok().map(Secret::new)
    }
}

/// All data keys, the newest of which is the active one.
#[derive(Debug)]
pub struct Ring {
    keys: HashMap<String, Arc<DataKey>>,
    active: Arc<DataKey>,
}

impl Ring {
    /// `None` without any key.
    pub(super) fn new(keys: Vec<Arc<DataKey>>) -> Option<Self> {
        let newest = keys.iter().max_by_key(|key| (key.created_at, &key.key_id));
        let active = Arc::clone(newest?);
        let keys = keys.into_iter().map(|key| (key.key_id.clone(), key));
        Some(Self {
            keys: keys.collect(),
            active,
        })
    }

    pub fn active(&self) -> &DataKey {
        &self.active
    }

    pub fn find(&self, key_id: &str) -> Option<Arc<DataKey>> {
        self.keys.get(key_id).cloned()
    }

    pub(super) fn find_link_key(&self, name: &str) -> Option<Arc<DataKey>> {
        let found = self.keys.values().find(|key| key.link_name == name);
        found.cloned()
    }
}

fn bound(key_id: &str) -> String {
    format!("entrepot data key v1\n{key_id}")
}

pub fn wrap(key: &DataKey, master: &MasterKey, now: Timestamp) -> Result<Wrapped> {
    Ok(Wrapped {
        key_id: key.key_id.clone(),
        master_id: master.id().to_owned(),
        text: cipher::seal(&master.wrapping(), &bound(&key.key_id), key.key.as_ref())?,
        created_at: key.created_at,
        since: now,
    })
}

/// `None` where it was not wrapped under that key.
pub fn unwrap(row: &Wrapped, master: &MasterKey) -> Option<DataKey> {
    let opened = cipher::open(&master.wrapping(), &bound(&row.key_id), &row.text)?;
    let mut key = Key::default();
    if opened.len() != key.len() {
        return None;
    }
    key.copy_from_slice(&opened);
    Some(DataKey::new(row.key_id.clone(), key, row.created_at))
}
