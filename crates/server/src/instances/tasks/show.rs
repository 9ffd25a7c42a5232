//! `GET /v2/{project_id}/fdi/instances/{instance_id}/tasks/{task_id}`

use axum::extract::State;
use entrepot_api::integration::{RomaErrorResponse, TaskResponse};

use super::view;
use crate::app::App;
use crate::error::Result;
use crate::http::caller::Caller;
use crate::http::json::Json;
use crate::http::path::PathIds;
use crate::iam::Resource;
use crate::ids::{InstanceId, ProjectId, TaskId};
use crate::instances::{require_instance, require_task};

/// Shows a task
#[utoipa::path(get, path = "/v2/{project_id}/fdi/instances/{instance_id}/tasks/{task_id}",
    tag = "Tasks",
    params(("project_id" = String, Path), ("instance_id" = String, Path), ("task_id" = String, Path)),
    responses((status = 200, body = TaskResponse), (status = 404, body = RomaErrorResponse)))]
pub async fn get(
    State(app): State<App>,
    caller: Caller,
    PathIds((project, instance, id)): PathIds<(ProjectId, InstanceId, TaskId)>,
) -> Result<Json<TaskResponse>> {
    caller.authorize(Resource::Instance(&project, &instance))?;
    let owner = project.clone();
    let found = app
        .db
        .read(async move |tx| {
            require_instance(tx, &owner, &instance).await?;
            require_task(tx, &instance, &id).await
        })
        .await?;
    Ok(Json(view::response(found, &project)))
}
