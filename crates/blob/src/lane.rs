//! A lane carries batches of bytes, in order, to a piece of blocking work: a file being written,
//! a hash being computed.
//!
//! It holds a blocking thread only while it has batches to work on. A thread for each stream
//! would be as fast, but a few hundred stalled uploads would then use up the blocking threads of
//! the whole process.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::spawn_blocking;

use crate::{BlobError, Result};

/// Bytes gathered before they are handed over: large enough that a hop between threads costs
/// nothing, small enough that a small object never needs one before it is complete.
const BATCH: usize = 512 * 1024;

/// Batches that may wait in one lane, which bounds it to about 2 MiB.
const DEPTH: u32 = 4;

pub(crate) trait Work: Send + 'static {
    fn take(&mut self, batch: &[Bytes]) -> Result<()>;
}

/// Chunks on their way to becoming a batch.
#[derive(Default)]
pub(crate) struct Batch {
    chunks: Vec<Bytes>,
    len: usize,
}

impl Batch {
    pub fn push(&mut self, chunk: Bytes) {
        self.len += chunk.len();
        self.chunks.push(chunk);
    }

    pub fn is_full(&self) -> bool {
        self.len >= BATCH
    }

    pub fn take(&mut self) -> Vec<Bytes> {
        self.len = 0;
        std::mem::take(&mut self.chunks)
    }
}

pub(crate) struct Lane<W: Work> {
    shared: Arc<Shared<W>>,
}

struct Shared<W> {
    queue: Mutex<Queue<W>>,
    room: Arc<Semaphore>,
}

struct Queue<W> {
    waiting: VecDeque<(Vec<Bytes>, OwnedSemaphorePermit)>,
    /// The work itself, while no thread has it.
    idle: Option<W>,
    failed: Option<BlobError>,
}

impl<W: Work> Lane<W> {
    pub fn new(work: W) -> Self {
        let queue = Queue {
            waiting: VecDeque::new(),
            idle: Some(work),
            failed: None,
        };
        Self {
            shared: Arc::new(Shared {
                queue: Mutex::new(queue),
                room: Arc::new(Semaphore::new(DEPTH as usize)),
            }),
        }
    }

    /// Waits until the lane can take one more batch. Apart from `push`, so that a caller who is
    /// cancelled while waiting still has its batch.
    pub async fn room(&self) -> Result<OwnedSemaphorePermit> {
        let permit = self.permits(1).await;
        match locked(&self.shared.queue).failed.take() {
            Some(error) => Err(error),
            None => Ok(permit),
        }
    }

    pub fn push(&self, batch: Vec<Bytes>, permit: OwnedSemaphorePermit) {
        let mut queue = locked(&self.shared.queue);
        queue.waiting.push_back((batch, permit));
        if let Some(work) = queue.idle.take() {
            let shared = Arc::clone(&self.shared);
            spawn_blocking(move || shared.run(work));
        }
    }

    /// Waits for every batch and gives the work back.
    pub async fn finish(self) -> Result<W> {
        let _all = self.permits(DEPTH).await;
        let mut queue = locked(&self.shared.queue);
        if let Some(error) = queue.failed.take() {
            return Err(error);
        }
        queue
            .idle
            .take()
            .ok_or_else(|| BlobError::Io(io::Error::other("this stream has failed before")))
    }

    async fn permits(&self, count: u32) -> OwnedSemaphorePermit {
        Arc::clone(&self.shared.room)
            .acquire_many_owned(count)
            .await
            .expect("nothing ever closes this semaphore")
    }
}

impl<W: Work> Shared<W> {
    fn run(&self, mut work: W) {
        // Each permit is kept until the next batch is in hand or the work is put back: whoever
        // holds all the permits then knows that the work is idle.
        let mut _held = None;
        loop {
            let batch = {
                let mut queue = locked(&self.queue);
                let Some((batch, permit)) = queue.waiting.pop_front() else {
                    queue.idle = Some(work);
                    return;
                };
                _held = Some(permit);
                batch
            };
            if let Err(error) = work.take(&batch) {
                drop(work);
                let mut queue = locked(&self.queue);
                queue.failed = Some(error);
                queue.waiting.clear();
                return;
            }
        }
    }
}

impl<W: Work> Drop for Lane<W> {
    fn drop(&mut self) {
        let abandoned = {
            let mut queue = locked(&self.shared.queue);
            queue.waiting.clear();
            queue.idle.take()
        };
        // Dropping a half-written file unlinks it, which may take long for a large one.
        if let (Some(work), Ok(runtime)) = (abandoned, Handle::try_current()) {
            runtime.spawn_blocking(move || drop(work));
        }
    }
}

/// Locks. A panic elsewhere does not make what these locks guard inconsistent.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
