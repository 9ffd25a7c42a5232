//! `PUT /v2/{project_id}/fdi/instances/{instance_id}/tasks/{task_id}`

use axum::extract::State;
use entrepot_api::integration::{RomaErrorResponse, TaskRequestBody, TaskResponse};

use super::view;
use crate::app::App;
use crate::error::Result;
use crate::http::caller::Caller;
use crate::http::json::Json;
use crate::http::path::PathIds;
use crate::iam::Resource;
use crate::ids::{InstanceId, ProjectId, TaskId};
use crate::instances::{require_instance, require_task, update_task};

/// Updates a task
///
/// A description or tag that the body leaves out stays as it is.
#[utoipa::path(put, path = "/v2/{project_id}/fdi/instances/{instance_id}/tasks/{task_id}",
    tag = "Tasks",
    params(("project_id" = String, Path), ("instance_id" = String, Path), ("task_id" = String, Path)),
    request_body = TaskRequestBody,
    responses((status = 200, body = TaskResponse), (status = 400, body = RomaErrorResponse),
        (status = 404, body = RomaErrorResponse)))]
pub async fn put(
    State(app): State<App>,
    caller: Caller,
    PathIds((project, instance, id)): PathIds<(ProjectId, InstanceId, TaskId)>,
    Json(body): Json<TaskRequestBody>,
) -> Result<Json<TaskResponse>> {
    caller.authorize(Resource::Instance(&project, &instance))?;
    view::check(&body)?;
    let (owner, now) = (project.clone(), app.clock.now());
    let updated = app
        .db
        .write(async move |tx| {
            require_instance(tx, &owner, &instance).await?;
            let mut task = require_task(tx, &instance, &id).await?;
            view::apply(&mut task, body.clone())?;
            task.updated_at = now;
            update_task(tx, &task).await?;
            Ok(task)
        })
        .await?;
    Ok(Json(view::response(updated, &project)))
}
