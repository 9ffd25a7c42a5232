//! Changes of one asset, for endpoints, other features and jobs: read, take a step, write.

use super::model::Asset;
use super::state::{AssetState, Standing, Step};
use super::store;
use crate::app::App;
use crate::audit::{self, Event, Outcome};
use crate::clock::Timestamp;
use crate::config::days;
use crate::db::Tx;
use crate::error::Result;
use crate::iam::Permit;
use crate::ids::{AssetId, ProjectId};
use crate::{files, instances, processing, replication};

/// The asset, if it is the project's.
pub async fn require(tx: &mut Tx, project: &ProjectId, id: &AssetId) -> Result<Asset> {
    let found = store::find(tx, project, id).await?;
    found.ok_or_else(store::not_found)
}

/// The same for a caller, if it may.
pub async fn permitted(
    tx: &mut Tx,
    permit: &Permit,
    project: &ProjectId,
    id: &AssetId,
) -> Result<Asset> {
    let asset = require(tx, project, id).await?;
    permit.covers(&asset.asset_id, asset.app_user_id.as_deref())?;
    Ok(asset)
}

/// Writes a change of an asset that was just read in this transaction.
pub async fn change(
    tx: &mut Tx,
    before: Asset,
    now: Timestamp,
    edit: impl FnOnce(&mut Asset),
) -> Result<Asset> {
    let mut asset = before.clone();
    edit(&mut asset);
    asset.updated_at = now;
    store::update(tx, &before, &mut asset).await?;
    Ok(asset)
}

/// Takes a step of the state machine, with all that hangs on it.
pub async fn take_step(tx: &mut Tx, asset: Asset, step: Step, now: Timestamp) -> Result<Asset> {
    let standing = asset.standing.after(step)?;
    if standing == asset.standing {
        return Ok(asset);
    }
    if standing.state == AssetState::Deleted {
        files::delete_all(tx, &asset, now).await?;
        processing::forget(tx, &asset.asset_id).await?;
    }
    change(tx, asset, now, |asset| {
        asset.standing = standing;
        if !standing.state.is_changeable() {
            // links that are out die at once; where files only come and go, each file's own
            // state says whether its links are good
            asset.url_epoch += 1;
        }
        asset.deleted_at = match standing.state {
            AssetState::Deleting | AssetState::Deleted => Some(now),
            _ => None,
        };
        if standing.state == AssetState::Deleted {
            forget_content(asset);
        }
    })
    .await
}

/// Takes a step that the main file causes. An asset that is blocked or in the recycle bin meanwhile
/// takes it behind the scenes: it comes back in the state that it would have.
pub async fn take_main_file_step(
    tx: &mut Tx,
    asset: Asset,
    step: Step,
    now: Timestamp,
) -> Result<Asset> {
    let Some(before) = asset.standing.before else {
        return take_step(tx, asset, step, now).await;
    };
    let behind = Standing {
        state: before,
        before: None,
    };
    let after = behind.after(step)?.state;
    change(tx, asset, now, |asset| asset.standing.before = Some(after)).await
}

/// What is left of a deleted asset for those who ask by its id: name, type, state and times.
fn forget_content(asset: &mut Asset) {
    asset.description = None;
    asset.tags = Vec::new();
    asset.properties = Vec::new();
    asset.services = Vec::new();
    asset.extra_meta = None;
}

/// Removes the last that is left of a deleted asset.
pub async fn forget_purged(tx: &mut Tx, asset: &Asset) -> Result<()> {
    files::forget_all(tx, &asset.asset_id).await?;
    instances::forget_asset(tx, &asset.asset_id).await?;
    store::delete_purged(tx, asset).await
}

fn purge_event(app: &App, asset: &Asset) -> Event {
    let resource = format!("asset/{}", asset.asset_id);
    let (action, detail) = ("entrepot:asset:purge", serde_json::json!({}));
    Event::new(app, action, resource, Outcome::Done, detail).in_project(&asset.project_id)
}

/// Purges what has been in the recycle bin for too long, and forgets what was purged long ago.
/// Answers whether there may be more to do.
pub async fn purge_bin(app: &App) -> Result<bool> {
    const AT_A_TIME: u32 = 100;
    let now = app.clock.now();
    let binned = now.minus(days(app.config.recycle_bin_days));
    let purged = now.minus(days(app.config.deleted_visible_days));
    let owned = app.clone();
    app.db
        .write(async move |tx| {
            let old =
                store::list_deleted_before(tx, AssetState::Deleting, binned, AT_A_TIME).await?;
            let gone =
                store::list_deleted_before(tx, AssetState::Deleted, purged, AT_A_TIME).await?;
            let more = old.len().max(gone.len()) == AT_A_TIME as usize;
            let events = old.iter().map(|asset| purge_event(&owned, asset));
            audit::record_all(tx, &events.collect::<Vec<_>>()).await?;
            for asset in old {
                take_step(tx, asset, Step::Purge, now).await?;
            }
            for asset in gone {
                replication::forget_asset(tx, &asset.asset_id).await?;
                forget_purged(tx, &asset).await?;
            }
            Ok(more)
        })
        .await
}
