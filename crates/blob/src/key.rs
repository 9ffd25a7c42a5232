//! The key that bytes are stored under. It is made by the server, never taken from a request,
//! and can only be 32 hex digits, so that it is safe as a file name and in a signed address.

use std::fmt;
use std::str::FromStr;

/// 32 lower-case hex digits: a `UUIDv7` without its dashes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StorageKey(String);

/// The text is not 32 lower-case hex digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a storage key is 32 lower-case hex digits")]
pub struct InvalidKey;

impl StorageKey {
    pub fn parse(text: &str) -> Result<Self, InvalidKey> {
        let hex = |b: u8| matches!(b, b'0'..=b'9' | b'a'..=b'f');
        if text.len() == 32 && text.bytes().all(hex) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidKey)
        }
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Which of the 65,536 folders the key falls in. Made of the *last* digits: the first ones of
    /// a `UUIDv7` are the time, and everything written today would share one folder.
    pub(crate) fn shard(&self) -> Shard {
        let byte = |from: usize| {
            u8::from_str_radix(&self.0[from..from + 2], 16).expect("parse() let only hex pass")
        };
        Shard {
            outer: byte(30),
            inner: byte(28),
        }
    }
}

impl FromStr for StorageKey {
    type Err = InvalidKey;

    fn from_str(text: &str) -> Result<Self, InvalidKey> {
        Self::parse(text)
    }
}

impl fmt::Display for StorageKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One folder of the two-level fan-out: `outer/inner`, two hex digits each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Shard {
    pub outer: u8,
    pub inner: u8,
}
