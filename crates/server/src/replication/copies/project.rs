//! `GET /v1/{project_id}/entrepot/copies`

use axum::extract::State;
use entrepot_api::assets::ErrorResponse;
use entrepot_api::replication::CopyList;

use super::view;
use crate::app::App;
use crate::error::{Error, Result};
use crate::http::caller::Caller;
use crate::http::json::Json;
use crate::http::path::PathIds;
use crate::http::query::Query;
use crate::iam::Assets;
use crate::ids::ProjectId;
use crate::replication::model::CopyState;
use crate::replication::store;

const MOST: i64 = 1000;

/// Lists the copies that come to a project
///
/// The newest first, in pages.
#[utoipa::path(get, path = "/v1/{project_id}/entrepot/copies", tag = "Copies",
    params(("project_id" = String, Path),
        ("state" = Option<String>, Query, description = "Only these, joined by commas"),
        ("limit" = Option<i64>, Query, description = "1 to 1000, 100 by default"),
        ("marker" = Option<String>, Query, description = "next_marker of the page before")),
    responses((status = 200, body = CopyList), (status = 400, body = ErrorResponse)))]
pub async fn get(
    State(app): State<App>,
    caller: Caller,
    PathIds(project): PathIds<ProjectId>,
    mut query: Query,
) -> Result<Json<CopyList>> {
    let states = query
        .list("state", CopyState::ALL.len())?
        .unwrap_or_default();
    let limit = query.integer("limit", 1..=MOST)?.unwrap_or(100);
    let marker = query.text("marker", 1..=64)?;
    query.finish()?;
    let parse = |text: &String| {
        CopyState::parse(text).ok_or_else(|| {
            let names = CopyState::ALL.map(CopyState::as_str).join(", ");
            Error::parameter("state", format!("must be of {names}"))
        })
    };
    let states = states.iter().map(parse).collect::<Result<Vec<_>>>()?;
    let _all = caller.permit(Assets::Any(&project))?.for_all()?;
    let limit = u32::try_from(limit).map_err(Error::internal)?;
    let copies = app
        .db
        .read(async move |tx| {
            store::copies::list_page(tx, &project, &states, marker.as_deref(), limit).await
        })
        .await?;
    let is_full = copies.len() == limit as usize;
    let last = copies.last().map(|copy| copy.copy_id.clone());
    Ok(Json(CopyList {
        copies: copies
            .into_iter()
            .map(|c| view::incoming(&app, c))
            .collect(),
        next_marker: last.filter(|_| is_full),
    }))
}
