//! `POST /v1/{project_id}/digital-assets-by-replication-info`
//!
//! Answers at once; what is in the ticket is fetched by a job.

use axum::Extension;
use axum::extract::State;
use entrepot_api::assets::ErrorResponse;
use entrepot_api::replication::ReplicationAssetInfo;
use serde_json::json;

use super::present::{self, Opened, Order};
use super::rules::Effect;
use crate::app::App;
use crate::audit::{self, About, Event, Outcome};
use crate::error::Result;
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
    Extension(about): Extension<About>,
    Json(info): Json<ReplicationAssetInfo>,
) -> Result<()> {
    if let Some(asset_id) = &info.asset_id {
        about.resource(format!("asset/{asset_id}"));
    }
    let _new = caller.permit(Assets::New(&project, None))?;
    presented(&app, &caller, &project, info).await
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
