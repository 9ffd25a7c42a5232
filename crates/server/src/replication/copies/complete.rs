//! `POST …/entrepot/copies/{copy_id}/complete`: all bytes of a copy by hand are here.

use axum::extract::State;
use entrepot_api::assets::ErrorResponse;
use entrepot_api::replication::CopyInfo;

use super::{files, view};
use crate::app::App;
use crate::error::{Error, ErrorCode, Result};
use crate::http::caller::Caller;
use crate::http::json::Json;
use crate::http::path::PathIds;
use crate::iam::Assets;
use crate::ids::{AssetId, ProjectId};
use crate::jobs;
use crate::replication::copy::job::CopyAsset;
use crate::replication::model::CopyState;

/// Says that all bytes of a copy by hand are here
///
/// A job compares them with the manifest and applies it. May be called again.
#[utoipa::path(post, path = "/v1/{project_id}/digital-assets/{asset_id}/entrepot/copies/{copy_id}/complete", tag = "Copies",
    params(("project_id" = String, Path), ("asset_id" = String, Path), ("copy_id" = String, Path)),
    responses((status = 200, body = CopyInfo), (status = 400, body = ErrorResponse)))]
pub async fn post(
    State(app): State<App>,
    caller: Caller,
    PathIds((project, asset, copy)): PathIds<(ProjectId, AssetId, String)>,
) -> Result<Json<CopyInfo>> {
    let permit = caller.permit(Assets::One(&project, &asset))?;
    let copy = app
        .db
        .read(async move |tx| view::permitted(tx, &permit, &project, &asset, &copy).await)
        .await?;
    if !copy.by_hand {
        return Err(Error::new(
            ErrorCode::IllegalCopyState,
            "The copy comes over the network; there is nothing to complete.",
        ));
    }
    if !copy.state.is_under_way() && copy.state != CopyState::Done {
        let state = copy.state.as_str();
        let message = format!("The copy is {state}; there is nothing to complete.");
        return Err(Error::new(ErrorCode::IllegalCopyState, message));
    }
    let missing = files::wanted(&app, &copy).await?.files;
    if let Some(file) = missing.first() {
        return Err(Error::new(
            ErrorCode::ContentMissing,
            format!(
                "{} files are not whole; {} has {} of {} bytes.",
                missing.len(),
                file.file_id,
                file.offset,
                file.size
            ),
        ));
    }
    if copy.state.is_under_way() {
        let (owned, id) = (app.clone(), copy.copy_id.clone());
        app.db
            .write(async move |tx| {
                jobs::enqueue(tx, &owned, &CopyAsset::new(&id), owned.clock.now()).await
            })
            .await?;
        app.bell.ring();
    }
    Ok(Json(view::incoming(&app, copy)))
}
