//! `DELETE /v2/{project_id}/instances/{instance_id}/apps/{app_id}`

use axum::extract::State;
use entrepot_api::integration::RomaErrorResponse;

use crate::app::App;
use crate::error::Result;
use crate::http::caller::Caller;
use crate::http::path::PathIds;
use crate::iam::Resource;
use crate::ids::{AppId, InstanceId, ProjectId};
use crate::instances::{delete_app, require_app, require_instance};

/// Deletes an application
///
/// Its digital assets are detached, and stay.
#[utoipa::path(delete, path = "/v2/{project_id}/instances/{instance_id}/apps/{app_id}",
    tag = "Applications",
    params(("project_id" = String, Path), ("instance_id" = String, Path), ("app_id" = String, Path)),
    responses((status = 200), (status = 404, body = RomaErrorResponse)))]
pub async fn delete(
    State(app): State<App>,
    caller: Caller,
    PathIds((project, instance, id)): PathIds<(ProjectId, InstanceId, AppId)>,
) -> Result<()> {
    caller.authorize(Resource::Instance(&project, &instance))?;
    app.db
        .write(async move |tx| {
            require_instance(tx, &project, &instance).await?;
            require_app(tx, &instance, &id).await?;
            delete_app(tx, &id).await?;
            Ok(())
        })
        .await
}
