//! Objects in memory, for tests and trials.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use bytes::Bytes;

use crate::key::Shard;
use crate::lane::locked;
use crate::{BlobError, ByteStream, Entry, Page, Piece, Result, StorageKey};

#[derive(Clone)]
pub(crate) struct Memory {
    capacity: u64,
    /// Ordered as a disk lists, so that a cursor means the same.
    objects: Arc<Mutex<BTreeMap<(Shard, StorageKey), Object>>>,
}

struct Object {
    bytes: Bytes,
    modified: SystemTime,
}

pub(crate) struct MemoryDraft {
    memory: Memory,
    key: StorageKey,
    bytes: Vec<u8>,
}

impl Memory {
    pub fn new(capacity: u64) -> Self {
        let objects = Arc::default();
        Self { capacity, objects }
    }

    pub fn draft(&self, key: &StorageKey) -> MemoryDraft {
        MemoryDraft {
            memory: self.clone(),
            key: key.clone(),
            bytes: Vec::new(),
        }
    }

    pub fn read(&self, pieces: Vec<Piece>) -> ByteStream {
        let pieces = pieces.into_iter().map(|piece| match piece {
            Piece::Given(bytes) => Ok(bytes),
            Piece::Stored(key, range) => self.slice(&key, range),
        });
        ByteStream::memory(pieces.collect())
    }

    fn slice(&self, key: &StorageKey, range: Range<u64>) -> Result<Bytes> {
        let objects = locked(&self.objects);
        let object = objects
            .get(&place(key))
            .ok_or_else(|| BlobError::NotFound(key.clone()))?;
        let actual = object.bytes.len() as u64;
        if range.end > actual {
            return Err(BlobError::Corrupt {
                key: key.clone(),
                expected: range.end,
                actual,
            });
        }
        let at = |offset: u64| usize::try_from(offset).expect("no more than a length in memory");
        Ok(object
            .bytes
            .slice(at(range.start.min(range.end))..at(range.end)))
    }

    pub fn size(&self, key: &StorageKey) -> Option<u64> {
        let objects = locked(&self.objects);
        objects
            .get(&place(key))
            .map(|object| object.bytes.len() as u64)
    }

    pub fn delete(&self, key: &StorageKey) {
        locked(&self.objects).remove(&place(key));
    }

    pub fn list(&self, after: Option<StorageKey>, limit: usize) -> Page {
        let after = after.map(|key| place(&key));
        let objects = locked(&self.objects);
        let entries = objects
            .iter()
            .skip_while(|(place, _)| after.as_ref().is_some_and(|after| *place <= after))
            .map(|((_, key), object)| Entry {
                key: key.clone(),
                size: object.bytes.len() as u64,
                modified: object.modified,
            })
            .take(limit.saturating_add(1));
        Page::of(entries.collect(), limit)
    }

    pub fn room(&self) -> u64 {
        if self.capacity == u64::MAX {
            return u64::MAX;
        }
        let objects = locked(&self.objects);
        let used: u64 = objects
            .values()
            .map(|object| object.bytes.len() as u64)
            .sum();
        self.capacity.saturating_sub(used)
    }
}

impl MemoryDraft {
    pub fn gather(&mut self, chunk: &[u8]) {
        self.bytes.extend_from_slice(chunk);
    }

    pub fn check_room(&self) -> Result<()> {
        if self.bytes.len() as u64 > self.memory.room() {
            return Err(BlobError::StorageFull);
        }
        Ok(())
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "stands for the file system's own time"
    )]
    pub fn commit(self) -> Result<u64> {
        self.check_room()?;
        let size = self.bytes.len() as u64;
        let mut objects = locked(&self.memory.objects);
        let place = place(&self.key);
        if objects.contains_key(&place) {
            return Err(BlobError::Exists(self.key));
        }
        let object = Object {
            bytes: self.bytes.into(),
            modified: SystemTime::now(),
        };
        objects.insert(place, object);
        Ok(size)
    }
}

fn place(key: &StorageKey) -> (Shard, StorageKey) {
    (key.shard(), key.clone())
}
