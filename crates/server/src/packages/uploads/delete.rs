//! `DELETE /v2/{project_id}/instances/{instance_id}/assets/entrepot/uploads/{upload_id}`

use axum::extract::State;
use entrepot_api::integration::RomaErrorResponse;

use super::model::UploadState;
use super::{drop, rules};
use crate::app::App;
use crate::error::Result;
use crate::http::caller::Caller;
use crate::http::path::PathIds;
use crate::iam::Resource;
use crate::ids::{InstanceId, ProjectId, UploadId};
use crate::packages::work;

/// Gives a package up that was being sent (extension)
#[utoipa::path(delete,
    path = "/v2/{project_id}/instances/{instance_id}/assets/entrepot/uploads/{upload_id}",
    tag = "Packages",
    params(("project_id" = String, Path), ("instance_id" = String, Path),
        ("upload_id" = String, Path)),
    responses((status = 200), (status = 400, body = RomaErrorResponse),
        (status = 404, body = RomaErrorResponse)))]
pub async fn delete(
    State(app): State<App>,
    caller: Caller,
    PathIds((project, instance, id)): PathIds<(ProjectId, InstanceId, UploadId)>,
) -> Result<()> {
    caller.authorize(Resource::Instance(&project, &instance))?;
    let (user, asked) = (caller.principal.user_id.clone(), id.clone());
    let upload = app
        .db
        .read(async move |tx| rules::require_own(tx, &project, &instance, &user, &asked).await)
        .await?;
    if upload.state == UploadState::Importing {
        return Err(work::running());
    }
    drop::discard(&app, &id).await
}
