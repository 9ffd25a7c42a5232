//! Durable background work: a queue in the main database, leases renewed by progress and fenced by
//! the attempt's number, never a row lock held while working.
//!
//! A job is a struct: its fields are its payload. It is put into the queue inside the transaction
//! that makes it necessary ([`enqueue`]) and decides itself whether a fault is worth a retry.

mod context;
pub mod queue;
mod runner;
mod schedule;

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::Notify;

pub use context::Context;
pub use runner::{Runner, run_due};

use crate::app::App;
use crate::clock::Timestamp;
use crate::config::Config;
use crate::db::Tx;
use crate::error::{Error, Result};

/// How an attempt can end other than well.
#[derive(Debug, Clone)]
pub enum JobError {
    /// Worth another attempt, later.
    Retry(String),
    /// The same, with the time to wait chosen by the job.
    Later { reason: String, wait: Duration },
    /// Final, with a code and a sentence.
    Fail { code: &'static str, reason: String },
    /// The lease went to somebody else, or the job was cancelled: stop, change nothing.
    Lost,
}

impl From<Error> for JobError {
    fn from(error: Error) -> Self {
        JobError::Retry(error.to_string())
    }
}

/// Jobs of one lane never wait for those of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    Main,
    /// What mostly waits for another region.
    Copies,
    /// Pictures, films and sound that are looked at.
    Media,
    /// Slides that are converted: each takes long, and much memory.
    Decks,
}

impl Lane {
    pub const ALL: [Lane; 4] = [Lane::Main, Lane::Copies, Lane::Media, Lane::Decks];

    pub fn as_str(self) -> &'static str {
        match self {
            Lane::Main => "main",
            Lane::Copies => "copies",
            Lane::Media => "media",
            Lane::Decks => "decks",
        }
    }

    /// How many of its jobs a process runs at a time.
    fn workers(self, config: &Config) -> usize {
        match self {
            Lane::Main => config.job_workers,
            Lane::Copies => config.copy_workers,
            Lane::Media => config.media_workers(),
            Lane::Decks => usize::from(config.media),
        }
    }
}

pub trait Job: Serialize + DeserializeOwned + Send + Sync + 'static {
    const KIND: &'static str;
    const LANE: Lane = Lane::Main;

    /// What the job is about; at most one unfinished job of a kind for each subject.
    fn subject(&self) -> &str;

    /// How many units of work it is, where that is known before it begins.
    fn total(&self) -> u64 {
        0
    }

    /// One attempt. It must be safe to run again after a crash at any point.
    fn run(&self, context: &Context) -> impl Future<Output = Result<(), JobError>> + Send;
}

type Run = fn(
    payload: String,
    context: Context,
) -> Pin<Box<dyn Future<Output = Result<(), JobError>> + Send>>;

/// A job that comes round.
#[derive(Debug, Clone)]
struct Periodic {
    kind: &'static str,
    lane: Lane,
    every: Duration,
    /// Of the fresh job to put into the queue.
    payload: String,
}

/// The kinds of job that this program knows.
#[derive(Debug, Default, Clone)]
pub struct Registry {
    kinds: HashMap<&'static str, Run>,
    periodic: Vec<Periodic>,
}

impl Registry {
    #[must_use]
    pub fn with<J: Job>(mut self) -> Self {
        self.kinds.insert(J::KIND, |payload, context| {
            Box::pin(async move {
                let job: J = serde_json::from_str(&payload).map_err(|e| JobError::Fail {
                    code: "BadPayload",
                    reason: format!("the job's payload is not understood: {e}"),
                })?;
                job.run(&context).await
            })
        });
        self
    }

    /// A kind of job that also comes round by itself, `every` so often after its last end.
    #[must_use]
    pub fn with_periodic<J: Job + Default>(self, every: Duration) -> Self {
        let mut registry = self.with::<J>();
        registry.periodic.push(Periodic {
            kind: J::KIND,
            lane: J::LANE,
            every,
            payload: serde_json::to_string(&J::default()).unwrap_or_else(|_| "{}".into()),
        });
        registry
    }
}

/// Wakes the runner of this process; others find the job when they poll.
#[derive(Debug, Clone, Default)]
pub struct Bell(Arc<Notify>);

impl Bell {
    pub fn ring(&self) {
        self.0.notify_waiters();
        self.0.notify_one();
    }
    async fn rung(&self) {
        self.0.notified().await;
    }
}

/// Puts a job into the queue, unless one of its kind and subject is unfinished. Ring the bell
/// after the transaction.
pub async fn enqueue<J: Job>(tx: &mut Tx, app: &App, job: &J, run_at: Timestamp) -> Result<bool> {
    let payload = serde_json::to_string(job).map_err(Error::internal)?;
    let new = queue::NewJob {
        job_id: app.ids.job(),
        kind: J::KIND.to_owned(),
        lane: J::LANE,
        subject: job.subject().to_owned(),
        payload,
        total: job.total(),
        run_at,
        now: app.clock.now(),
    };
    queue::insert(tx, &new).await
}
