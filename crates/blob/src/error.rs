//! What can go wrong with stored bytes. Closed on purpose: the server matches every case.

use std::io;

use crate::StorageKey;

pub type Result<T, E = BlobError> = std::result::Result<T, E>;

#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    #[error("nothing is stored under {0}")]
    NotFound(StorageKey),
    #[error("something is already stored under {0}")]
    Exists(StorageKey),
    /// No space, no inode or no quota left. What was being written has been removed.
    #[error("the storage is full")]
    StorageFull,
    /// Fewer bytes are there than the range that was asked for needs.
    #[error("{key} has {actual} bytes where {expected} were expected")]
    Corrupt {
        key: StorageKey,
        expected: u64,
        actual: u64,
    },
    #[error("storage I/O failed: {0}")]
    Io(#[source] io::Error),
}

impl From<io::Error> for BlobError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::StorageFull,
            _ => Self::Io(error),
        }
    }
}

impl BlobError {
    /// A job on a blocking thread ended without an answer: it panicked, or the runtime stops.
    pub(crate) fn lost(error: tokio::task::JoinError) -> Self {
        Self::Io(io::Error::other(error))
    }
}
