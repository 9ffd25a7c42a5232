//! Sends an archive to its holder: one delivery at a time, and what becomes of it is recorded.
//!
//! What may happen is decided by `once` and written by one conditional update each, so any number
//! of nodes may try. The deliveries of this process are also known here, for promptness only.

mod begin;
mod receive;
mod run;
mod watch;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::sync::watch::{self as channel, Receiver, Sender};

pub use begin::{Parcel, begin, check, require};
pub use receive::receive;

use super::model::Archive;
use super::{once, store};
use crate::app::App;
use crate::db::Tx;
use crate::error::Result;
use crate::http::tracked_body::Tracker;
use crate::ids::ArchiveId;

/// How long a delivery that has been taken whole may wait for its acknowledgement at a stop.
const LAST_WORD: Duration = Duration::from_secs(2);
/// How long recording its end may take then.
const LAST_COMMIT: Duration = Duration::from_secs(5);

/// The deliveries of this process.
#[derive(Default)]
pub struct Deliveries(Mutex<State>);

#[derive(Default)]
struct State {
    running: HashMap<ArchiveId, Running>,
    closed: bool,
}

/// A delivery of this process.
#[derive(Clone)]
struct Running {
    number: i64,
    tracker: Tracker,
    stopped: Arc<Notify>,
    /// Closed when its end is recorded.
    end: Receiver<()>,
}

impl Running {
    /// Not a byte leaves after this; its end is recorded at once, whether or not anybody polls.
    fn stop(&self) {
        self.tracker.stop();
        self.stopped.notify_one();
    }

    async fn ended(&self) {
        let mut end = self.end.clone();
        while end.changed().await.is_ok() {}
    }
}

/// Tells, when dropped, that a delivery's end is recorded.
struct Entry {
    app: App,
    archive: ArchiveId,
    number: i64,
    stopped: Arc<Notify>,
    _end: Sender<()>,
}

impl Drop for Entry {
    fn drop(&mut self) {
        let mut state = self.app.deliveries.lock();
        let running = &mut state.running;
        if running
            .get(&self.archive)
            .is_some_and(|r| r.number == self.number)
        {
            running.remove(&self.archive);
        }
    }
}

impl fmt::Debug for Deliveries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Deliveries").field(&self.count()).finish()
    }
}

impl Deliveries {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The delivery that an archive's row names, if it is one of this process.
    fn find(&self, archive: &Archive) -> Option<Running> {
        let state = self.lock();
        let running = state.running.get(&archive.archive_id)?;
        (running.number == archive.delivery.number).then(|| running.clone())
    }

    fn is_closed(&self) -> bool {
        self.lock().closed
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.lock().running.len()
    }

    /// The server stops: what is under way is cut, and recorded as cut.
    pub async fn close(&self) {
        let running: Vec<Running> = {
            let mut state = self.lock();
            state.closed = true;
            state.running.values().cloned().collect()
        };
        for delivery in &running {
            if !delivery.tracker.is_taken_whole() {
                delivery.stop();
            }
        }
        for delivery in &running {
            if tokio::time::timeout(LAST_WORD, delivery.ended())
                .await
                .is_err()
            {
                delivery.stop();
                let _ = tokio::time::timeout(LAST_COMMIT, delivery.ended()).await;
            }
        }
    }
}

fn register(app: &App, begun: &Archive, tracker: Tracker) -> Entry {
    let (sender, end) = channel::channel(());
    let number = begun.delivery.number;
    let running = Running {
        number,
        tracker,
        stopped: Arc::default(),
        end,
    };
    let stopped = Arc::clone(&running.stopped);
    let mut state = app.deliveries.lock();
    state.running.insert(begun.archive_id.clone(), running);
    Entry {
        stopped,
        app: app.clone(),
        archive: begun.archive_id.clone(),
        number,
        _end: sender,
    }
}

/// After a start on a database that no other process shares: nobody sends any more.
pub async fn abandon_all(tx: &mut Tx) -> Result<()> {
    for archive in store::archives::list_sending(tx).await? {
        if let Some(after) = once::abandon(&archive) {
            store::archives::replace(tx, &archive, &after).await?;
        }
    }
    Ok(())
}
