//! `POST /v2/{project_id}/instances/{instance_id}/assets/export`

use axum::extract::State;
use entrepot_api::integration::RomaErrorResponse;
use entrepot_api::packages::{AssetJobResponse, AssetOperateRequest};

use super::export_job::ExportAssets;
use super::model::AssetJobType;
use super::requested::Requested;
use super::work;
use crate::app::App;
use crate::error::Result;
use crate::http::caller::Caller;
use crate::http::json::Json;
use crate::http::path::PathIds;
use crate::iam::Resource;
use crate::ids::{InstanceId, ProjectId};
use crate::instances::require_instance;

/// Begins to export applications and tasks as a package
///
/// Up to 100 in all, with the digital assets of the applications. The job answers the archive to
/// download. One job of a user runs at a time.
#[utoipa::path(post, path = "/v2/{project_id}/instances/{instance_id}/assets/export", tag = "Packages",
    params(("project_id" = String, Path), ("instance_id" = String, Path)),
    request_body = AssetOperateRequest,
    responses((status = 200, body = AssetJobResponse),
        (status = 400, body = RomaErrorResponse, description = "ROMA.10012: a job of the caller is running"),
        (status = 404, body = RomaErrorResponse)))]
pub async fn post(
    State(app): State<App>,
    caller: Caller,
    PathIds((project, instance)): PathIds<(ProjectId, InstanceId)>,
    Json(body): Json<AssetOperateRequest>,
) -> Result<Json<AssetJobResponse>> {
    caller.authorize(Resource::Instance(&project, &instance))?;
    let items = Requested::parse(body)?;
    let job = work::draft(&app, &caller, project, instance, AssetJobType::Export);
    let export = ExportAssets::new(&job, items);
    let (begun, owned) = (job.clone(), app.clone());
    app.db
        .write(async move |tx| {
            require_instance(tx, &begun.project_id, &begun.instance_id).await?;
            work::begin(tx, &owned, &begun, &export).await
        })
        .await?;
    app.bell.ring();
    Ok(Json(AssetJobResponse {
        job_id: job.job_id.into_string(),
    }))
}
