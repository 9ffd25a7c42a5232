//! The sweep: gives up what was left unfinished, empties the recycle bin, removes bytes that
//! nothing refers to. It comes round every few minutes as a job.

use std::num::NonZeroUsize;
use std::time::{Duration, SystemTime};

use entrepot_blob::StorageKey;
use serde::{Deserialize, Serialize};

use super::store;
use crate::app::App;
use crate::config::{days, minutes};
use crate::error::Result;
use crate::jobs::{Context, Job, JobError, queue};
use crate::{assets, files, iam, packages, vault};

/// How long a stored object may be without a row: longer than any upload takes to be recorded.
const UNCLAIMED: Duration = Duration::from_hours(24);
/// The storage is listed whole only at every so many sweeps' end.
const LIST_EVERY: Duration = Duration::from_hours(6);
const JOBS_KEPT_DAYS: u32 = 30;
const AT_A_TIME: u32 = 100;
const PAGE: NonZeroUsize = NonZeroUsize::new(1000).expect("1000 is not 0");

#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Sweep {}

impl Job for Sweep {
    const KIND: &'static str = "sweep";

    fn subject(&self) -> &'static str {
        ""
    }

    async fn run(&self, context: &Context) -> Result<(), JobError> {
        let app = &context.app;
        let mut round = 0;
        let mut more = true;
        while more {
            round += 1;
            context.progress(round, round).await?;
            more = assets::purge_bin(app).await?
                | files::unfinished::give_up(app).await?
                | packages::uploads::drop::give_up(app).await?
                | remove_dying(app).await?;
        }
        forget_old(app).await?;
        vault::tidy(app).await?;
        let stale = app.blobs.remove_stale_temporaries(UNCLAIMED).await;
        stale.map_err(|e| JobError::Retry(e.to_string()))?;
        if list_is_due(app) {
            remove_unclaimed(context, round).await?;
        }
        Ok(())
    }
}

async fn forget_old(app: &App) -> Result<()> {
    let now = app.clock.now();
    let jobs_before = now.minus(days(JOBS_KEPT_DAYS));
    app.db
        .write(async move |tx| {
            // kept a day longer, so that 'expired' and 'unknown' can be told apart
            iam::store::delete_expired_tokens(tx, now.minus(days(1))).await?;
            iam::store::delete_expired_keys(tx, now.minus(days(1))).await?;
            queue::delete_finished(tx, jobs_before).await
        })
        .await?;
    app.db.optimize().await
}

/// Unlinks blobs whose quarantine is over. Answers whether there may be more.
pub async fn remove_dying(app: &App) -> Result<bool> {
    let then = app
        .clock
        .now()
        .minus(minutes(app.config.quarantine_minutes));
    let dying = app
        .db
        .read(async move |tx| store::list_dying(tx, then, AT_A_TIME).await)
        .await?;
    let more = dying.len() == AT_A_TIME as usize;
    for blob in dying {
        // rows first: a crash in between leaves keys that the listing finds
        let keys = app
            .db
            .write(async move |tx| store::delete_dying(tx, &blob).await)
            .await?;
        for key in keys {
            app.blobs.delete(&key).await?;
        }
    }
    Ok(more)
}

/// Once in a while, spread over time by the clock alone: no state to keep.
fn list_is_due(app: &App) -> bool {
    let every = i64::try_from(LIST_EVERY.as_secs()).unwrap_or(i64::MAX);
    let sweep = i64::from(app.config.sweep_minutes) * 60;
    app.clock.now().seconds().rem_euclid(every) < sweep
}

async fn remove_unclaimed(context: &Context, mut round: u64) -> Result<(), JobError> {
    let app = &context.app;
    let mut cursor = None;
    loop {
        let page = app.blobs.list(cursor, PAGE).await;
        let page = page.map_err(|e| JobError::Retry(e.to_string()))?;
        for entry in page.entries {
            if is_old(entry.modified) {
                remove_if_unclaimed(app, entry.key).await?;
            }
        }
        round += 1;
        context.progress(round, round).await?;
        cursor = page.next;
        if cursor.is_none() {
            return Ok(());
        }
    }
}

fn is_old(modified: SystemTime) -> bool {
    modified.elapsed().is_ok_and(|age| age > UNCLAIMED)
}

/// Looks at the rows at the moment of removal, not at a report made before.
pub async fn remove_if_unclaimed(app: &App, key: StorageKey) -> Result<bool> {
    let looked_up = key.clone();
    let claimed = app
        .db
        .read(async move |tx| store::is_claimed(tx, &looked_up).await)
        .await?;
    if claimed {
        return Ok(false);
    }
    tracing::info!(%key, "removing stored bytes that no row refers to");
    app.blobs.delete(&key).await?;
    Ok(true)
}
