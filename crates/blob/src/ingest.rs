//! Storing and hashing in one pass. The digests are answered after the bytes are durable; a caller
//! that finds them other than declared deletes the key again.

use bytes::Bytes;

use crate::{Blobs, Digests, Hasher, PartDigest, PartHasher, Result, StorageKey, Writer};

/// A whole object: [`Writer`] and [`Hasher`] together.
///
/// Both have a chunk before anything is awaited: a `write` that is dropped while it waits cannot
/// make them differ.
pub struct Ingest {
    writer: Writer,
    hasher: Hasher,
}

impl Ingest {
    pub async fn write(&mut self, chunk: Bytes) -> Result<()> {
        self.writer.gather(chunk.clone());
        self.hasher.gather(chunk);
        self.writer.hand_over().await?;
        self.hasher.hand_over().await
    }

    pub async fn finish(self) -> Result<Digests> {
        let (stored, digested) = tokio::join!(self.writer.finish(), self.hasher.finish());
        stored.and(digested)
    }
}

/// One part of an object: stored with its MD5 alone.
pub struct PartIngest {
    writer: Writer,
    hasher: PartHasher,
}

impl PartIngest {
    pub async fn write(&mut self, chunk: Bytes) -> Result<()> {
        self.writer.gather(chunk.clone());
        self.hasher.gather(chunk);
        self.writer.hand_over().await?;
        self.hasher.hand_over().await
    }

    pub async fn finish(self) -> Result<PartDigest> {
        let (stored, digested) = tokio::join!(self.writer.finish(), self.hasher.finish());
        stored.and(digested)
    }
}

impl Blobs {
    pub async fn ingest(&self, key: &StorageKey) -> Result<Ingest> {
        Ok(Ingest {
            writer: self.writer(key).await?,
            hasher: Hasher::new(),
        })
    }

    pub async fn ingest_part(&self, key: &StorageKey) -> Result<PartIngest> {
        Ok(PartIngest {
            writer: self.writer(key).await?,
            hasher: PartHasher::new(),
        })
    }
}
