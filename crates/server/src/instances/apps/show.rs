//! `GET /v2/{project_id}/instances/{instance_id}/apps/{app_id}`

use axum::extract::State;
use entrepot_api::integration::{AppInfo, RomaErrorResponse};

use super::view;
use crate::app::App;
use crate::error::Result;
use crate::http::caller::Caller;
use crate::http::json::Json;
use crate::http::path::PathIds;
use crate::iam::Resource;
use crate::ids::{AppId, InstanceId, ProjectId};
use crate::instances::{require_app, require_instance};

/// Shows an application
#[utoipa::path(get, path = "/v2/{project_id}/instances/{instance_id}/apps/{app_id}",
    tag = "Applications",
    params(("project_id" = String, Path), ("instance_id" = String, Path), ("app_id" = String, Path)),
    responses((status = 200, body = AppInfo), (status = 404, body = RomaErrorResponse)))]
pub async fn get(
    State(app): State<App>,
    caller: Caller,
    PathIds((project, instance, id)): PathIds<(ProjectId, InstanceId, AppId)>,
) -> Result<Json<AppInfo>> {
    caller.authorize(Resource::Instance(&project, &instance))?;
    let found = app
        .db
        .read(async move |tx| {
            require_instance(tx, &project, &instance).await?;
            require_app(tx, &instance, &id).await
        })
        .await?;
    Ok(Json(view::info(found, &caller.principal.user_id)))
}
