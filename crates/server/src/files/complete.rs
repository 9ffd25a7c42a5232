//! `POST /v1/{project_id}/files/{file_id}/complete`
//!
//! Says that an upload is over. It is idempotent and does no work that grows with the size: the
//! digest of a single PUT was compared when the bytes came, parts are joined as segments and hashed
//! by a job afterwards.

use axum::extract::State;
use entrepot_api::assets::ErrorResponse;
use entrepot_api::files::ConfirmFileUploadRequestBody;
use serde_json::json;

use super::hash::HashFile;
use super::model::{File, FileState};
use super::{declare, rules, store};
use crate::app::App;
use crate::assets::{self, Asset, Step};
use crate::audit::{self, Event};
use crate::clock::Timestamp;
use crate::db::Tx;
use crate::error::{Error, ErrorCode, Result};
use crate::http::caller::Caller;
use crate::http::json::Json;
use crate::http::path::PathIds;
use crate::iam::Assets;
use crate::ids::{FileId, ProjectId};
use crate::{jobs, objects, processing};

/// Completes a file
///
/// CREATED once its bytes are there, FAILED or CANCELLED to give it up. May be called again with
/// the same state.
#[utoipa::path(post, path = "/v1/{project_id}/files/{file_id}/complete", tag = "Files",
    params(("project_id" = String, Path), ("file_id" = String, Path)),
    request_body = ConfirmFileUploadRequestBody,
    responses((status = 200), (status = 400, body = ErrorResponse)))]
pub async fn post(
    State(app): State<App>,
    caller: Caller,
    PathIds((project, file)): PathIds<(ProjectId, FileId)>,
    Json(body): Json<ConfirmFileUploadRequestBody>,
) -> Result<()> {
    let wanted = match body.state.as_str() {
        "CREATED" => FileState::Created,
        "FAILED" => FileState::Failed,
        "CANCELLED" => FileState::Cancelled,
        _ => {
            return Err(Error::parameter(
                "state",
                "must be CREATED, FAILED or CANCELLED",
            ));
        }
    };
    let permit = caller.permit(Assets::Any(&project))?;
    let event = Event::of(&app, &caller, &project, format!("file/{file}"));
    let owned = app.clone();
    app.db
        .write(async move |tx| {
            let file = store::require(tx, &project, &file).await?;
            let asset = assets::permitted(tx, &permit, &project, &file.asset_id).await?;
            let detail = json!({"asset_id": asset.asset_id, "state": wanted.as_str()});
            audit::record(tx, &event.clone().detail(detail)).await?;
            complete(tx, &owned, file, asset, wanted).await
        })
        .await?;
    app.bell.ring();
    Ok(())
}

async fn complete(
    tx: &mut Tx,
    app: &App,
    file: File,
    asset: Asset,
    wanted: FileState,
) -> Result<()> {
    if file.state == wanted || (wanted == FileState::Created && file.state == FileState::Uploaded) {
        return Ok(());
    }
    if file.state != FileState::Creating {
        let name = file.state.as_str();
        return Err(Error::new(
            ErrorCode::IllegalFileState,
            format!("The file is {name}; only one that is CREATING can be completed."),
        ));
    }
    declare::refuse_unchangeable(&asset)?;
    let now = app.clock.now();
    match wanted {
        FileState::Created if file.part_count.is_some() => join(tx, app, &file, asset, now).await,
        FileState::Created => {
            if file.blob_id.is_none() {
                return Err(Error::new(
                    ErrorCode::ContentMissing,
                    "The file's bytes have not arrived; PUT them to its upload_url first.",
                ));
            }
            ready(tx, app, &file, asset, now).await
        }
        _ => give_up(tx, &file, asset, wanted, now).await,
    }
}

/// The file is whole and checked: it is CREATED, and its asset goes on if it is the main file.
pub async fn ready(
    tx: &mut Tx,
    app: &App,
    file: &File,
    asset: Asset,
    now: Timestamp,
) -> Result<()> {
    store::set_state(tx, &file.file_id, FileState::Created, None, now).await?;
    if !file.is_main() || !asset.standing.awaits_main_file() {
        assets::change(tx, asset, now, |_| {}).await?;
        return Ok(());
    }
    let asset = assets::take_main_file_step(tx, asset, Step::MainFileReady, now).await?;
    let asset = if app.config.activate_at_once {
        assets::take_main_file_step(tx, asset, Step::Activate, now).await?
    } else {
        asset
    };
    processing::begin(tx, app, asset, &file.file_id, now).await?;
    Ok(())
}

async fn give_up(
    tx: &mut Tx,
    file: &File,
    asset: Asset,
    wanted: FileState,
    now: Timestamp,
) -> Result<()> {
    store::discard(tx, file, wanted, None, now).await?;
    if wanted == FileState::Failed && file.is_main() && asset.standing.awaits_main_file() {
        assets::take_main_file_step(tx, asset, Step::MainFileFailed, now).await?;
    } else {
        assets::change(tx, asset, now, |_| {}).await?;
    }
    Ok(())
}

/// Makes one blob of the parts, without touching their bytes, and lets a job hash it.
async fn join(tx: &mut Tx, app: &App, file: &File, asset: Asset, now: Timestamp) -> Result<()> {
    let parts = objects::list_parts(tx, &file.file_id).await?;
    let count = file.part_count.unwrap_or(1);
    let missing = (1..=count).find(|n| !parts.iter().any(|part| part.number == *n));
    if let Some(missing) = missing {
        return Err(Error::new(
            ErrorCode::ContentMissing,
            format!("Part {missing} of {count} has not arrived; PUT it to its URL first."),
        ));
    }
    let size: i64 = parts.iter().map(|part| part.size).sum();
    if let Some(declared) = file.declared_size.filter(|declared| *declared != size) {
        return Err(Error::new(
            ErrorCode::ContentMissing,
            format!("The parts add up to {size} bytes, but {declared} were declared."),
        ));
    }
    if size > rules::MAX_LARGE_SIZE {
        return Err(rules::too_large(rules::MAX_LARGE_SIZE));
    }
    rules::check_format(asset.asset_type, file.category, &file.file_type, Some(size))?;

    let blob = objects::join_parts(tx, app.ids.blob(), &file.file_id, &parts, now).await?;
    store::set_blob(tx, file, Some(&blob), now).await?;
    store::set_state(tx, &file.file_id, FileState::Uploaded, None, now).await?;
    assets::change(tx, asset, now, |_| {}).await?;
    let job = HashFile {
        project_id: file.project_id.clone(),
        file_id: file.file_id.clone(),
        size: u64::try_from(size).unwrap_or(0),
    };
    jobs::enqueue(tx, app, &job, now).await?;
    Ok(())
}
