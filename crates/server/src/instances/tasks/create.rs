//! `POST /v2/{project_id}/fdi/instances/{instance_id}/tasks`

use axum::extract::State;
use entrepot_api::integration::{RomaErrorResponse, TaskRequestBody, TaskResponse};

use super::view;
use crate::app::App;
use crate::error::Result;
use crate::http::caller::Caller;
use crate::http::json::Json;
use crate::http::path::PathIds;
use crate::iam::Resource;
use crate::ids::{InstanceId, ProjectId};
use crate::instances::model::{Task, TaskType};
use crate::instances::{insert_task, require_instance};

/// Creates a task
///
/// Its definition is kept as it is; nothing runs it.
#[utoipa::path(post, path = "/v2/{project_id}/fdi/instances/{instance_id}/tasks", tag = "Tasks",
    params(("project_id" = String, Path), ("instance_id" = String, Path)),
    request_body = TaskRequestBody,
    responses((status = 200, body = TaskResponse), (status = 400, body = RomaErrorResponse),
        (status = 404, body = RomaErrorResponse)))]
pub async fn post(
    State(app): State<App>,
    caller: Caller,
    PathIds((project, instance)): PathIds<(ProjectId, InstanceId)>,
    Json(body): Json<TaskRequestBody>,
) -> Result<Json<TaskResponse>> {
    caller.authorize(Resource::Instance(&project, &instance))?;
    view::check(&body)?;
    let now = app.clock.now();
    let mut task = Task {
        task_id: app.ids.task(),
        instance_id: instance.clone(),
        name: String::new(),
        task_type: TaskType::Timing,
        description: None,
        tag: None,
        source_datasource_id: String::new(),
        target_datasource_id: String::new(),
        detail: String::new(),
        created_at: now,
        updated_at: now,
    };
    view::apply(&mut task, body)?;
    let (inserted, owner) = (task.clone(), project.clone());
    app.db
        .write(async move |tx| {
            require_instance(tx, &owner, &instance).await?;
            insert_task(tx, &inserted).await
        })
        .await?;
    Ok(Json(view::response(task, &project)))
}
