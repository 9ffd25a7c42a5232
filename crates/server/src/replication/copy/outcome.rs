//! How attempts end that do not end well, written where people see it.

use std::time::Duration;

use entrepot_blob::StorageKey;
use serde_json::json;

use crate::assets::{self, AssetState, Step};
use crate::audit::{self, Event, Outcome};
use crate::clock::Timestamp;
use crate::db::Tx;
use crate::error::{ErrorCode, Result};
use crate::http::render::published;
use crate::jobs::{Context, JobError};
use crate::replication::model::{Copy, CopyState};
use crate::replication::store;

const WAIT_MOST: Duration = Duration::from_mins(1);
/// Attempts in a row that a peer may refuse, without a byte, before the copy is given up.
const REFUSALS: u64 = 10;

/// What is waited for as long as it takes.
const PASSING: [ErrorCode; 5] = [
    ErrorCode::PeerUnreachable,
    ErrorCode::StorageFull,
    ErrorCode::Unavailable,
    ErrorCode::Internal,
    ErrorCode::Conflict,
];

/// Waits longer the more attempts came to nothing.
fn wait(stalled: u64) -> Duration {
    let doublings = u32::try_from(stalled.saturating_sub(1).min(10)).unwrap_or(0);
    Duration::from_secs(1 << doublings).min(WAIT_MOST)
}

/// Tries again later, or gives up what the peer keeps refusing.
pub async fn later(
    context: &Context,
    mut copy: Copy,
    code: String,
    reason: String,
    has_moved: bool,
) -> Result<(), JobError> {
    copy.stalled = if has_moved { 1 } else { copy.stalled + 1 };
    // a line may damage a request, but not ten times in a row
    let passes = PASSING.iter().any(|known| published(*known).1 == code);
    if !passes && copy.stalled >= REFUSALS {
        return fail(context, copy, code, reason).await;
    }
    let pause = wait(copy.stalled);
    let now = context.app.clock.now();
    copy.state = CopyState::Waiting;
    copy.progress.error_code = Some(code);
    copy.progress.error = Some(reason.clone());
    copy.progress.next_try_at = Some(now.plus(pause));
    copy.progress.rate = 0;
    copy.updated_at = now;
    let owned = context.clone();
    let held = context.app.db.write(async move |tx| {
        let (done, total) = (copy.progress.bytes_done, copy.progress.bytes_total);
        let held = owned.progress_in(tx, done, total).await?;
        if held {
            store::copies::update(tx, &copy).await?;
        }
        Ok(held)
    });
    if held.await? {
        return Err(JobError::Later {
            reason,
            wait: pause,
        });
    }
    Err(JobError::Lost)
}

/// Ends the copy as failed, and with it an asset that was only to come to be. What is here is kept
/// for a retry.
pub async fn fail(
    context: &Context,
    mut copy: Copy,
    code: String,
    reason: String,
) -> Result<(), JobError> {
    tracing::warn!(copy = copy.copy_id, code, reason, "a copy failed");
    metrics::counter!("entrepot_copies_total", "outcome" => "failed").increment(1);
    let now = context.app.clock.now();
    copy.state = CopyState::Failed;
    copy.progress.error_code = Some(code.clone());
    copy.progress.error = Some(reason.clone());
    copy.progress.rate = 0;
    copy.progress.next_try_at = None;
    copy.updated_at = now;
    copy.finished_at = Some(now);
    let owned = context.clone();
    context
        .app
        .db
        .write(async move |tx| {
            if !owned.fail(tx, &code, &reason).await? {
                return Ok(());
            }
            store::copies::update(tx, &copy).await?;
            asset_failed(tx, &copy, &reason, now).await?;
            let detail = json!({"ticket_id": copy.copy_id, "version": copy.version,
                "from_region": copy.peer, "error_code": code, "error": reason});
            let resource = format!("asset/{}", copy.asset_id);
            let event = Event::new(
                &owned.app,
                "entrepot:copy:finish",
                resource,
                Outcome::Failed,
                detail,
            );
            audit::record(tx, &event.in_project(&copy.project_id)).await
        })
        .await?;
    Ok(())
}

/// An asset that waits for a copy which will not come.
pub async fn asset_failed(tx: &mut Tx, copy: &Copy, reason: &str, now: Timestamp) -> Result<()> {
    let found = assets::find_anywhere(tx, &copy.asset_id).await?;
    let waiting = found.filter(|asset| !copy.is_update && asset.standing.awaits_main_file());
    let Some(asset) = waiting else {
        return Ok(());
    };
    let asset = assets::take_main_file_step(tx, asset, Step::MainFileFailed, now).await?;
    if asset.state() == AssetState::Failed {
        // 256 characters, as for any reason
        let short: String = reason.chars().take(256).collect();
        assets::change(tx, asset, now, |asset| asset.reason = Some(short)).await?;
    }
    Ok(())
}

/// Ends a copy that is no longer wanted; answers the keys of its bytes, which nothing claims then.
pub async fn cancel(
    tx: &mut Tx,
    mut copy: Copy,
    reason: &str,
    now: Timestamp,
) -> Result<Vec<StorageKey>> {
    copy.state = CopyState::Cancelled;
    copy.progress.error_code = None;
    copy.progress.error = Some(reason.to_owned());
    copy.progress.rate = 0;
    copy.progress.bytes_done = 0;
    copy.progress.next_try_at = None;
    copy.updated_at = now;
    copy.finished_at = Some(now);
    store::copies::update(tx, &copy).await?;
    asset_failed(tx, &copy, reason, now).await?;
    store::segments::delete_all(tx, &copy.copy_id).await
}

/// The asset was deleted here: so the copy is cancelled.
pub async fn gone(context: &Context, copy: Copy) -> Result<(), JobError> {
    let owned = context.clone();
    let now = context.app.clock.now();
    let keys = context.app.db.write(async move |tx| {
        let reason = "The asset was deleted in this region.";
        if !owned.fail(tx, "Gone", reason).await? {
            return Ok(Vec::new());
        }
        cancel(tx, copy.clone(), reason, now).await
    });
    for key in keys.await? {
        let deleted = context.app.blobs.delete(&key).await;
        deleted.map_err(|e| JobError::Retry(e.to_string()))?;
    }
    Ok(())
}
