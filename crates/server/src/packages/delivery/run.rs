//! A delivery under way: says every second that it lives, stops itself when it could not, and
//! records how it ended.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use entrepot_blob::BlobError;
use futures_util::{Stream, StreamExt};
use serde_json::json;
use tokio::time::Instant;

use super::Entry;
use crate::app::App;
use crate::audit::{self, Event, Outcome as Told};
use crate::db::Db;
use crate::error::Result;
use crate::http::connection::{Connection, Outcome};
use crate::http::tracked_body::Tracker;
use crate::objects::Blocks;
use crate::packages::model::{Archive, ArchiveState};
use crate::packages::once::{self, Ending, SILENCE};
use crate::packages::{store, upkeep};

const RENEW: Duration = Duration::from_secs(1);
/// A peer that takes and acknowledges nothing for so long is cut off.
const STALL: Duration = Duration::from_mins(1);
/// A caller who goes away with bytes unread does so by then: well within the fence.
const UNREAD: Duration = Duration::from_millis(100);
/// How often, and how far apart at first, the record of an end is tried.
const RECORDINGS: u32 = 8;
const RECORD_AGAIN: Duration = Duration::from_millis(100);

/// Until when a delivery may send, by a clock that nobody sets. Where no other process can take the
/// archive over there is no such time: a disk that is slow to write the row must not cut a download.
#[derive(Debug, Clone)]
pub(super) struct Fence(Option<Arc<Mutex<Instant>>>);

impl Fence {
    /// `since`: a moment before the row said that the delivery lives.
    pub(super) fn new(app: &App, since: Instant) -> Self {
        match app.db {
            // one process has the database to itself, and knows all of its deliveries
            Db::Sqlite(_) => Self(None),
            Db::Postgres(_) => Self(Some(Arc::new(Mutex::new(since + SILENCE)))),
        }
    }

    fn push(&self, since: Instant) {
        if let Some(until) = &self.0 {
            *until.lock().unwrap_or_else(PoisonError::into_inner) = since + SILENCE;
        }
    }

    fn until(&self) -> Option<Instant> {
        let until = self.0.as_ref()?;
        Some(*until.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn is_reached(&self) -> bool {
        self.until().is_some_and(|until| Instant::now() >= until)
    }

    /// Waits for `work`, but not beyond the fence.
    async fn bounds<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        match self.until() {
            Some(until) => tokio::time::timeout_at(until, work).await.ok(),
            None => Some(work.await),
        }
    }
}

/// Blocks that end when the fence is reached, also after the whole process stood still.
pub(super) struct Fenced {
    pub blocks: Blocks,
    pub fence: Fence,
}

impl Stream for Fenced {
    type Item = Result<Bytes, BlobError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = self.blocks.poll_next_unpin(cx);
        if next.is_ready() && self.fence.is_reached() {
            return Poll::Ready(None);
        }
        next
    }
}

/// A delivery that has begun.
pub(super) struct Delivery {
    pub begun: Archive,
    /// Who asked for it.
    pub event: Event,
    pub tracker: Tracker,
    pub connection: Option<Connection>,
    pub fence: Fence,
    pub entry: Entry,
}

impl Delivery {
    /// Goes on until the delivery has ended and that is recorded.
    pub(super) async fn run(self, app: App) {
        let outcome = tokio::select! {
            outcome = self.tracker.outcome(STALL) => Some(outcome),
            () = keep(&app, &self.begun, &self.tracker, &self.fence) => None,
            () = self.entry.stopped.notified() => None,
        };
        let acknowledged = outcome == Some(Outcome::Acknowledged) && !self.is_refused().await;
        if !acknowledged {
            self.tracker.stop();
        } else if let Some(connection) = &self.connection {
            connection.drop_when_closed(false);
        }
        let ending = Ending {
            sent: self.tracker.taken(),
            acknowledged,
        };
        let state = record(&app, &self.begun, ending, &self.event).await;
        drop(self.entry);
        let archive = &self.begun.archive_id;
        tracing::info!(%archive, ?outcome, sent = ending.sent, ?state, "a delivery ended");
        if state == Some(ArchiveState::Consumed)
            && let Err(error) = upkeep::release(&app, archive).await
        {
            tracing::warn!(%error, %archive, "what a package holds is let go later");
        }
    }
}

impl Delivery {
    /// Whether the caller went away with bytes that only their kernel has.
    async fn is_refused(&self) -> bool {
        match &self.connection {
            Some(connection) => connection.is_reset_within(UNREAD).await,
            None => false,
        }
    }
}

/// Renews until the archive is not this delivery's any more, or nobody could be told that it is.
async fn keep(app: &App, begun: &Archive, tracker: &Tracker, fence: &Fence) {
    loop {
        tokio::time::sleep(RENEW).await;
        let since = Instant::now();
        let renewed = renew(app, begun, tracker.taken());
        match fence.bounds(renewed).await {
            Some(Ok(true)) => fence.push(since),
            Some(Ok(false)) | None => return,
            Some(Err(error)) => tracing::warn!(%error, "a delivery could not be renewed"),
        }
    }
}

/// Answers whether the archive is still this delivery's.
pub(super) async fn renew(app: &App, begun: &Archive, sent: u64) -> Result<bool> {
    let (app_, begun) = (app.clone(), begun.clone());
    let renewed = app.db.write(async move |tx| {
        let now = app_.clock.now();
        let found = store::archives::reread(tx, &begun).await?;
        match found.and_then(|row| Some((once::renew(&row, &begun, sent, now)?, row))) {
            Some((after, row)) => store::archives::replace(tx, &row, &after).await,
            None => Ok(false),
        }
    });
    renewed.await
}

/// The state that the archive is in then; `None` where it was not this delivery's any more, or
/// nothing could be written: then the delivery lapses, which errs towards the holder.
async fn record(app: &App, begun: &Archive, ending: Ending, event: &Event) -> Option<ArchiveState> {
    let mut pause = RECORD_AGAIN;
    for _ in 0..RECORDINGS {
        match write_end(app, begun, ending, event).await {
            Ok(state) => return state,
            Err(error) => tracing::warn!(%error, "a delivery's end could not be recorded"),
        }
        tokio::time::sleep(pause).await;
        pause *= 2;
    }
    None
}

async fn write_end(
    app: &App,
    begun: &Archive,
    ending: Ending,
    event: &Event,
) -> Result<Option<ArchiveState>> {
    let (app_, begun, event) = (app.clone(), begun.clone(), event.clone());
    let written = app.db.write(async move |tx| {
        let now = app_.clock.now();
        let found = store::archives::reread(tx, &begun).await?;
        let ended = found.and_then(|row| Some((once::end(&row, &begun, ending, now)?, row)));
        let Some((after, row)) = ended else {
            return Ok(None);
        };
        let written = store::archives::replace(tx, &row, &after).await?;
        if written {
            let told = told(&app_, &event, &after, ending);
            audit::record(tx, &told).await?;
        }
        Ok(written.then_some(after.state))
    });
    written.await
}

fn told(app: &App, event: &Event, after: &Archive, ending: Ending) -> Event {
    let outcome = if ending.acknowledged {
        Told::Done
    } else {
        Told::Failed
    };
    let detail = json!({
        "delivery": after.delivery.number, "sent": ending.sent, "archive_state": after.state.as_str(),
    });
    event.then(app, "entrepot:archive:deliver", outcome, detail)
}
