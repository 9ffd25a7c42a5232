//! The storages that every case is run over, and short forms of what the cases do with them.

use std::num::NonZeroUsize;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use entrepot_blob::{BlobError, Blobs, FileSteps, Result, StorageKey};
use futures_util::TryStreamExt;
use tempfile::TempDir;

pub struct Place {
    pub blobs: Blobs,
    folder: Option<TempDir>,
}

pub fn all() -> Vec<Place> {
    let memory = Place {
        blobs: Blobs::memory(),
        folder: None,
    };
    vec![disk(), memory]
}

pub fn disk() -> Place {
    let folder = TempDir::new().unwrap();
    Place {
        blobs: Blobs::open_disk(folder.path()).unwrap(),
        folder: Some(folder),
    }
}

pub fn disk_with(steps: Arc<dyn FileSteps>) -> Place {
    let folder = TempDir::new().unwrap();
    Place {
        blobs: Blobs::open_disk_with(folder.path(), steps).unwrap(),
        folder: Some(folder),
    }
}

pub fn memory_of(capacity: u64) -> Place {
    Place {
        blobs: Blobs::memory_of(capacity),
        folder: None,
    }
}

impl Place {
    pub fn root(&self) -> &Path {
        self.folder.as_ref().unwrap().path()
    }

    pub fn on_disk(&self) -> bool {
        self.folder.is_some()
    }

    pub fn temporaries(&self) -> Vec<PathBuf> {
        let tmp = self.root().join("tmp");
        std::fs::read_dir(tmp)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect()
    }

    /// An abandoned writer cleans up on another thread: wait for it, but not for ever.
    pub async fn assert_nothing_is_left(&self) {
        assert!(list(&self.blobs, 100).await.is_empty());
        if self.folder.is_some() {
            for _ in 0..500 {
                if self.temporaries().is_empty() {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            panic!("left behind: {:?}", self.temporaries());
        }
    }
}

pub fn key(number: u64) -> StorageKey {
    // Spread over the folders as random digits are; the multiplier is odd, so no two are the same.
    let tail = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    StorageKey::parse(&format!("0192a3b4c5d67e8f{tail:016x}")).unwrap()
}

/// Bytes in which every position is told from its neighbours.
#[expect(
    clippy::cast_possible_truncation,
    reason = "the low byte is what is wanted"
)]
pub fn pattern(len: usize) -> Bytes {
    (0..len)
        .map(|i| (i.wrapping_mul(2_654_435_761) >> 11) as u8)
        .collect()
}

pub async fn put(blobs: &Blobs, key: &StorageKey, bytes: &Bytes, chunk: usize) -> Result<u64> {
    let mut writer = blobs.writer(key).await?;
    for at in (0..bytes.len()).step_by(chunk) {
        writer
            .write(bytes.slice(at..bytes.len().min(at + chunk)))
            .await?;
    }
    writer.finish().await
}

pub async fn get(blobs: &Blobs, key: &StorageKey, range: Range<u64>) -> Result<Bytes> {
    let add = |mut all: Vec<u8>, block: Bytes| async move {
        all.extend_from_slice(&block);
        Ok(all)
    };
    blobs
        .read(key, range)
        .try_fold(Vec::new(), add)
        .await
        .map(Bytes::from)
}

/// Every key, by pages of `limit`.
pub async fn list(blobs: &Blobs, limit: usize) -> Vec<StorageKey> {
    let (limit, mut after, mut keys) = (NonZeroUsize::new(limit).unwrap(), None, Vec::new());
    loop {
        let page = blobs.list(after, limit).await.unwrap();
        assert!(page.entries.len() <= limit.get());
        keys.extend(page.entries.into_iter().map(|entry| entry.key));
        after = page.next;
        if after.is_none() {
            return keys;
        }
    }
}

pub fn is_not_found(error: &BlobError, key: &StorageKey) -> bool {
    matches!(error, BlobError::NotFound(missing) if missing == key)
}
