//! The bytes of ranges as a stream of blocks, read ahead by blocking jobs.
//!
//! A job reads until enough blocks wait, then gives its thread back; the stream starts another one
//! when few are left. A client that takes its bytes slowly, or not at all, so holds no thread.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use futures_core::Stream;
use tokio::task::spawn_blocking;

use crate::Result;
use crate::disk::DiskReader;
use crate::lane::locked;

/// Bytes of one block.
pub(crate) const BLOCK: usize = 256 * 1024;

/// Blocks that a job reads ahead of the consumer.
const AHEAD: usize = 4;

/// A job is started when no more than this many blocks wait.
const LOW: usize = 1;

/// A stream of `Result<Bytes>`. Must be polled within a tokio runtime.
pub struct ByteStream(Kind);

enum Kind {
    Disk(Arc<Mutex<State>>),
    /// Nothing after an error.
    Memory(VecDeque<Result<Bytes>>),
}

struct State {
    ready: VecDeque<Result<Bytes>>,
    source: Source,
    waker: Option<Waker>,
}

enum Source {
    Idle(DiskReader),
    Reading,
    /// All read, failed, or no longer wanted.
    Ended,
}

impl ByteStream {
    pub(crate) fn disk(reader: DiskReader) -> Self {
        Self(Kind::Disk(Arc::new(Mutex::new(State {
            ready: VecDeque::new(),
            source: Source::Idle(reader),
            waker: None,
        }))))
    }

    pub(crate) fn memory(pieces: VecDeque<Result<Bytes>>) -> Self {
        Self(Kind::Memory(pieces))
    }
}

impl Stream for ByteStream {
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match &mut self.0 {
            Kind::Disk(shared) => poll_disk(shared, cx),
            Kind::Memory(pieces) => Poll::Ready(next_in_memory(pieces)),
        }
    }
}

impl Drop for ByteStream {
    fn drop(&mut self) {
        if let Kind::Disk(shared) = &self.0 {
            locked(shared).source = Source::Ended;
        }
    }
}

fn next_in_memory(pieces: &mut VecDeque<Result<Bytes>>) -> Option<Result<Bytes>> {
    loop {
        match pieces.front_mut()? {
            Ok(rest) if rest.is_empty() => drop(pieces.pop_front()),
            Ok(rest) => return Some(Ok(rest.split_to(rest.len().min(BLOCK)))),
            Err(_) => return std::mem::take(pieces).pop_front(),
        }
    }
}

fn poll_disk(shared: &Arc<Mutex<State>>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
    let mut state = locked(shared);
    let item = state.ready.pop_front();
    if state.ready.len() <= LOW {
        match std::mem::replace(&mut state.source, Source::Reading) {
            Source::Idle(reader) => {
                let shared = Arc::clone(shared);
                spawn_blocking(move || read_ahead(&shared, reader));
            }
            other => state.source = other,
        }
    }
    match (item, &state.source) {
        (None, Source::Ended) => Poll::Ready(None),
        (None, _) => {
            state.waker = Some(cx.waker().clone());
            Poll::Pending
        }
        (item, _) => Poll::Ready(item),
    }
}

fn read_ahead(shared: &Mutex<State>, mut reader: DiskReader) {
    loop {
        let item = reader.next();
        let failed_or_done = !matches!(item, Some(Ok(_)));
        let mut state = locked(shared);
        if matches!(state.source, Source::Ended) {
            return;
        }
        state.ready.extend(item);
        if let Some(waker) = state.waker.take() {
            waker.wake();
        }
        if failed_or_done {
            state.source = Source::Ended;
            return;
        }
        if state.ready.len() >= AHEAD {
            state.source = Source::Idle(reader);
            return;
        }
    }
}
