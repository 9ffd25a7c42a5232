//! `GET /v1/{project_id}/entrepot/audit` (extension)

use axum::extract::State;
use entrepot_api::assets::ErrorResponse;
use entrepot_api::audit::ListAuditResponse;

use super::model::Outcome;
use super::store::{self, Filter};
use super::view;
use crate::app::App;
use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::http::caller::Caller;
use crate::http::json::Json;
use crate::http::path::PathIds;
use crate::http::query::Query;
use crate::iam::Resource;
use crate::ids::ProjectId;

/// Lists what was done in the project, the newest first
///
/// Downloads and refusals show up to half a second later.
#[utoipa::path(get, path = "/v1/{project_id}/entrepot/audit", tag = "Audit",
    params(("project_id" = String, Path),
        ("action" = Option<String>, Query, description = "Whole, or its beginning up to a colon, such as metastudio:asset"),
        ("resource" = Option<String>, Query, description = "Such as asset/0123…"),
        ("user_id" = Option<String>, Query), ("user_name" = Option<String>, Query),
        ("access_key" = Option<String>, Query),
        ("outcome" = Option<String>, Query, description = "DONE, REFUSED or FAILED"),
        ("since" = Option<String>, Query, description = "RFC 3339, such as 2026-01-31T00:00:00Z"),
        ("until" = Option<String>, Query, description = "Events before this time, as since"),
        ("limit" = Option<i64>, Query, description = "1 to 1000, 100 by default"),
        ("marker" = Option<String>, Query, description = "next_marker of the page before")),
    responses((status = 200, body = ListAuditResponse), (status = 400, body = ErrorResponse)))]
pub async fn get(
    State(app): State<App>,
    caller: Caller,
    PathIds(project): PathIds<ProjectId>,
    query: Query,
) -> Result<Json<ListAuditResponse>> {
    caller.authorize(Resource::Project(&project))?;
    let (filter, marker) = parse(query, project)?;
    let limit = filter.limit;
    let events = app
        .db
        .snapshot(async move |tx| store::list_after(tx, &filter, marker.as_deref()).await)
        .await?;
    let is_full = events.len() == limit as usize;
    let last = events.last().filter(|_| is_full);
    Ok(Json(ListAuditResponse {
        next_marker: last.map(|event| event.event_id.clone()),
        events: events.into_iter().map(view::shown).collect(),
    }))
}

/// The filter, and the event to go on after.
fn parse(mut query: Query, project: ProjectId) -> Result<(Filter, Option<String>)> {
    let outcome = match query.one("outcome")? {
        None => None,
        Some(text) => Some(
            Outcome::parse(&text)
                .ok_or_else(|| Error::parameter("outcome", "must be DONE, REFUSED or FAILED"))?,
        ),
    };
    let limit = query.integer("limit", 1..=1000)?.unwrap_or(100);
    let filter = Filter {
        project_id: Some(project),
        action: query.text("action", 1..=128)?,
        resource: query.text("resource", 1..=256)?,
        user_id: query.text("user_id", 1..=64)?,
        user_name: query.text("user_name", 1..=128)?,
        access_key: query.text("access_key", 1..=128)?,
        outcome,
        since: time(&mut query, "since")?,
        until: time(&mut query, "until")?,
        after: None,
        limit: u32::try_from(limit).map_err(Error::internal)?,
    };
    let marker = query.text("marker", 1..=64)?;
    query.finish()?;
    Ok((filter, marker))
}

fn time(query: &mut Query, name: &str) -> Result<Option<Timestamp>> {
    let Some(text) = query.one(name)? else {
        return Ok(None);
    };
    let time = Timestamp::parse_rfc3339(&text)
        .ok_or_else(|| Error::parameter(name, "must be a time such as 2026-01-31T00:00:00Z"))?;
    Ok(Some(time))
}
