//! `GET /v2/{project_id}/instances/{instance_id}/assets/jobs/{job_id}`: how far a job is.

use axum::extract::State;
use entrepot_api::integration::RomaErrorResponse;
use entrepot_api::packages::{AssetJobInfo, AssetJobReason};

use super::model::{AssetJob, AssetJobStatus, Reason, few};
use super::{store, work};
use crate::app::App;
use crate::error::{Error, ErrorCode, Result};
use crate::http::caller::Caller;
use crate::http::json::Json;
use crate::http::path::PathIds;
use crate::iam::Resource;
use crate::ids::{AssetJobId, InstanceId, ProjectId};
use crate::instances::require_instance;
use crate::jobs::queue::{self, Progress};

/// Tells how far an export, import or deletion is
#[utoipa::path(get, path = "/v2/{project_id}/instances/{instance_id}/assets/jobs/{job_id}", tag = "Packages",
    params(("project_id" = String, Path), ("instance_id" = String, Path), ("job_id" = String, Path)),
    responses((status = 200, body = AssetJobInfo),
        (status = 404, body = RomaErrorResponse)))]
pub async fn get(
    State(app): State<App>,
    caller: Caller,
    PathIds((project, instance, job)): PathIds<(ProjectId, InstanceId, AssetJobId)>,
) -> Result<Json<AssetJobInfo>> {
    caller.authorize(Resource::Instance(&project, &instance))?;
    let (job, progress) = app
        .db
        .snapshot(async move |tx| {
            require_instance(tx, &project, &instance).await?;
            let found = store::jobs::find(tx, &project, &instance, &job).await?;
            let job = found.ok_or_else(|| not_found(&job))?;
            let kind = work::kind(job.job_type);
            let progress = queue::list_progress(tx, kind, &[job.job_id.as_str()]).await?;
            Ok((job, progress.into_iter().next()))
        })
        .await?;
    Ok(Json(info(job, progress.as_ref())))
}

fn not_found(job: &AssetJobId) -> Error {
    let message = format!("The asset job does not exist;id:{job}");
    Error::new(ErrorCode::AssetJobNotFound, message)
}

fn info(job: AssetJob, progress: Option<&Progress>) -> AssetJobInfo {
    let progress_percent = match job.status {
        AssetJobStatus::Succeeded => 1.0,
        AssetJobStatus::Running | AssetJobStatus::Failed => progress.map_or(0.0, fraction),
    };
    // those of a job that is running may still change
    let reasons = match job.status {
        AssetJobStatus::Running => Vec::new(),
        AssetJobStatus::Succeeded | AssetJobStatus::Failed => few(job.reasons),
    };
    let reasons: Vec<AssetJobReason> = reasons.into_iter().map(reason).collect();
    AssetJobInfo {
        id: job.job_id.into_string(),
        job_type: job.job_type.as_str().to_owned(),
        status: job.status.as_str().to_owned(),
        reason: reasons.clone(),
        reasons,
        progress_percent,
        archive_id: job.archive_id.map(crate::ids::ArchiveId::into_string),
        begin_time: job.begin_at.rfc3339(),
        end_time: job.end_at.map(crate::clock::Timestamp::rfc3339),
    }
}

/// In whole hundredths; 1 is for what is over.
fn fraction(progress: &Progress) -> f64 {
    let hundredths = progress.done.saturating_mul(100) / progress.total.max(1);
    let hundredths = i32::try_from(hundredths.clamp(0, 99)).unwrap_or_default();
    f64::from(hundredths) / 100.0
}

fn reason(reason: Reason) -> AssetJobReason {
    AssetJobReason {
        resource_type: reason.resource_type.as_str().to_owned(),
        resource_name: reason.resource_name,
        error_code: reason.error_code,
        error_msg: reason.error_msg,
    }
}
