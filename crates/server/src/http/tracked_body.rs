//! A body of known length that says how far it got, can be stopped at once, and tells in the end
//! whether the peer has all of it.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_util::task::AtomicWaker;
use futures_util::{Stream, StreamExt};
use http_body_util::BodyExt;
use hyper::body::{Body, Frame, SizeHint};
use tokio::sync::watch;

use super::connection::{Connection, Mark, Outcome, Progress};

/// The body of an answer.
pub type AnswerBody = axum::body::Body;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// What hyper polls.
struct TrackedBody<S> {
    chunks: S,
    /// Bytes that were not taken yet.
    left: u64,
    connection: Option<Connection>,
    shared: Arc<Shared>,
    end: watch::Sender<Option<End>>,
}

/// The other end of a tracked body: for the task that records what became of it.
#[derive(Clone)]
pub struct Tracker {
    connection: Option<Connection>,
    shared: Arc<Shared>,
    end: watch::Receiver<Option<End>>,
}

#[derive(Default)]
struct Shared {
    /// One lock for both: after a stop, what was taken stays as it is.
    state: Mutex<State>,
    reader: AtomicWaker,
}

#[derive(Default)]
struct State {
    taken: u64,
    stopped: bool,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Clone)]
enum End {
    /// hyper has the last byte; the mark is of that moment, where there is a connection.
    Whole(Option<Mark>),
    Part,
}

/// A body of `length` bytes out of `chunks`, and what tells of it.
///
/// Without a connection, as in a test that calls the router, taken whole counts as acknowledged.
pub fn track<S, E>(chunks: S, length: u64, connection: Option<Connection>) -> (AnswerBody, Tracker)
where
    S: Stream<Item = Result<Bytes, E>> + Send + Unpin + 'static,
    E: Into<BoxError> + 'static,
{
    let shared = Arc::new(Shared::default());
    let (end, ended) = watch::channel(None);
    let tracker = Tracker {
        connection: connection.clone(),
        shared: Arc::clone(&shared),
        end: ended,
    };
    let body = TrackedBody {
        chunks,
        left: length,
        connection,
        shared,
        end,
    };
    let body = axum::body::Body::new(BodyExt::map_err(body, axum::Error::new));
    (body, tracker)
}

impl Tracker {
    /// Bytes that hyper took: all that can have left this process.
    pub fn taken(&self) -> u64 {
        self.shared.lock().taken
    }

    /// hyper took the last byte; what is missing is that the peer acknowledges it.
    pub fn is_taken_whole(&self) -> bool {
        matches!(*self.end.borrow(), Some(End::Whole(_)))
    }

    /// The fence: the body yields nothing after this, and the connection is reset with whatever
    /// hyper and the kernel still hold.
    pub fn stop(&self) {
        self.shared.lock().stopped = true;
        if let Some(connection) = &self.connection {
            connection.abort();
        }
        self.shared.reader.wake();
    }

    /// Waits until it is known what became of the body. `Stalled` leaves it as it is: the caller
    /// may stop it. Patience starts over when this is called again.
    pub async fn outcome(&self, patience: Duration) -> Outcome {
        let mut progress = Progress::new(patience);
        let mut ended = self.end.clone();
        let end = loop {
            let pause = (patience / 4).min(LONGEST_PAUSE);
            match tokio::time::timeout(pause, ended.wait_for(Option::is_some)).await {
                Ok(end) => break end.map_or(End::Part, |end| end.clone().unwrap_or(End::Part)),
                Err(_elapsed) if progress.stalled(self.progress()) => {
                    let unacknowledged = self.unacknowledged();
                    return Outcome::Stalled { unacknowledged };
                }
                Err(_elapsed) => {}
            }
        };
        match (end, &self.connection) {
            (End::Whole(Some(mark)), Some(connection)) => {
                connection.delivered(&mark, patience).await
            }
            (End::Whole(_), _) => Outcome::Acknowledged,
            (End::Part, _) => {
                let unacknowledged = self.unacknowledged();
                Outcome::Cut { unacknowledged }
            }
        }
    }

    fn unacknowledged(&self) -> u64 {
        let connection = self.connection.as_ref();
        connection.map_or(0, |connection| {
            let known = connection.unacknowledged();
            known.unwrap_or_else(|_| connection.written())
        })
    }

    /// Grows when hyper takes bytes, when the kernel does, and when the peer does.
    pub fn progress(&self) -> u64 {
        let connection = self.connection.as_ref();
        let written = connection.map_or(0, Connection::written);
        self.taken() + written + written.saturating_sub(self.unacknowledged())
    }
}

impl<S> TrackedBody<S> {
    /// Accounts for the next bytes, unless the body was stopped.
    fn take(&mut self, bytes: u64) -> Result<(), BoxError> {
        let mut state = self.shared.lock();
        if state.stopped {
            return Err("the body was stopped".into());
        }
        self.left = self
            .left
            .checked_sub(bytes)
            .ok_or("the body is longer than it said")?;
        state.taken += bytes;
        drop(state);
        if self.left == 0 {
            let mark = self.connection.as_ref().map(Connection::mark);
            self.end.send_replace(Some(End::Whole(mark)));
        }
        Ok(())
    }
}

impl<S, E> Body for TrackedBody<S>
where
    S: Stream<Item = Result<Bytes, E>> + Unpin,
    E: Into<BoxError>,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        // before the flag is read, so that a stop in between is not missed
        self.shared.reader.register(cx.waker());
        if self.shared.lock().stopped {
            return Poll::Ready(Some(Err("the body was stopped".into())));
        }
        if self.left == 0 {
            return Poll::Ready(None);
        }
        let Poll::Ready(next) = self.chunks.poll_next_unpin(cx) else {
            return Poll::Pending;
        };
        let chunk = match next {
            Some(Ok(chunk)) => chunk,
            Some(Err(error)) => return Poll::Ready(Some(Err(error.into()))),
            None => return Poll::Ready(Some(Err("the body is shorter than it said".into()))),
        };
        let taken = self.take(chunk.len() as u64);
        Poll::Ready(Some(taken.map(|()| Frame::data(chunk))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

impl<S> Drop for TrackedBody<S> {
    fn drop(&mut self) {
        if self.end.borrow().is_some() {
            return;
        }
        // an empty body is never polled
        if self.left > 0 || self.take(0).is_err() {
            self.end.send_replace(Some(End::Part));
        }
    }
}
