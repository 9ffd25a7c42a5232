//! `POST /v1/{project_id}/digital-assets/{asset_id}/entrepot/copies/{copy_id}/cancel`

use axum::extract::State;
use entrepot_api::assets::ErrorResponse;
use entrepot_api::replication::CopyInfo;
use entrepot_blob::StorageKey;
use serde_json::json;

use super::view;
use crate::app::App;
use crate::assets;
use crate::audit::{self, Event, Outcome};
use crate::db::Tx;
use crate::error::{Error, ErrorCode, Result};
use crate::http::caller::Caller;
use crate::http::json::Json;
use crate::http::path::PathIds;
use crate::iam::Assets;
use crate::ids::{AssetId, ProjectId};
use crate::jobs::{Job, queue};
use crate::replication::copy::{self, job::CopyAsset};
use crate::replication::model::{CopyState, Ticket};
use crate::replication::store;

/// Cancels a copy
///
/// Where it comes: nothing more is fetched, and what has come is dropped; an asset that was to come
/// to be is FAILED. Where it comes from: the ticket is good for nothing any more.
#[utoipa::path(post, path = "/v1/{project_id}/digital-assets/{asset_id}/entrepot/copies/{copy_id}/cancel", tag = "Copies",
    params(("project_id" = String, Path), ("asset_id" = String, Path), ("copy_id" = String, Path)),
    responses((status = 200, body = CopyInfo), (status = 400, body = ErrorResponse)))]
pub async fn post(
    State(app): State<App>,
    caller: Caller,
    PathIds((project, asset, copy)): PathIds<(ProjectId, AssetId, String)>,
) -> Result<Json<CopyInfo>> {
    let permit = caller.permit(Assets::One(&project, &asset))?;
    let (owned, event) = (app.clone(), event(&app, &caller, &project, &asset, &copy));
    let (info, keys) = app
        .db
        .write(async move |tx| {
            assets::permitted(tx, &permit, &project, &asset).await?;
            audit::record(tx, &event).await?;
            if let Some(ticket) = own_ticket(tx, &project, &asset, &copy).await? {
                return Ok((revoke(tx, &owned, ticket).await?, Vec::new()));
            }
            cancel(tx, &owned, &project, &asset, &copy).await
        })
        .await?;
    for key in keys {
        // an attempt may still write beside it; what it leaves, the sweep finds
        app.blobs.delete(&key).await?;
    }
    Ok(Json(info))
}

fn event(app: &App, caller: &Caller, project: &ProjectId, asset: &AssetId, copy: &str) -> Event {
    let (resource, detail) = (format!("asset/{asset}"), json!({"ticket_id": copy}));
    Event::new(app, "entrepot:copy:cancel", resource, Outcome::Done, detail)
        .by(caller)
        .in_project(project)
}

async fn own_ticket(
    tx: &mut Tx,
    project: &ProjectId,
    asset: &AssetId,
    id: &str,
) -> Result<Option<Ticket>> {
    let found = store::tickets::find(tx, id).await?;
    Ok(found.filter(|ticket| ticket.project_id == *project && ticket.asset_id == *asset))
}

async fn revoke(tx: &mut Tx, app: &App, mut ticket: Ticket) -> Result<CopyInfo> {
    let now = app.clock.now();
    let ended = matches!(
        ticket.state,
        CopyState::Done | CopyState::Failed | CopyState::Cancelled | CopyState::Replaced
    );
    if ended {
        return Err(over(ticket.state));
    }
    store::tickets::revoke(tx, &ticket.ticket_id, now).await?;
    ticket.revoked_at = Some(now);
    Ok(view::outgoing(app, ticket))
}

async fn cancel(
    tx: &mut Tx,
    app: &App,
    project: &ProjectId,
    asset: &AssetId,
    id: &str,
) -> Result<(CopyInfo, Vec<StorageKey>)> {
    let now = app.clock.now();
    let found = view::require(tx, project, asset, id).await?;
    if !found.state.is_under_way() {
        return Err(over(found.state));
    }
    queue::cancel(tx, CopyAsset::KIND, id, now).await?;
    let reason = "The copy was cancelled in this region.";
    let keys = copy::cancel(tx, found, reason, now).await?;
    let cancelled = view::require(tx, project, asset, id).await?;
    Ok((view::incoming(app, cancelled), keys))
}

fn over(state: CopyState) -> Error {
    let state = state.as_str();
    Error::new(
        ErrorCode::IllegalCopyState,
        format!("The copy is {state}; it can't be cancelled any more."),
    )
}
