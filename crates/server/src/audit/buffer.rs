//! Events that belong to no transaction: bytes handed out, calls refused. They wait in memory and are
//! written together, so that a download costs no commit of its own.
//!
//! None is dropped while the process lives: where there is no room, whoever has an event waits,
//! and helps to write. What a process that dies had not written yet (half a second's worth) is
//! lost, and so is what can't be written until it stops.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, Notify, mpsc};

use super::model::Event;
use super::store;
use crate::app::App;
use crate::db::Db;
use crate::error::Result;

/// Events that may wait.
pub const ROOM: usize = 10_000;
/// Events of one transaction.
const BATCH: usize = 500;
const EVERY: Duration = Duration::from_millis(500);
/// What is left is tried this often when the server stops.
const LAST_TRIES: u32 = 10;

/// A place for one event, kept free from before it is known whether there will be one.
pub type Room<'a> = mpsc::Permit<'a, Event>;

#[derive(Debug)]
pub struct Buffer {
    db: Db,
    sender: mpsc::Sender<Event>,
    /// One writes at a time.
    waiting: Mutex<Waiting>,
    /// A batch is there.
    many: Notify,
}

#[derive(Debug)]
struct Waiting {
    receiver: mpsc::Receiver<Event>,
    /// Taken out and not known to be written.
    batch: Arc<Vec<Event>>,
    /// It was logged that nothing can be written.
    is_failing: bool,
}

impl Buffer {
    pub fn new(db: Db) -> Self {
        let (sender, receiver) = mpsc::channel(ROOM);
        Self {
            db,
            sender,
            waiting: Mutex::new(Waiting {
                receiver,
                batch: Arc::default(),
                is_failing: false,
            }),
            many: Notify::new(),
        }
    }

    /// Adds an event; waits where there is no room.
    pub async fn note(&self, event: Event) {
        self.room().await.send(event);
        let waiting = self.sender.max_capacity() - self.sender.capacity();
        if waiting >= BATCH {
            self.many.notify_one();
        }
    }

    /// Keeps room for an event.
    pub async fn room(&self) -> Room<'_> {
        loop {
            if let Ok(room) = self.sender.try_reserve() {
                return room;
            }
            // that it failed is logged there
            let _ = self.flush().await;
            // others may have kept all the room that there is
            let free = tokio::time::timeout(EVERY, self.sender.reserve());
            if let Ok(Ok(room)) = free.await {
                return room;
            }
        }
    }

    /// Writes all that waits now.
    pub async fn flush(&self) -> Result<()> {
        let mut waiting = self.waiting.lock().await;
        let mut left = waiting.batch.len() + waiting.receiver.len();
        while left > 0 {
            waiting.fill();
            let batch = Arc::clone(&waiting.batch);
            left = left.saturating_sub(batch.len());
            let written = self
                .db
                .write(async move |tx| store::record_all(tx, &batch).await);
            if let Err(error) = written.await {
                if !std::mem::replace(&mut waiting.is_failing, true) {
                    tracing::error!(%error, "the audit can't be written; it is tried again");
                }
                return Err(error);
            }
            waiting.batch = Arc::default();
            if std::mem::take(&mut waiting.is_failing) {
                tracing::info!("the audit is written again");
            }
        }
        Ok(())
    }

    /// Before the process ends.
    pub async fn close(&self) {
        for _ in 0..LAST_TRIES {
            if self.flush().await.is_ok() {
                return;
            }
            tokio::time::sleep(EVERY).await;
        }
    }
}

impl Waiting {
    /// The batch to write: the one that could not be written, or the next.
    fn fill(&mut self) {
        if !self.batch.is_empty() {
            return;
        }
        let mut batch = Vec::new();
        while batch.len() < BATCH {
            match self.receiver.try_recv() {
                Ok(event) => batch.push(event),
                Err(_) => break,
            }
        }
        self.batch = Arc::new(batch);
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let lost = self.batch.len() + self.receiver.len();
        if lost > 0 {
            tracing::warn!(lost, "events of the audit were not written");
        }
    }
}

/// Writes what waits, for as long as the server runs.
pub async fn keep_writing(app: App) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            () = app.audit.many.notified() => {}
        }
        if app.audit.flush().await.is_err() {
            tokio::time::sleep(EVERY).await;
        }
    }
}
