//! The job that deletes applications and tasks, each in a transaction of its own. Digital assets
//! stay in the library.

use serde::{Deserialize, Serialize};

use super::model::{AssetJob, AssetJobStatus, Reason, ResourceType};
use super::requested::Requested;
use super::{store, work};
use crate::db::Tx;
use crate::error::{ErrorCode, Result};
use crate::http::render::of_roma;
use crate::ids::{AppId, AssetJobId, InstanceId, ProjectId, TaskId};
use crate::instances;
use crate::jobs::{Context, Job, JobError, queue};

#[derive(Debug, Serialize, Deserialize)]
pub struct DeleteAssets {
    job_id: AssetJobId,
    project_id: ProjectId,
    instance_id: InstanceId,
    items: Requested,
}

#[derive(Debug, Clone)]
enum Item {
    App(AppId),
    Task(TaskId),
}

impl DeleteAssets {
    pub(super) fn new(job: &AssetJob, items: Requested) -> Self {
        Self {
            job_id: job.job_id.clone(),
            project_id: job.project_id.clone(),
            instance_id: job.instance_id.clone(),
            items,
        }
    }

    fn items(&self) -> Vec<Item> {
        let apps = self.items.apps.iter().cloned().map(Item::App);
        let tasks = self.items.tasks.iter().cloned().map(Item::Task);
        apps.chain(tasks).collect()
    }
}

impl Job for DeleteAssets {
    const KIND: &'static str = "delete-assets";

    fn subject(&self) -> &str {
        self.job_id.as_str()
    }

    fn total(&self) -> u64 {
        self.items.count() as u64
    }

    async fn run(&self, context: &Context) -> Result<(), JobError> {
        let work = self.delete(context);
        work::attempt(context, &self.job_id, self.items.first(), work).await
    }
}

impl DeleteAssets {
    async fn delete(&self, context: &Context) -> Result<(), JobError> {
        let Some((done, mut reasons)) = self.progress(context).await? else {
            return Ok(());
        };
        let items = self.items();
        for (number, item) in (1..).zip(&items).skip(done) {
            self.delete_one(context, item, number, &mut reasons).await?;
        }
        if !reasons.is_empty() {
            return work::fail(context, &self.job_id, reasons).await;
        }
        let (owned, id) = (context.clone(), self.job_id.clone());
        let ended = context.app.db.write(async move |tx| {
            if owned.succeed(tx).await? {
                let (done, now) = (AssetJobStatus::Succeeded, owned.app.clock.now());
                store::jobs::finish(tx, &id, done, &[], None, now).await?;
            }
            Ok(())
        });
        Ok(ended.await?)
    }

    /// How many items earlier attempts are done with, and what kept some of them from going.
    async fn progress(&self, context: &Context) -> Result<Option<(usize, Vec<Reason>)>> {
        let (project, instance) = (self.project_id.clone(), self.instance_id.clone());
        let id = self.job_id.clone();
        let found = context.app.db.snapshot(async move |tx| {
            let job = store::jobs::find(tx, &project, &instance, &id).await?;
            let progress = queue::list_progress(tx, Self::KIND, &[id.as_str()]).await?;
            Ok((job, progress.first().map_or(0, |progress| progress.done)))
        });
        let (job, done) = found.await?;
        let job = job.filter(|job| job.status == AssetJobStatus::Running);
        Ok(job.map(|job| (usize::try_from(done).unwrap_or_default(), job.reasons)))
    }

    /// Deletes an item and counts it, or neither.
    async fn delete_one(
        &self,
        context: &Context,
        item: &Item,
        number: u64,
        reasons: &mut Vec<Reason>,
    ) -> Result<(), JobError> {
        let (owned, id, total) = (context.clone(), self.job_id.clone(), self.total());
        let (instance, item, before) = (self.instance_id.clone(), item.clone(), reasons.clone());
        let deleted = context.app.db.write(async move |tx| {
            let now = owned.app.clock.now();
            if !queue::progress(tx, &owned.job, number, total, now).await? {
                return Ok(None);
            }
            let mut reasons = before.clone();
            if let Some(reason) = remove(tx, &instance, &item).await? {
                reasons.push(reason);
                store::jobs::set_reasons(tx, &id, &reasons).await?;
            }
            Ok(Some(reasons))
        });
        *reasons = deleted.await?.ok_or(JobError::Lost)?;
        Ok(())
    }
}

async fn remove(tx: &mut Tx, instance: &InstanceId, item: &Item) -> Result<Option<Reason>> {
    let (kind, id, code, message) = match item {
        Item::App(id) => {
            if instances::find_app(tx, instance, id).await?.is_some() {
                instances::delete_app(tx, id).await?;
                return Ok(None);
            }
            let message = "The application does not exist.";
            (
                ResourceType::Application,
                id.as_str(),
                ErrorCode::AppNotFound,
                message,
            )
        }
        Item::Task(id) => {
            if instances::find_task(tx, instance, id).await?.is_some() {
                instances::delete_task(tx, id).await?;
                return Ok(None);
            }
            let message = "The task does not exist.";
            (
                ResourceType::Task,
                id.as_str(),
                ErrorCode::TaskNotFound,
                message,
            )
        }
    };
    let (_, code) = of_roma(code);
    Ok(Some(Reason::new(kind, id, code, message)))
}
