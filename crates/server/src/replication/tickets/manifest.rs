//! `GET /v1/{project_id}/digital-assets/{asset_id}/entrepot/manifest?ticket_id=…`

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use entrepot_api::assets::ErrorResponse;
use http::header;

use crate::app::App;
use crate::assets;
use crate::error::{Error, ErrorCode, Result};
use crate::http::caller::Caller;
use crate::http::path::PathIds;
use crate::http::query::Query;
use crate::iam::Assets;
use crate::ids::{AssetId, ProjectId};
use crate::replication::replication_info::check_state;
use crate::replication::store;

/// Shows the manifest that a ticket issued here names, byte for byte
#[utoipa::path(get, path = "/v1/{project_id}/digital-assets/{asset_id}/entrepot/manifest", tag = "Copies",
    params(("project_id" = String, Path), ("asset_id" = String, Path), ("ticket_id" = String, Query)),
    responses((status = 200, description = "the manifest, application/json"), (status = 400, body = ErrorResponse)))]
pub async fn get(
    State(app): State<App>,
    caller: Caller,
    PathIds((project, asset)): PathIds<(ProjectId, AssetId)>,
    mut query: Query,
) -> Result<Response> {
    let id = query.text("ticket_id", 1..=64)?;
    query.finish()?;
    let id = id.ok_or_else(|| Error::parameter("ticket_id", "is missing"))?;
    let permit = caller.permit(Assets::One(&project, &asset))?;
    let body = app
        .db
        .read(async move |tx| {
            check_state(&assets::permitted(tx, &permit, &project, &asset).await?)?;
            let found = store::tickets::find(tx, &id).await?;
            let own = |t: &crate::replication::model::Ticket| {
                t.project_id == project && t.asset_id == asset && t.revoked_at.is_none()
            };
            match found.filter(own) {
                Some(ticket) => store::tickets::find_manifest(tx, &ticket).await,
                None => Ok(None),
            }
        })
        .await?;
    let body = body.ok_or_else(|| {
        Error::new(
            ErrorCode::TicketUnknown,
            "No such ticket of this asset is good any more; get a new one.",
        )
    })?;
    Ok(([(header::CONTENT_TYPE, "application/json")], body).into_response())
}
