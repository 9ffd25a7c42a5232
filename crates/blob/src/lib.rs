//! Bytes under keys: a folder, or memory for tests.
//!
//! An object is written once, never changed, and read by ranges. What `finish` has answered for is
//! durable; what was not finished leaves nothing behind. Nothing outside this crate knows which
//! kind of storage it has: one conformance suite (`tests/it`) holds every kind to the same rules.

mod digest;
mod disk;
mod error;
mod ingest;
mod key;
mod lane;
mod memory;
mod stream;
mod writer;

use std::num::NonZeroUsize;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;

pub use digest::{Digests, Hasher, PartDigest, PartHasher};
pub use disk::{FileStep, FileSteps};
pub use error::{BlobError, Result};
pub use ingest::{Ingest, PartIngest};
pub use key::{InvalidKey, StorageKey};
pub use stream::ByteStream;
pub use writer::Writer;

/// The storage. Cheap to clone.
#[derive(Clone)]
pub struct Blobs(Store);

#[derive(Clone)]
enum Store {
    Disk(disk::Disk),
    Memory(memory::Memory),
}

impl std::fmt::Debug for Blobs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match &self.0 {
            Store::Disk(_) => "Blobs(disk)",
            Store::Memory(_) => "Blobs(memory)",
        })
    }
}

/// Where the next page of a listing begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor(StorageKey);

/// Some of the stored objects, in an order of the storage's own.
#[derive(Debug)]
pub struct Page {
    pub entries: Vec<Entry>,
    /// None when this was the last page.
    pub next: Option<Cursor>,
}

#[derive(Clone, Debug)]
pub struct Entry {
    pub key: StorageKey,
    /// In bytes.
    pub size: u64,
    pub modified: SystemTime,
}

/// A part of what [`Blobs::read_pieces`] streams.
#[derive(Clone, Debug)]
pub enum Piece {
    /// A range of a stored object.
    Stored(StorageKey, Range<u64>),
    /// Bytes that are at hand.
    Given(Bytes),
}

impl Blobs {
    /// Opens the folder `root` and makes what is missing of it. Blocks; meant for the start.
    pub fn open_disk(root: &Path) -> Result<Self> {
        Self::open_disk_with(root, Arc::new(disk::Unwatched))
    }

    /// Like `open_disk`, with every change to the file system passing through `steps`: a test can
    /// watch their order, or make one of them fail.
    pub fn open_disk_with(root: &Path, steps: Arc<dyn FileSteps>) -> Result<Self> {
        disk::Disk::open(root, steps).map(Store::Disk).map(Self)
    }

    #[must_use]
    pub fn memory() -> Self {
        Self::memory_of(u64::MAX)
    }

    /// Memory that is full after `capacity` bytes.
    #[must_use]
    pub fn memory_of(capacity: u64) -> Self {
        Self(Store::Memory(memory::Memory::new(capacity)))
    }

    /// Begins an object. Nothing is visible under `key` before [`Writer::finish`], which fails with
    /// [`BlobError::Exists`] when something is stored there by then.
    #[expect(
        clippy::unused_async,
        reason = "a remote storage begins with a request"
    )]
    pub async fn writer(&self, key: &StorageKey) -> Result<Writer> {
        Ok(match &self.0 {
            Store::Disk(disk) => Writer::disk(disk.draft(key)),
            Store::Memory(memory) => Writer::memory(memory.draft(key)),
        })
    }

    /// The bytes of `range`, in blocks. A key that does not exist and a range that goes beyond the
    /// object's end are an `Err` item; the stream ends after one.
    #[must_use]
    pub fn read(&self, key: &StorageKey, range: Range<u64>) -> ByteStream {
        self.read_pieces(vec![Piece::Stored(key.clone(), range)])
    }

    /// The bytes of all pieces, one after the other, as a single stream: it reads ahead across
    /// them, and small ones share a block. An `Err` item ends it, as with `read`.
    #[must_use]
    pub fn read_pieces(&self, pieces: Vec<Piece>) -> ByteStream {
        match &self.0 {
            Store::Disk(disk) => disk.read(pieces),
            Store::Memory(memory) => memory.read(pieces),
        }
    }

    /// Where a program of this machine can read the object, if there is such a place.
    #[must_use]
    pub fn local_path(&self, key: &StorageKey) -> Option<PathBuf> {
        match &self.0 {
            Store::Disk(disk) => Some(disk.path(key)),
            Store::Memory(_) => None,
        }
    }

    pub async fn size(&self, key: &StorageKey) -> Result<Option<u64>> {
        match &self.0 {
            Store::Disk(disk) => disk.size(key).await,
            Store::Memory(memory) => Ok(memory.size(key)),
        }
    }

    /// Deletes the object if it is there. A crash may bring it back, so a caller that keeps no
    /// record of the key finds it again by `list`.
    pub async fn delete(&self, key: &StorageKey) -> Result<()> {
        match &self.0 {
            Store::Disk(disk) => disk.delete(key).await,
            Store::Memory(memory) => {
                memory.delete(key);
                Ok(())
            }
        }
    }

    /// How many bytes there is room for; more may come, and others may take of it.
    pub async fn free_space(&self) -> Result<u64> {
        match &self.0 {
            Store::Disk(disk) => disk.free_space().await,
            Store::Memory(memory) => Ok(memory.room()),
        }
    }

    /// At most `limit` objects after `after`. An object that is there during the whole listing is
    /// listed exactly once; memory is bounded by the page and one folder.
    pub async fn list(&self, after: Option<Cursor>, limit: NonZeroUsize) -> Result<Page> {
        let after = after.map(|Cursor(key)| key);
        match &self.0 {
            Store::Disk(disk) => disk.list(after, limit.get()).await,
            Store::Memory(memory) => Ok(memory.list(after, limit.get())),
        }
    }

    /// Removes what writers that no longer live have left: temporary data not written to for
    /// `older_than`. Answers how many there were.
    pub async fn remove_stale_temporaries(&self, older_than: Duration) -> Result<usize> {
        match &self.0 {
            Store::Disk(disk) => disk.remove_stale_temporaries(older_than).await,
            Store::Memory(_) => Ok(0),
        }
    }
}

impl Page {
    /// Of entries that were collected until there was one more than `limit`.
    fn of(mut entries: Vec<Entry>, limit: usize) -> Self {
        let more = entries.len() > limit;
        entries.truncate(limit);
        let next = entries
            .last()
            .filter(|_| more)
            .map(|last| Cursor(last.key.clone()));
        Self { entries, next }
    }
}
