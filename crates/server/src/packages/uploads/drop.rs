//! Gives uploads up, and removes what the ones that are over still hold.

use super::model::{Place, UploadState};
use crate::app::App;
use crate::audit::{self, Event};
use crate::config::days;
use crate::error::Result;
use crate::ids::{BlobId, UploadId};
use crate::objects;
use crate::packages::store::{entries, items, uploads};

/// A package that comes in one call is over after so long without a sign of life.
const SILENT: std::time::Duration = std::time::Duration::from_hours(1);
/// Entries that one transaction removes.
const ENTRIES: u32 = 200;
const UPLOADS: u32 = 20;
const REPORTS: u32 = 10;
const REPORTS_KEPT_DAYS: u32 = 30;

/// Gives an upload up, unless a job that runs has it.
pub async fn discard(app: &App, id: &UploadId) -> Result<()> {
    discard_for(app, id, None).await
}

/// The same for a caller who asked for it.
pub async fn discard_for(app: &App, id: &UploadId, event: Option<Event>) -> Result<()> {
    let (upload, now) = (id.clone(), app.clock.now());
    let dropped = app
        .db
        .write(async move |tx| {
            if let Some(event) = &event {
                audit::record(tx, event).await?;
            }
            uploads::set_dropped(tx, &upload, now).await
        })
        .await?;
    if !dropped {
        return Ok(());
    }
    empty(app, id).await?;
    let upload = id.clone();
    app.db
        .write(async move |tx| uploads::forget(tx, &upload).await)
        .await
}

/// What is left of an upload whose import has ended.
pub async fn end(app: &App, id: &UploadId) -> Result<()> {
    empty(app, id).await?;
    let (upload, now) = (id.clone(), app.clock.now());
    app.db
        .write(async move |tx| uploads::end(tx, &upload, now).await)
        .await
}

/// Removes the entries: pins are let go, keys deleted. Rows go first: a crash in between leaves
/// keys that the sweep finds.
async fn empty(app: &App, id: &UploadId) -> Result<()> {
    loop {
        let (upload, now) = (id.clone(), app.clock.now());
        let removed = app
            .db
            .write(async move |tx| {
                let removed = entries::remove_some(tx, &upload, ENTRIES).await?;
                let held: Vec<BlobId> = removed.iter().filter_map(held).collect();
                if !held.is_empty() {
                    objects::release_all(tx, &held, now).await?;
                }
                Ok(removed)
            })
            .await?;
        if removed.is_empty() {
            return Ok(());
        }
        for place in removed {
            if let Place::Own(key) = place {
                app.blobs.delete(&key).await?;
            }
        }
    }
}

fn held(place: &Place) -> Option<BlobId> {
    match place {
        Place::Held(blob) => Some(blob.clone()),
        Place::Own(_) | Place::Nowhere => None,
    }
}

/// For the sweep: gives up what nobody sends any more, and removes what jobs that ended have left.
/// Answers whether there may be more.
pub async fn give_up(app: &App) -> Result<bool> {
    let now = app.clock.now();
    let plain = now.minus(SILENT);
    let resumable = now.minus(days(app.config.unfinished_upload_days));
    let over = app
        .db
        .read(async move |tx| uploads::list_over(tx, plain, resumable, UPLOADS).await)
        .await?;
    for upload in &over {
        match upload.state {
            UploadState::Importing => end(app, &upload.upload_id).await?,
            _ => discard(app, &upload.upload_id).await?,
        }
    }
    let then = now.minus(days(REPORTS_KEPT_DAYS));
    let forgotten = app
        .db
        .write(async move |tx| items::delete_old(tx, then, REPORTS).await)
        .await?;
    Ok(over.len() == UPLOADS as usize || forgotten > 0)
}
