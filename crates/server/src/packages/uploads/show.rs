//! `GET /v2/{project_id}/instances/{instance_id}/assets/entrepot/uploads/{upload_id}`

use axum::extract::State;
use entrepot_api::imports::UploadInfo;
use entrepot_api::integration::RomaErrorResponse;

use super::{rules, view};
use crate::app::App;
use crate::error::Result;
use crate::http::caller::Caller;
use crate::http::json::Json;
use crate::http::path::PathIds;
use crate::iam::Resource;
use crate::ids::{InstanceId, ProjectId, UploadId};

/// Shows how much of a package has arrived (extension)
#[utoipa::path(get,
    path = "/v2/{project_id}/instances/{instance_id}/assets/entrepot/uploads/{upload_id}",
    tag = "Packages",
    params(("project_id" = String, Path), ("instance_id" = String, Path),
        ("upload_id" = String, Path)),
    responses((status = 200, body = UploadInfo), (status = 404, body = RomaErrorResponse)))]
pub async fn get(
    State(app): State<App>,
    caller: Caller,
    PathIds((project, instance, id)): PathIds<(ProjectId, InstanceId, UploadId)>,
) -> Result<Json<UploadInfo>> {
    caller.authorize(Resource::Instance(&project, &instance))?;
    let user = caller.principal.user_id.clone();
    let upload = app
        .db
        .read(async move |tx| rules::require_own(tx, &project, &instance, &user, &id).await)
        .await?;
    Ok(Json(view::info(upload)))
}
