//! Where sealed texts stand, and how they look.
//!
//! `v2:<data key>:<base64>`, bound to table, column and row: it opens nowhere else. `v1:<base64>`
//! is of earlier versions, sealed under a key derived from the master key, and bound to nothing.

use super::FIRST;

/// A column that holds sealed texts. There are no others than [`COLUMNS`], so that a new key finds
/// all that is to be sealed anew; a test looks through the tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    pub(super) table: &'static str,
    /// The column of the primary key.
    pub(super) id: &'static str,
    pub(super) secret: &'static str,
}

pub const ACCESS_KEYS: Column = Column {
    table: "access_keys",
    id: "access_key",
    secret: "secret",
};
pub const APPS: Column = Column {
    table: "apps",
    id: "app_id",
    secret: "secret",
};
pub const REPLICATION_KEYS: Column = Column {
    table: "replication_keys",
    id: "key_id",
    secret: "secret",
};

pub const COLUMNS: [Column; 3] = [ACCESS_KEYS, APPS, REPLICATION_KEYS];

impl Column {
    /// `table.column`
    pub fn name(self) -> String {
        format!("{}.{}", self.table, self.secret)
    }

    /// What binds a sealed text to its row.
    pub(super) fn bound(self, id: &str) -> String {
        format!("entrepot secret v2\n{}\n{id}", self.name())
    }
}

/// A stored text, taken apart.
pub struct Sealed<'a> {
    pub key_id: &'a str,
    pub text: &'a str,
    pub is_v1: bool,
}

impl<'a> Sealed<'a> {
    pub fn parse(stored: &'a str) -> Option<Self> {
        if let Some(text) = stored.strip_prefix("v1:") {
            return Some(Self {
                key_id: FIRST,
                text,
                is_v1: true,
            });
        }
        let (key_id, text) = stored.strip_prefix("v2:")?.split_once(':')?;
        Some(Self {
            key_id,
            text,
            is_v1: false,
        })
    }
}

/// What all texts sealed under a data key begin with; of the first one there are older ones too.
pub fn prefix(key_id: &str) -> String {
    format!("v2:{key_id}:")
}
