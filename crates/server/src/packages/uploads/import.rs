//! `POST /v2/{project_id}/instances/{instance_id}/assets/entrepot/uploads/{upload_id}/import`

use axum::extract::State;
use entrepot_api::imports::ImportAssetResponse;
use entrepot_api::integration::RomaErrorResponse;

use super::model::{Options, UploadState};
use super::rules;
use crate::app::App;
use crate::error::{Error, ErrorCode, Result};
use crate::http::caller::Caller;
use crate::http::json::Json;
use crate::http::path::PathIds;
use crate::http::query::Query;
use crate::iam::Resource;
use crate::ids::{AssetJobId, InstanceId, ProjectId, UploadId};
use crate::packages::import_job;

/// Imports a package that has been received (extension)
///
/// As `POST …/assets/import`, which see. May be called again: it answers the same job.
#[utoipa::path(post,
    path = "/v2/{project_id}/instances/{instance_id}/assets/entrepot/uploads/{upload_id}/import",
    tag = "Packages",
    params(("project_id" = String, Path), ("instance_id" = String, Path),
        ("upload_id" = String, Path),
        ("type" = Option<String>, Query, description = "AddNew (default) or Merge"),
        ("prefix" = Option<String>, Query, description = "1 to 64 characters"),
        ("datasource_overwrite" = Option<bool>, Query)),
    responses((status = 200, body = ImportAssetResponse), (status = 400, body = RomaErrorResponse),
        (status = 404, body = RomaErrorResponse), (status = 409, body = RomaErrorResponse)))]
pub async fn post(
    State(app): State<App>,
    caller: Caller,
    PathIds((project, instance, id)): PathIds<(ProjectId, InstanceId, UploadId)>,
    query: Query,
) -> Result<Json<ImportAssetResponse>> {
    caller.authorize(Resource::Instance(&project, &instance))?;
    let options = Options::parse(query)?;
    let user = caller.principal.user_id.clone();
    let upload = app
        .db
        .read(async move |tx| rules::require_own(tx, &project, &instance, &user, &id).await)
        .await?;
    if let Some(job) = upload.job_id {
        return Ok(answer(job));
    }
    if upload.state != UploadState::Received {
        let (have, all) = (upload.received, upload.size.unwrap_or(0));
        return Err(Error::new(
            ErrorCode::UploadOffset,
            format!("The upload is not complete: it goes on at byte {have} of {all}."),
        ));
    }
    let job = import_job::begin(&app, &caller, &upload, options).await?;
    Ok(answer(job))
}

pub fn answer(job: AssetJobId) -> Json<ImportAssetResponse> {
    let job_id = job.into_string();
    Json(ImportAssetResponse { job_id })
}
