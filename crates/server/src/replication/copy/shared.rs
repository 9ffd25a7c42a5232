//! What the parts of an attempt share: where bytes are that have come, how far it is, and what is not
//! written down yet. Each second it is, which also renews the lease.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use entrepot_blob::StorageKey;
use tokio::sync::Notify;

use super::{Plan, Stop};
use crate::assets::{self, AssetState};
use crate::error::{Error, ErrorCode};
use crate::jobs::Context;
use crate::replication::model::{Copy, Progress};
use crate::replication::store;
use crate::replication::store::segments::Segment;

pub const TICK: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub struct Shared<'a> {
    pub context: &'a Context,
    pub copy: &'a Copy,
    bytes_total: u64,
    bytes_held: u64,
    /// Here, or arriving.
    bytes_done: AtomicU64,
    /// Of this attempt.
    bytes_fetched: AtomicU64,
    places: Mutex<Places>,
    arrived: Notify,
}

#[derive(Debug)]
struct Places {
    /// By file and where in it they begin.
    here: HashMap<String, BTreeMap<u64, Segment>>,
    /// No row has them yet.
    unwritten: Vec<Segment>,
    /// Bytes fetched, and when, as of the last time it was told.
    told: (u64, Instant),
    rate: u64,
}

impl<'a> Shared<'a> {
    pub fn new(context: &'a Context, copy: &'a Copy, plan: &Plan) -> Self {
        let mut here: HashMap<String, BTreeMap<u64, Segment>> = HashMap::new();
        for segment in plan.files.iter().flat_map(|file| &file.here) {
            let of = here.entry(segment.file_id.clone()).or_default();
            of.insert(segment.start, segment.clone());
        }
        Self {
            context,
            copy,
            bytes_total: plan.bytes_total(),
            bytes_held: plan.bytes_held(),
            bytes_done: AtomicU64::new(plan.bytes_here()),
            bytes_fetched: AtomicU64::new(0),
            places: Mutex::new(Places {
                here,
                unwritten: Vec::new(),
                told: (0, Instant::now()),
                rate: 0,
            }),
            arrived: Notify::new(),
        }
    }

    fn places(&self) -> MutexGuard<'_, Places> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn count(&self, bytes: u64) {
        self.bytes_done.fetch_add(bytes, Ordering::Relaxed);
        self.bytes_fetched.fetch_add(bytes, Ordering::Relaxed);
    }

    /// What was counted was not kept after all.
    pub fn uncount(&self, bytes: u64) {
        self.bytes_done.fetch_sub(bytes, Ordering::Relaxed);
        self.bytes_fetched.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// Whether this attempt has brought anything.
    pub fn has_moved(&self) -> bool {
        self.bytes_fetched.load(Ordering::Relaxed) > 0
    }

    pub fn add(&self, segment: Segment) {
        let mut places = self.places();
        let of = places.here.entry(segment.file_id.clone()).or_default();
        of.insert(segment.start, segment.clone());
        places.unwritten.push(segment);
        drop(places);
        self.arrived.notify_waiters();
    }

    /// The stretch of a file that begins at a place, once it is here.
    pub async fn wait_for(&self, file_id: &str, at: u64) -> Segment {
        loop {
            let arrived = self.arrived.notified();
            tokio::pin!(arrived);
            arrived.as_mut().enable();
            let found = self
                .places()
                .here
                .get(file_id)
                .and_then(|of| of.get(&at).cloned());
            if let Some(segment) = found {
                return segment;
            }
            arrived.await;
        }
    }

    /// All stretches of a file that are here, in order.
    pub fn stretches(&self, file_id: &str) -> Vec<Segment> {
        let places = self.places();
        let of = places.here.get(file_id);
        of.map(|of| of.values().cloned().collect())
            .unwrap_or_default()
    }

    /// Bytes that stay when the attempt ends: without those that were still arriving.
    pub fn bytes_kept(&self) -> u64 {
        let places = self.places();
        let here = places.here.values().flat_map(BTreeMap::values);
        self.bytes_held + here.map(|segment| segment.size).sum::<u64>()
    }

    /// All that is here and no row has.
    pub fn unwritten_keys(&self) -> Vec<StorageKey> {
        let places = self.places();
        places
            .unwritten
            .iter()
            .map(|s| s.storage_key.clone())
            .collect()
    }

    pub fn progress(&self) -> Progress {
        Progress {
            bytes_done: self.bytes_done.load(Ordering::Relaxed),
            bytes_total: self.bytes_total,
            bytes_held: self.bytes_held,
            rate: self.places().rate,
            attempts: self.copy.progress.attempts + 1,
            ..Progress::default()
        }
    }

    /// Bytes a second since the last time, halfway to what it was before.
    fn measure(&self) {
        let fetched = self.bytes_fetched.load(Ordering::Relaxed);
        let mut places = self.places();
        let (before, at) = places.told;
        let millis = u64::try_from(at.elapsed().as_millis())
            .unwrap_or(u64::MAX)
            .max(1);
        let now = fetched.saturating_sub(before).saturating_mul(1000) / millis;
        places.rate = if before == 0 {
            now
        } else {
            u64::midpoint(places.rate, now)
        };
        places.told = (fetched, Instant::now());
    }

    /// Writes down what came, and renews the lease.
    pub async fn write(&self) -> Result<(), Stop> {
        self.measure();
        let progress = self.progress();
        let some = std::mem::take(&mut self.places().unwritten);
        let (context, copy) = (self.context.clone(), self.copy.clone());
        let segments = some.clone();
        let written = self.context.app.db.write(async move |tx| {
            let (done, total) = (progress.bytes_done, progress.bytes_total);
            let now = context.app.clock.now();
            let held = context.progress_in(tx, done, total).await?
                && store::copies::set_progress(tx, &copy.copy_id, &progress, now).await?;
            if !held {
                return Ok(Held::No);
            }
            let asset = assets::find_anywhere(tx, &copy.asset_id).await?;
            let gone = |state| matches!(state, AssetState::Deleting | AssetState::Deleted);
            if asset.is_none_or(|asset| gone(asset.state())) {
                return Ok(Held::Unwanted);
            }
            store::segments::insert(tx, &copy.copy_id, &segments).await?;
            Ok(Held::Yes)
        });
        match written.await {
            Ok(Held::Yes) => Ok(()),
            Ok(held) => {
                self.places().unwritten.extend(some);
                Err(if held == Held::No {
                    Stop::Lost
                } else {
                    Stop::Gone
                })
            }
            Err(error) => {
                self.places().unwritten.extend(some);
                Err(busy(error))
            }
        }
    }

    /// Each second until it fails.
    pub async fn keep_writing(&self) -> Stop {
        loop {
            tokio::time::sleep(TICK).await;
            if let Err(stop) = self.write().await {
                return stop;
            }
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Held {
    Yes,
    /// Somebody else has the job, or it was cancelled.
    No,
    /// The asset was deleted.
    Unwanted,
}

fn busy(error: Error) -> Stop {
    if error.code == ErrorCode::Conflict {
        return Stop::later(error.code, "The database was busy.");
    }
    error.into()
}
