//! The job that applies a package which has been received and checked.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::apply::{self, Stop};
use super::check;
use super::model::{AssetJobType, ResourceType};
use super::store;
use super::uploads::drop;
use super::uploads::model::{Options, Upload};
use super::work;
use crate::app::App;
use crate::audit::{self, Event};
use crate::error::{Error, ErrorCode, Result};
use crate::iam::Caller;
use crate::ids::{AssetJobId, InstanceId, ProjectId, UploadId, UserId};
use crate::jobs::{Context, Job, JobError};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ImportPackage {
    pub job_id: AssetJobId,
    pub upload_id: UploadId,
    pub project_id: ProjectId,
    pub instance_id: InstanceId,
    pub user_id: UserId,
    pub file_name: String,
    pub options: Options,
    /// Applications, tasks, assets and files.
    pub items: u64,
}

impl Job for ImportPackage {
    const KIND: &'static str = "import-package";

    fn subject(&self) -> &str {
        self.job_id.as_str()
    }

    fn total(&self) -> u64 {
        self.items
    }

    async fn run(&self, context: &Context) -> Result<(), JobError> {
        let work = async {
            match apply::apply(context, self).await {
                Ok(()) => Ok(()),
                Err(Stop::Fail(reasons)) => work::fail(context, &self.job_id, reasons).await,
                Err(Stop::Job(error)) => Err(error),
            }
        };
        let about = (ResourceType::Application, self.file_name.clone());
        work::attempt(context, &self.job_id, about, Box::pin(work)).await?;
        // what can't be removed now, the sweep removes
        if let Err(error) = drop::end(&context.app, &self.upload_id).await {
            tracing::warn!(%error, upload = %self.upload_id, "an upload could not be removed");
        }
        Ok(())
    }
}

/// Checks a package that has been received, and begins to import it. One that is not right is
/// given up: no other call can make it right.
pub async fn begin(
    app: &App,
    caller: &Caller,
    upload: &Upload,
    options: Options,
) -> Result<AssetJobId> {
    let items = match check::check(app, upload, &options).await {
        Ok(items) => items,
        Err(error) => {
            if error.code == ErrorCode::PackageInvalid {
                drop::discard(app, &upload.upload_id).await?;
            }
            return Err(error);
        }
    };
    let (project, instance) = (upload.project_id.clone(), upload.instance_id.clone());
    let job = work::draft(app, caller, project, instance, AssetJobType::Import);
    let import = ImportPackage {
        job_id: job.job_id.clone(),
        upload_id: upload.upload_id.clone(),
        project_id: job.project_id.clone(),
        instance_id: job.instance_id.clone(),
        user_id: job.user_id.clone(),
        file_name: upload.file_name.clone(),
        options,
        items,
    };
    let resource = format!("job/{}", job.job_id);
    let detail = json!({"upload_id": upload.upload_id, "items": items});
    let event = Event::of(app, caller, &job.project_id, resource).detail(detail);
    let owned = app.clone();
    let id = job.job_id.clone();
    app.db
        .write(async move |tx| {
            let now = owned.clock.now();
            work::begin(tx, &owned, &job, &import).await?;
            audit::record(tx, &event).await?;
            if store::uploads::begin_import(tx, &import.upload_id, &job.job_id, now).await? {
                return Ok(());
            }
            Err(Error::new(
                ErrorCode::UploadOffset,
                "The upload is being imported already, or was given up.",
            ))
        })
        .await?;
    app.bell.ring();
    Ok(id)
}
