//! What an archive holds is let go once it is delivered or given up; jobs that nobody works on any
//! more are ended.

use entrepot_blob::StorageKey;

use super::model::{AssetJobStatus, AssetJobType, Reason, ResourceType};
use super::{store, work};
use crate::app::App;
use crate::error::{Error, ErrorCode, Result};
use crate::http::render::of_roma;
use crate::ids::ArchiveId;

/// Pins that one transaction lets go.
const PINS: u32 = 500;
const ARCHIVES: u32 = 100;

/// Unpins the bytes of an archive whose life is over (`ended_at` is set) and deletes its layout
/// object. What a crash leaves is for [`release_ended`].
pub async fn release(app: &App, archive: &ArchiveId) -> Result<()> {
    let now = app.clock.now();
    let mut more = true;
    while more {
        let id = archive.clone();
        more = app
            .db
            .write(async move |tx| store::archives::release_pins(tx, &id, PINS, now).await)
            .await?;
    }
    // row first: a crash in between leaves a key that the sweep finds
    let id = archive.clone();
    let key = app
        .db
        .write(async move |tx| store::archives::forget_layout(tx, &id).await)
        .await?;
    if let Some(key) = key {
        let key = StorageKey::parse(&key).map_err(Error::internal)?;
        app.blobs.delete(&key).await?;
    }
    Ok(())
}

/// The same for all archives whose life is over and that still hold something. Answers whether
/// there may be more.
pub async fn release_ended(app: &App) -> Result<bool> {
    let ended = app
        .db
        .read(async |tx| store::archives::list_unreleased(tx, ARCHIVES).await)
        .await?;
    for archive in &ended {
        release(app, archive).await?;
    }
    Ok(ended.len() == ARCHIVES as usize)
}

/// Ends the jobs that the queue gave up by itself, as it does with one that this version does not
/// understand: otherwise their users could begin no other.
pub async fn fail_abandoned(app: &App) -> Result<()> {
    let now = app.clock.now();
    app.db
        .write(async move |tx| {
            let kinds = AssetJobType::ALL.map(work::kind);
            for job in store::jobs::list_abandoned(tx, &kinds).await? {
                tracing::warn!(job = %job.job_id, "an asset job that nobody works on has failed");
                let (_, code) = of_roma(ErrorCode::Internal);
                let (kind, name) = (ResourceType::Application, job.job_id.as_str());
                let message = "the server could not go on with this job; begin another";
                let reasons = [Reason::new(kind, name, code, message)];
                let failed = AssetJobStatus::Failed;
                store::jobs::finish(tx, &job.job_id, failed, &reasons, None, now).await?;
            }
            Ok(())
        })
        .await
}
