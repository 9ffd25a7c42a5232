//! MD5, SHA-256 and CRC-32 of a stream, in one pass and away from the thread that stores it.
//!
//! Each hash has a lane of its own, so that a stream is as fast as its slowest hash, MD5. What
//! fits one batch is hashed by one blocking call at the end. `docs/adr/0003-digests.md` says why
//! these implementations.

use bytes::Bytes;
use sha2::{Digest, Sha256};
use tokio::task::spawn_blocking;

use crate::lane::{Batch, Lane, Work};
use crate::{BlobError, Result};

/// What is known of an object once every byte of it has been seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digests {
    pub size: u64,
    /// The contract's check and the `ETag`.
    pub md5: [u8; 16],
    /// The identity of the content, and what packages list.
    pub sha256: [u8; 32],
    /// CRC-32 (ISO-HDLC), as zip has it.
    pub crc32: u32,
}

/// What is known of one part of an object: enough for the `ETag` of the part. The object is hashed
/// as a whole once all of its parts are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartDigest {
    pub size: u64,
    pub md5: [u8; 16],
}

/// Computes [`Digests`] of what is pushed into it.
pub struct Hasher {
    part: PartHasher,
    wide: Lane<Wide>,
}

impl Hasher {
    #[must_use]
    pub fn new() -> Self {
        Self {
            part: PartHasher::new(),
            wide: Lane::new(Wide::new()),
        }
    }

    pub async fn push(&mut self, chunk: Bytes) -> Result<()> {
        self.gather(chunk);
        self.hand_over().await
    }

    pub(crate) fn gather(&mut self, chunk: Bytes) {
        self.part.gather(chunk);
    }

    pub(crate) async fn hand_over(&mut self) -> Result<()> {
        if self.part.batch.is_full() {
            let (md5_room, wide_room) = (self.part.lane.room().await?, self.wide.room().await?);
            let batch = self.part.batch.take();
            self.wide.push(batch.clone(), wide_room);
            self.part.lane.push(batch, md5_room);
        }
        Ok(())
    }

    pub async fn finish(self) -> Result<Digests> {
        let PartHasher {
            size,
            mut batch,
            lane,
        } = self.part;
        let (mut md5, mut wide) = (lane.finish().await?, self.wide.finish().await?);
        let last = batch.take();
        let digests = move || -> Result<Digests> {
            md5.take(&last)?;
            wide.take(&last)?;
            Ok(Digests {
                size,
                md5: md5.0.finalize(),
                sha256: wide.sha256.finalize().into(),
                crc32: wide.crc32.finalize(),
            })
        };
        spawn_blocking(digests).await.map_err(BlobError::lost)?
    }
}

impl Default for Hasher {
    fn default() -> Self {
        Self::new()
    }
}

/// Computes the [`PartDigest`] of what is pushed into it.
pub struct PartHasher {
    size: u64,
    batch: Batch,
    lane: Lane<Md5>,
}

impl PartHasher {
    #[must_use]
    pub fn new() -> Self {
        Self {
            size: 0,
            batch: Batch::default(),
            lane: Lane::new(Md5(fast_md5::Md5::new())),
        }
    }

    pub async fn push(&mut self, chunk: Bytes) -> Result<()> {
        self.gather(chunk);
        self.hand_over().await
    }

    pub(crate) fn gather(&mut self, chunk: Bytes) {
        self.size += chunk.len() as u64;
        self.batch.push(chunk);
    }

    pub(crate) async fn hand_over(&mut self) -> Result<()> {
        if self.batch.is_full() {
            let room = self.lane.room().await?;
            self.lane.push(self.batch.take(), room);
        }
        Ok(())
    }

    pub async fn finish(mut self) -> Result<PartDigest> {
        let mut md5 = self.lane.finish().await?;
        let (size, last) = (self.size, self.batch.take());
        let digest = move || -> Result<PartDigest> {
            md5.take(&last)?;
            let md5 = md5.0.finalize();
            Ok(PartDigest { size, md5 })
        };
        spawn_blocking(digest).await.map_err(BlobError::lost)?
    }
}

impl Default for PartHasher {
    fn default() -> Self {
        Self::new()
    }
}

struct Md5(fast_md5::Md5);

impl Work for Md5 {
    fn take(&mut self, batch: &[Bytes]) -> Result<()> {
        for chunk in batch {
            self.0.update(chunk);
        }
        Ok(())
    }
}

/// SHA-256 and CRC-32 together take half the time of MD5 alone, so they share a lane.
struct Wide {
    sha256: Sha256,
    crc32: crc32fast::Hasher,
}

impl Wide {
    fn new() -> Self {
        Self {
            sha256: Sha256::new(),
            crc32: crc32fast::Hasher::new(),
        }
    }
}

impl Work for Wide {
    fn take(&mut self, batch: &[Bytes]) -> Result<()> {
        for chunk in batch {
            self.sha256.update(chunk);
            self.crc32.update(chunk);
        }
        Ok(())
    }
}
