//! `GET …/entrepot/copies/{copy_id}/files`: which bytes are wanted of a copy that comes by hand.

use axum::extract::State;
use entrepot_api::assets::ErrorResponse;
use entrepot_api::replication::{WantedFile, WantedFiles};

use super::view;
use crate::app::App;
use crate::error::{Error, ErrorCode, Result};
use crate::http::caller::Caller;
use crate::http::json::Json;
use crate::http::path::PathIds;
use crate::iam::Assets;
use crate::ids::{AssetId, ProjectId};
use crate::replication::copy::Plan;
use crate::replication::manifest;
use crate::replication::model::{Copy, CopyState};
use crate::replication::store;

/// Lists the bytes that a copy by hand still wants
#[utoipa::path(get, path = "/v1/{project_id}/digital-assets/{asset_id}/entrepot/copies/{copy_id}/files", tag = "Copies",
    params(("project_id" = String, Path), ("asset_id" = String, Path), ("copy_id" = String, Path)),
    responses((status = 200, body = WantedFiles), (status = 400, body = ErrorResponse)))]
pub async fn get(
    State(app): State<App>,
    caller: Caller,
    PathIds((project, asset, copy)): PathIds<(ProjectId, AssetId, String)>,
) -> Result<Json<WantedFiles>> {
    let permit = caller.permit(Assets::One(&project, &asset))?;
    let copy = app
        .db
        .read(async move |tx| view::permitted(tx, &permit, &project, &asset, &copy).await)
        .await?;
    Ok(Json(wanted(&app, &copy).await?))
}

/// What is wanted of a copy by hand that waits; nothing of any other.
pub async fn wanted(app: &App, copy: &Copy) -> Result<WantedFiles> {
    let mut wanted = WantedFiles {
        copy_id: copy.copy_id.clone(),
        state: copy.state.as_str().to_owned(),
        files: Vec::new(),
    };
    if !copy.by_hand || copy.state != CopyState::Waiting {
        return Ok(wanted);
    }
    let plan = plan(app, copy).await?;
    for file in plan.files.iter().filter(|file| file.held.is_none()) {
        let offset = file.contiguous();
        if offset < file.size {
            wanted.files.push(WantedFile {
                file_id: file.file_id.clone(),
                size: file.size,
                offset,
            });
        }
    }
    Ok(wanted)
}

pub async fn plan(app: &App, copy: &Copy) -> Result<Plan> {
    let (project, id) = (copy.project_id.clone(), copy.copy_id.clone());
    app.db
        .read(async move |tx| {
            let text = store::copies::find_manifest(tx, &id).await?;
            let manifest = manifest::parse(&text.unwrap_or_default());
            let invalid = |problem: String| Error::new(ErrorCode::TicketInvalid, problem);
            Plan::make(tx, &project, &id, &manifest.map_err(invalid)?).await
        })
        .await
}
