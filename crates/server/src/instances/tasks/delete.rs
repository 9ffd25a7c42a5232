//! `DELETE /v2/{project_id}/fdi/instances/{instance_id}/tasks/{task_id}`

use axum::extract::State;
use entrepot_api::integration::RomaErrorResponse;

use crate::app::App;
use crate::error::Result;
use crate::http::caller::Caller;
use crate::http::path::PathIds;
use crate::iam::Resource;
use crate::ids::{InstanceId, ProjectId, TaskId};
use crate::instances::{delete_task, require_instance, require_task};

/// Deletes a task
#[utoipa::path(delete, path = "/v2/{project_id}/fdi/instances/{instance_id}/tasks/{task_id}",
    tag = "Tasks",
    params(("project_id" = String, Path), ("instance_id" = String, Path), ("task_id" = String, Path)),
    responses((status = 200), (status = 404, body = RomaErrorResponse)))]
pub async fn delete(
    State(app): State<App>,
    caller: Caller,
    PathIds((project, instance, id)): PathIds<(ProjectId, InstanceId, TaskId)>,
) -> Result<()> {
    caller.authorize(Resource::Instance(&project, &instance))?;
    app.db
        .write(async move |tx| {
            require_instance(tx, &project, &instance).await?;
            require_task(tx, &instance, &id).await?;
            delete_task(tx, &id).await?;
            Ok(())
        })
        .await
}
