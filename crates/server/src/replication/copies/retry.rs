//! `POST /v1/{project_id}/digital-assets/{asset_id}/entrepot/copies/{copy_id}/retry`

use axum::extract::State;
use entrepot_api::assets::ErrorResponse;
use entrepot_api::replication::CopyInfo;
use serde_json::json;

use super::view;
use crate::app::App;
use crate::audit::{self, Event, Outcome};
use crate::db::Tx;
use crate::error::{Error, ErrorCode, Result};
use crate::http::caller::Caller;
use crate::http::json::Json;
use crate::http::path::PathIds;
use crate::iam::Assets;
use crate::ids::{AssetId, ProjectId};
use crate::jobs;
use crate::replication::copy::job::CopyAsset;
use crate::replication::model::{Copy, CopyState};
use crate::replication::rules::{Effect, Offer};
use crate::replication::{present, store};

/// Tries a copy again that failed or was cancelled
///
/// It goes on with the bytes that are here. The ticket may have expired since.
#[utoipa::path(post, path = "/v1/{project_id}/digital-assets/{asset_id}/entrepot/copies/{copy_id}/retry", tag = "Copies",
    params(("project_id" = String, Path), ("asset_id" = String, Path), ("copy_id" = String, Path)),
    responses((status = 200, body = CopyInfo), (status = 400, body = ErrorResponse)))]
pub async fn post(
    State(app): State<App>,
    caller: Caller,
    PathIds((project, asset, copy)): PathIds<(ProjectId, AssetId, String)>,
) -> Result<Json<CopyInfo>> {
    let permit = caller.permit(Assets::One(&project, &asset))?;
    let (resource, detail) = (format!("asset/{asset}"), json!({"ticket_id": copy}));
    let event = Event::new(&app, "entrepot:copy:retry", resource, Outcome::Done, detail)
        .by(&caller)
        .in_project(&project);
    let owned = app.clone();
    let info = app
        .db
        .write(async move |tx| {
            let found = view::permitted(tx, &permit, &project, &asset, &copy).await?;
            audit::record(tx, &event).await?;
            let again = retry(tx, &owned, found).await?;
            Ok(view::incoming(&owned, again))
        })
        .await?;
    app.bell.ring();
    Ok(Json(info))
}

async fn retry(tx: &mut Tx, app: &App, mut copy: Copy) -> Result<Copy> {
    if !matches!(copy.state, CopyState::Failed | CopyState::Cancelled) {
        let state = copy.state.as_str();
        return Err(Error::new(
            ErrorCode::IllegalCopyState,
            format!(
                "The copy is {state}; only one that is FAILED or CANCELLED can be tried again."
            ),
        ));
    }
    let now = app.clock.now();
    let offer = Offer {
        project: &copy.project_id,
        region: &copy.peer,
        version: copy.version,
    };
    let found = present::effect_of(tx, &copy.asset_id, offer).await?;
    match found.effect {
        Effect::Restart { is_update, .. } => copy.is_update = is_update,
        Effect::Nothing | Effect::Create { .. } | Effect::Update => {
            return Err(Error::new(
                ErrorCode::IllegalCopyState,
                "The asset was deleted, or a newer copy of it is here or on its way.",
            ));
        }
    }
    present::reopen(tx, found.asset, now).await?;
    copy.state = CopyState::Waiting;
    copy.progress.error_code = None;
    copy.progress.error = None;
    copy.stalled = 0;
    copy.updated_at = now;
    copy.created_at = now;
    copy.finished_at = None;
    store::copies::update(tx, &copy).await?;
    if !copy.by_hand {
        jobs::enqueue(tx, app, &CopyAsset::new(&copy.copy_id), now).await?;
    }
    Ok(copy)
}
