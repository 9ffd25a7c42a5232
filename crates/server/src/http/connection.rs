//! The connection a request came on, for an endpoint that must know whether the peer's TCP has
//! acknowledged the whole answer.
//!
//! `Socket` is what hyper reads and writes. It counts the bytes that the kernel took and the
//! flushes; every request carries a `Connection` that shares it. What they prove:
//!
//! - hyper (1.x, HTTP/1) flushes its `Socket` only when its own buffer is empty, and buffers the
//!   chunk that a body yields before it does anything else. So the first flush after a body
//!   yielded its last chunk says that every byte of that body is with the kernel, however the
//!   length is framed and whether hyper polls that body again or not (it mostly does not).
//!   Flushes without a write happen all the time and prove nothing: a `Mark` is taken first.
//! - The kernel's send queue counts from the first byte that the peer has not acknowledged. So
//!   (written − queue) bytes of the connection are acknowledged, and comparing that with what was
//!   written up to that flush needs no empty queue: on a connection that is kept alive, the next
//!   answer may already fill it. A FIN counts as a byte, which errs towards "not yet".
//! - When the kernel is done with the connection (`getpeername` says not connected: reset, given
//!   up, or closed in order), the queue keeps its last value: 0 if all was acknowledged. Until
//!   then it may shrink, also after hyper let go: the kernel goes on sending what it has.
//!
//! A HEAD has no body that hyper would poll; so do not ask for its delivery.
//!
//! What a peer's TCP has acknowledged its program need not have read. A program that goes away
//! before it has read all makes its kernel reset the connection instead of ending it in order:
//! `is_reset_within` waits for that a little.

use std::os::fd::AsFd;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;
use std::{fmt, io};

use rustix::net::{Shutdown, connect_unspec, shutdown, sockopt};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Instant;

const FIRST_PAUSE: Duration = Duration::from_micros(200);
const LONGEST_PAUSE: Duration = Duration::from_millis(20);

/// Shares the socket with hyper; a clone is a pointer. The descriptor is closed with the last one.
#[derive(Clone)]
pub struct Connection(Arc<Mutex<State>>);

/// What hyper gets for the stream.
pub struct Socket(Connection);

struct State {
    stream: TcpStream,
    /// Bytes the kernel took.
    written: u64,
    flushes: u64,
    /// Marks that wait for a flush.
    marks: Vec<Mark>,
    /// The end was sent behind what is written.
    ended: bool,
    /// Nothing is read or written any more.
    closed: bool,
    /// Reading or writing failed: the peer has reset the connection.
    failed: bool,
    /// How often something came from the peer, its end included.
    heard: u64,
    /// The bytes acknowledged when the connection was aborted.
    aborted: Option<u64>,
}

/// A moment of a connection; the first flush after it sets how many bytes were written by then.
#[derive(Debug, Clone, Default)]
pub struct Mark(Arc<OnceLock<u64>>);

/// How the sending of an answer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The peer's TCP has every byte.
    Acknowledged,
    /// It never will: the connection is gone. The kernel had taken that many bytes of it which
    /// the peer did not acknowledge.
    Cut { unacknowledged: u64 },
    /// The peer took nothing for as long as the caller is patient; the connection still stands.
    Stalled { unacknowledged: u64 },
}

/// What is known at one moment.
struct Look {
    written: u64,
    acknowledged: u64,
    /// hyper is gone; the kernel may still send.
    closed: bool,
    /// The kernel is done, too.
    over: bool,
}

impl Connection {
    pub fn over(stream: TcpStream) -> (Self, Socket) {
        let state = State {
            stream,
            written: 0,
            flushes: 0,
            marks: Vec::new(),
            ended: false,
            closed: false,
            failed: false,
            heard: 0,
            aborted: None,
        };
        let connection = Self(Arc::new(Mutex::new(state)));
        (connection.clone(), Socket(connection))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// To be taken when a body yields its last chunk, within the poll that yields it.
    pub fn mark(&self) -> Mark {
        let mark = Mark::default();
        self.lock().marks.push(mark.clone());
        mark
    }

    /// How often hyper had nothing more to write.
    pub fn flushes(&self) -> u64 {
        self.lock().flushes
    }

    /// Bytes that the kernel took since the connection began.
    pub fn written(&self) -> u64 {
        self.lock().written
    }

    /// Of these, the ones that the peer has not acknowledged.
    pub fn unacknowledged(&self) -> io::Result<u64> {
        let state = self.lock();
        Ok(state.written - state.acknowledged()?)
    }

    /// hyper let go of it, or reading or writing failed.
    pub fn is_closed(&self) -> bool {
        self.lock().closed
    }

    /// Resets the connection: the kernel drops what it has, and nothing is sent after this.
    pub fn abort(&self) {
        let mut state = self.lock();
        if state.aborted.is_some() {
            return;
        }
        state.aborted = Some(state.acknowledged().unwrap_or(0));
        state.closed = true;
        let reset = state.stream.set_zero_linger();
        // `shutdown` would send the queue first, and closing waits for every clone
        let reset = reset.and(connect_unspec(&state.stream).map_err(io::Error::from));
        if let Err(error) = reset {
            tracing::debug!(%error, "a connection is reset only when it is closed");
            // wakes hyper, which then hears that it was aborted
            let _ = shutdown(&state.stream, Shutdown::Both);
        }
    }

    /// From now on, or not any more: closing the connection, which the end of the process does too,
    /// makes the kernel drop what the peer has not acknowledged, instead of sending it on.
    pub fn drop_when_closed(&self, drop: bool) {
        let linger = drop.then_some(Duration::ZERO);
        if let Err(error) = sockopt::set_socket_linger(&self.lock().stream, linger) {
            tracing::debug!(%error, "the kernel sends on what a closed connection left");
        }
    }

    /// Waits until the peer has acknowledged all that was written by the first flush after
    /// `since`, or cannot any more, or acknowledges and takes nothing for `patience`. Where the
    /// system does not tell what is acknowledged, nothing is.
    pub async fn delivered(&self, since: &Mark, patience: Duration) -> Outcome {
        let mut progress = Progress::new(patience);
        let mut pause = FIRST_PAUSE;
        loop {
            let look = match self.look() {
                Ok(look) => look,
                Err(error) => {
                    tracing::warn!(%error, "what a peer acknowledged is not known");
                    let unacknowledged = self.written();
                    return Outcome::Cut { unacknowledged };
                }
            };
            // a flush after this look shows at the next one
            let target = since.0.get();
            if target.is_some_and(|target| look.acknowledged >= *target) {
                return Outcome::Acknowledged;
            }
            let unacknowledged = look.written - look.acknowledged;
            if look.over || (look.closed && target.is_none()) {
                return Outcome::Cut { unacknowledged };
            }
            if progress.stalled(look.written + look.acknowledged) {
                return Outcome::Stalled { unacknowledged };
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Whether the peer resets the connection within `grace`, as its kernel does when its program
    /// goes away without having read all. The end in order and another request say no at once.
    pub async fn is_reset_within(&self, grace: Duration) -> bool {
        let deadline = Instant::now() + grace;
        let heard = self.lock().heard;
        let mut pause = FIRST_PAUSE;
        loop {
            {
                let state = self.lock();
                let gone = state.stream.peer_addr().is_err();
                // asked after that, so that a reset in between is not taken for the end in order
                let reset = matches!(state.stream.take_error(), Ok(Some(_)));
                // hyper may have let go of it before the reset came
                if state.failed || reset {
                    return true;
                }
                if gone || state.heard > heard {
                    return false;
                }
            }
            if Instant::now() >= deadline {
                return false;
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    fn look(&self) -> io::Result<Look> {
        let state = self.lock();
        // asked first: afterwards the queue has its last value
        let over = state.aborted.is_some() || state.stream.peer_addr().is_err();
        Ok(Look {
            written: state.written,
            acknowledged: state.acknowledged()?,
            closed: state.closed,
            over,
        })
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Connection").finish_non_exhaustive()
    }
}

/// Notices that a number stays what it is.
pub(super) struct Progress {
    patience: Duration,
    last: u64,
    since: Instant,
}

impl Progress {
    pub fn new(patience: Duration) -> Self {
        Self {
            patience,
            last: 0,
            since: Instant::now(),
        }
    }

    /// Whether `count` has been the same for too long.
    pub fn stalled(&mut self, count: u64) -> bool {
        if count != self.last {
            self.last = count;
            self.since = Instant::now();
        }
        self.since.elapsed() >= self.patience
    }
}

impl State {
    fn acknowledged(&self) -> io::Result<u64> {
        if let Some(acknowledged) = self.aborted {
            return Ok(acknowledged);
        }
        let queue = entrepot_sendqueue::unacknowledged(self.stream.as_fd())?;
        Ok(self.written.saturating_sub(queue))
    }

    fn seen<T>(&mut self, polled: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if let Poll::Ready(Err(_)) = &polled {
            (self.closed, self.failed) = (true, true);
        }
        polled
    }

    fn flushed(&mut self) {
        self.flushes += 1;
        for Mark(written) in self.marks.drain(..) {
            // each mark is here once
            let _ = written.set(self.written);
        }
    }

    fn wrote(&mut self, polled: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if let Poll::Ready(Ok(bytes)) = &polled {
            self.written += *bytes as u64;
        }
        self.seen(polled)
    }
}

impl Socket {
    fn state(&self) -> io::Result<MutexGuard<'_, State>> {
        let state = self.0.lock();
        if state.aborted.is_some() {
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        Ok(state)
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut state = self.state()?;
        let polled = Pin::new(&mut state.stream).poll_read(cx, buffer);
        state.heard += u64::from(matches!(polled, Poll::Ready(Ok(()))));
        state.seen(polled)
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let mut state = self.state()?;
        let polled = Pin::new(&mut state.stream).poll_write(cx, bytes);
        state.wrote(polled)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut state = self.state()?;
        let polled = Pin::new(&mut state.stream).poll_write_vectored(cx, pieces);
        state.wrote(polled)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut state = self.state()?;
        let polled = Pin::new(&mut state.stream).poll_flush(cx);
        if let Poll::Ready(Ok(())) = &polled {
            state.flushed();
        }
        state.seen(polled)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut state = self.state()?;
        let polled = Pin::new(&mut state.stream).poll_shutdown(cx);
        state.ended |= matches!(polled, Poll::Ready(Ok(())));
        state.seen(polled)
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.closed = true;
        // clones may keep the descriptor open for a while; the peer hears of the end now
        if !state.ended && Arc::strong_count(&self.0.0) > 1 {
            let _ = shutdown(&state.stream, Shutdown::Write);
        }
    }
}
