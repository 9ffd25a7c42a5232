//! Writing one object, whatever the storage is.

use bytes::Bytes;
use tokio::task::spawn_blocking;

use crate::disk::Draft;
use crate::lane::{Batch, Lane, Work};
use crate::memory::MemoryDraft;
use crate::{BlobError, Result};

/// An object being written. Dropped before `finish`, it leaves nothing behind.
pub struct Writer(Kind);

enum Kind {
    Disk { batch: Batch, lane: Lane<Draft> },
    Memory(MemoryDraft),
}

impl Writer {
    pub(crate) fn disk(draft: Draft) -> Self {
        Self(Kind::Disk {
            batch: Batch::default(),
            lane: Lane::new(draft),
        })
    }

    pub(crate) fn memory(draft: MemoryDraft) -> Self {
        Self(Kind::Memory(draft))
    }

    /// Takes the chunk, and waits while too much is on its way to the storage already. The chunk is
    /// taken even when this future is dropped while it waits.
    pub async fn write(&mut self, chunk: Bytes) -> Result<()> {
        self.gather(chunk);
        self.hand_over().await
    }

    pub(crate) fn gather(&mut self, chunk: Bytes) {
        match &mut self.0 {
            Kind::Disk { batch, .. } => batch.push(chunk),
            Kind::Memory(draft) => draft.gather(&chunk),
        }
    }

    pub(crate) async fn hand_over(&mut self) -> Result<()> {
        match &mut self.0 {
            Kind::Disk { batch, lane } if batch.is_full() => {
                let room = lane.room().await?;
                lane.push(batch.take(), room);
                Ok(())
            }
            Kind::Disk { .. } => Ok(()),
            Kind::Memory(draft) => draft.check_room(),
        }
    }

    /// Makes the object durable and visible, and answers its size. When this future is dropped
    /// halfway, the object may or may not come to be.
    pub async fn finish(self) -> Result<u64> {
        match self.0 {
            Kind::Disk { mut batch, lane } => {
                let mut draft = lane.finish().await?;
                let last = batch.take();
                let commit = move || {
                    draft.take(&last)?;
                    draft.commit()
                };
                spawn_blocking(commit).await.map_err(BlobError::lost)?
            }
            Kind::Memory(draft) => draft.commit(),
        }
    }
}
