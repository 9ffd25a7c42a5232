//! What export, import and delete jobs have in common: one running job a user, and an end that the
//! caller sees, whatever becomes of the work.

use crate::app::App;
use crate::db::Tx;
use crate::error::{Error, ErrorCode, Result};
use crate::http::render::of_roma;
use crate::iam::Caller;
use crate::ids::{AssetJobId, InstanceId, ProjectId};
use crate::jobs::{self, Context, Job, JobError};

use super::delete_job::DeleteAssets;
use super::export_job::ExportAssets;
use super::model::{AssetJob, AssetJobStatus, AssetJobType, Reason, ResourceType};
use super::store;

/// Attempts after which a job is given up, so that nobody is locked out by one that always dies.
pub const ATTEMPTS: i64 = 10;

/// A job about to begin.
pub fn draft(
    app: &App,
    caller: &Caller,
    project: ProjectId,
    instance: InstanceId,
    job_type: AssetJobType,
) -> AssetJob {
    AssetJob {
        job_id: AssetJobId::new(app.ids.next()),
        project_id: project,
        instance_id: instance,
        user_id: caller.principal.user_id.clone(),
        job_type,
        status: AssetJobStatus::Running,
        reasons: Vec::new(),
        archive_id: None,
        begin_at: app.clock.now(),
        end_at: None,
    }
}

/// Begins a job, unless its user has one that is running. Ring the bell after the transaction.
pub async fn begin<J: Job>(tx: &mut Tx, app: &App, asset_job: &AssetJob, work: &J) -> Result<()> {
    if !store::jobs::insert(tx, asset_job).await? {
        return Err(running());
    }
    jobs::enqueue(tx, app, work, asset_job.begin_at).await?;
    Ok(())
}

/// The queue's word for jobs of a type.
pub fn kind(job_type: AssetJobType) -> &'static str {
    match job_type {
        AssetJobType::Export => ExportAssets::KIND,
        AssetJobType::Import => "import-package",
        AssetJobType::Delete => DeleteAssets::KIND,
    }
}

/// Runs an attempt, and gives the job up when it was the last one: then `item` carries the reason.
pub async fn attempt(
    context: &Context,
    id: &AssetJobId,
    item: (ResourceType, String),
    work: impl Future<Output = Result<(), JobError>>,
) -> Result<(), JobError> {
    let give_up = async |why: &str| {
        tracing::error!(job = %id, why, "an asset job is given up");
        let (_, code) = of_roma(ErrorCode::Internal);
        let message = "given up after many attempts; the server's log says why";
        fail(
            context,
            id,
            vec![Reason::new(item.0, &item.1, code, message)],
        )
        .await
    };
    // its process may have died each time
    if context.job.attempt > ATTEMPTS {
        return give_up("the attempts before did not end").await;
    }
    match work.await {
        Err(JobError::Retry(why)) if context.job.attempt >= ATTEMPTS => give_up(&why).await,
        other => other,
    }
}

pub fn running() -> Error {
    Error::new(
        ErrorCode::AssetJobRunning,
        "An asset management task is running.",
    )
}

/// Ends a job as failed, here and in the queue, in one transaction.
pub async fn fail(
    context: &Context,
    id: &AssetJobId,
    reasons: Vec<Reason>,
) -> Result<(), JobError> {
    let (owned, id) = (context.clone(), id.clone());
    let summary = reasons
        .iter()
        .map(|r| format!("{}: {}", r.resource_name, r.error_msg))
        .collect::<Vec<_>>()
        .join("; ");
    tracing::warn!(job = %id, summary, "an asset job failed");
    context
        .app
        .db
        .write(async move |tx| {
            if owned.fail(tx, "AssetJobFailed", &summary).await? {
                let now = owned.app.clock.now();
                let failed = AssetJobStatus::Failed;
                store::jobs::finish(tx, &id, failed, &reasons, None, now).await?;
            }
            Ok(())
        })
        .await?;
    Ok(())
}
