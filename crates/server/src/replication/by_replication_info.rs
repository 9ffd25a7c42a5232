//! `POST /v1/{project_id}/digital-assets-by-replication-info`
//!
//! Answers at once; what is in the ticket is fetched by a job.

use axum::extract::State;
use entrepot_api::assets::ErrorResponse;
use entrepot_api::replication::ReplicationAssetInfo;
use serde_json::json;

use super::present::{self, Opened, Order};
use super::rules::Effect;
use crate::app::App;
use crate::assets;
use crate::audit::{self, Event, Outcome};
use crate::error::{Error, Result};
use crate::http::caller::Caller;
use crate::http::json::Json;
use crate::http::path::PathIds;
use crate::iam::{Action, Assets};
use crate::ids::ProjectId;

/// Copies an asset here by a ticket from another region
///
/// The asset appears at once under its id, CREATING, and takes its state when all its bytes are
/// here. A ticket that was presented before changes nothing.
#[utoipa::path(post, path = "/v1/{project_id}/digital-assets-by-replication-info", tag = "Copies",
    params(("project_id" = String, Path)),
    request_body = ReplicationAssetInfo,
    responses((status = 200), (status = 400, body = ErrorResponse)))]
pub async fn post(
    State(app): State<App>,
    caller: Caller,
    PathIds(project): PathIds<ProjectId>,
    Json(info): Json<ReplicationAssetInfo>,
) -> Result<()> {
    let _new = caller.permit(Assets::New(&project, None))?;
    let asset_id = info.asset_id.clone().unwrap_or_default();
    let outcome = presented(&app, &caller, &project, info).await;
    if let Err(error) = &outcome {
        record_refusal(&app, &caller, &project, &asset_id, error).await;
    }
    outcome
}

async fn presented(
    app: &App,
    caller: &Caller,
    project: &ProjectId,
    info: ReplicationAssetInfo,
) -> Result<()> {
    let opened = present::open(app, info).await?;
    if let Some(refusal) = present::refusals(app, project, &opened, false)
        .into_iter()
        .next()
    {
        return Err(refusal);
    }
    let order = Order {
        project: project.clone(),
        opened,
        manifest: None,
        size: 0,
    };
    let (owned, caller) = (app.clone(), caller.clone());
    app.db
        .write(async move |tx| {
            let (effect, _) = present::accept(tx, &owned, &caller, &order).await?;
            let event = event(&owned, &caller, &order.project, &order.opened, &effect);
            audit::record(tx, &event).await
        })
        .await?;
    app.bell.ring();
    Ok(())
}

/// A ticket was used here.
pub fn event(
    app: &App,
    caller: &Caller,
    project: &ProjectId,
    opened: &Opened,
    effect: &Effect,
) -> Event {
    let contents = &opened.contents;
    let detail = json!({
        "ticket_id": contents.ticket_id, "version": contents.version,
        "from_region": contents.region, "key_id": opened.key.key_id, "effect": effect.as_str(),
    });
    let resource = format!("asset/{}", contents.asset_id);
    Event::new(
        app,
        Action::AssetReplicate.name(),
        resource,
        Outcome::Done,
        detail,
    )
    .by(caller)
    .in_project(project)
}

/// Also what came to nothing is known; should that fail, the caller still hears the reason.
pub async fn record_refusal(
    app: &App,
    caller: &Caller,
    project: &ProjectId,
    asset_id: &str,
    error: &Error,
) {
    if assets::rules::check_label("asset_id", asset_id, 1..=64).is_err() {
        return;
    }
    let (_, code) = crate::http::render::published(error.code);
    let detail = json!({"error_code": code, "error": error.message});
    let (action, resource) = (Action::AssetReplicate.name(), format!("asset/{asset_id}"));
    let event = Event::new(app, action, resource, Outcome::Refused, detail)
        .by(caller)
        .in_project(project);
    let recorded = app
        .db
        .write(async move |tx| audit::record(tx, &event).await);
    if let Err(error) = recorded.await {
        tracing::warn!(%error, "a refused ticket could not be recorded");
    }
}
