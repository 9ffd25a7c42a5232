//! The job that makes a package: it reads all in one snapshot, stores the layout, and pins the
//! bytes in the transaction that ends it. A package is complete, or the job FAILED.

use std::collections::BTreeMap;

use entrepot_archive::{hex, model};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc::Receiver;

use super::contents::{self, Beginning, Content, Part};
use super::describe;
use super::layout::{self, Builder, Built, Source, SourceFile, derived_key};
use super::meter::Meter;
use super::model::{
    Archive, ArchiveState, AssetJob, AssetJobStatus, Delivery, Reason, ResourceType,
};
use super::requested::Requested;
use super::{store, work};
use crate::config::days;
use crate::db::Feed;
use crate::error::{Error, ErrorCode, Result};
use crate::http::render::of_roma;
use crate::ids::{AppId, ArchiveId, AssetJobId, BlobId, InstanceId, ProjectId};
use crate::instances::{self, Instance};
use crate::jobs::{Context, Job, JobError};
use crate::portable::{self, Refusal};

#[derive(Debug, Serialize, Deserialize)]
pub struct ExportAssets {
    job_id: AssetJobId,
    project_id: ProjectId,
    instance_id: InstanceId,
    items: Requested,
}

/// Blobs of one statement.
const PINS: usize = 500;

impl ExportAssets {
    pub(super) fn new(job: &AssetJob, items: Requested) -> Self {
        Self {
            job_id: job.job_id.clone(),
            project_id: job.project_id.clone(),
            instance_id: job.instance_id.clone(),
            items,
        }
    }

    /// The layout object of an attempt: so a later one finds what a crash has left.
    fn layout_key(&self, attempt: i64) -> entrepot_blob::StorageKey {
        derived_key(&format!("layout of {} {attempt}", self.job_id))
    }
}

impl Job for ExportAssets {
    const KIND: &'static str = "export-assets";

    fn subject(&self) -> &str {
        self.job_id.as_str()
    }

    async fn run(&self, context: &Context) -> Result<(), JobError> {
        let work = async {
            let mut meter = Meter::new(context);
            match self.export(context, &mut meter).await {
                Ok(()) => Ok(()),
                Err(Stopped::Refused(reasons)) => work::fail(context, &self.job_id, reasons).await,
                Err(Stopped::Cut) => Err(JobError::Retry("a snapshot was cut".into())),
                Err(Stopped::Error(error)) => Err(meter.ended_by(error)),
            }
        };
        work::attempt(context, &self.job_id, self.items.first(), Box::pin(work)).await
    }
}

/// Why an attempt did not come to its end.
enum Stopped {
    Refused(Vec<Reason>),
    /// The snapshot ended early, and knows why.
    Cut,
    Error(Error),
}

impl From<Error> for Stopped {
    fn from(error: Error) -> Self {
        Stopped::Error(error)
    }
}

impl ExportAssets {
    async fn export(&self, context: &Context, meter: &mut Meter) -> Result<(), Stopped> {
        let app = &context.app;
        for earlier in 1..context.job.attempt {
            let left = app.blobs.delete(&self.layout_key(earlier)).await;
            left.map_err(Error::from)?;
        }
        let (project, instance) = (self.project_id.clone(), self.instance_id.clone());
        let id = self.job_id.clone();
        let (instance, job) = app
            .db
            .read(async move |tx| {
                let found = instances::require_instance(tx, &project, &instance).await?;
                let job = store::jobs::find(tx, &project, &instance, &id).await?;
                Ok((
                    found,
                    job.ok_or_else(|| Error::internal("the asset job is gone"))?,
                ))
            })
            .await?;
        if job.status != AssetJobStatus::Running {
            return Ok(());
        }
        let (feed, parts) = Feed::new(1);
        let (of, items, db) = (self.instance_id.clone(), self.items.clone(), app.db.clone());
        let project = self.project_id.clone();
        let reading = tokio::spawn(async move {
            db.snapshot(async move |tx| contents::read(tx, &project, &of, &items, &feed).await)
                .await
        });
        let built = self.build(context, meter, &job, parts).await;
        let read = reading.await.map_err(Error::internal)?;
        let built = match (built, read) {
            (Err(Stopped::Cut) | Ok(_), Err(error)) => return Err(error.into()),
            (built, _) => built?,
        };
        Ok(self.settle(context, &job, &instance, built).await?)
    }

    async fn build(
        &self,
        context: &Context,
        meter: &mut Meter,
        job: &AssetJob,
        mut parts: Receiver<Part>,
    ) -> Result<Built, Stopped> {
        let Some(Part::Begin(beginning)) = parts.recv().await else {
            return Err(Stopped::Cut);
        };
        // once when it is read, once in the manifest, once in the directory
        meter.begin(beginning.file_count * 3).await?;
        let mut refusals = Refusals::of(&beginning);
        let items = layout::Items {
            source: model::Source {
                region: context.app.config.region.clone(),
                project_id: self.project_id.to_string(),
                instance_id: self.instance_id.to_string(),
            },
            created_at: portable::moment(job.begin_at),
            apps: beginning.apps.iter().map(describe::app).collect(),
            tasks: beginning.tasks.iter().map(describe::task).collect(),
        };
        refusals.check(&items);
        let key = self.layout_key(context.job.attempt);
        let mut builder = Builder::begin(&context.app.blobs, &key, items).await?;
        loop {
            let page = match parts.recv().await {
                Some(Part::Page(page)) => page,
                Some(Part::End) => break,
                Some(Part::Begin(_)) | None => return Err(Stopped::Cut),
            };
            for content in page {
                push(&mut builder, &mut refusals, meter, content).await?;
            }
            tokio::task::yield_now().await;
        }
        let reasons = refusals.reasons();
        if !reasons.is_empty() {
            builder.abandon().await?;
            return Err(Stopped::Refused(reasons));
        }
        Ok(builder.finish(meter).await?)
    }

    /// Pins the bytes, adds the archive and ends the job: all or nothing.
    async fn settle(
        &self,
        context: &Context,
        job: &AssetJob,
        instance: &Instance,
        built: Built,
    ) -> Result<()> {
        let archive = self.archive(context, job, instance, &built);
        let owned = context.clone();
        let pinned = context.app.db.write(async move |tx| {
            if !owned.succeed(tx).await? {
                return Ok(());
            }
            store::archives::insert(tx, &archive).await?;
            for sources in built.blobs.chunks(PINS) {
                let blobs: Vec<BlobId> = sources.iter().copied().map(Source::blob).collect();
                let live = store::archives::pin(tx, &archive.archive_id, &blobs).await?;
                if live != blobs.len() as u64 {
                    return Err(Error::internal("content was deleted while it was exported"));
                }
            }
            let (id, done) = (&archive.job_id, AssetJobStatus::Succeeded);
            store::jobs::finish(
                tx,
                id,
                done,
                &[],
                Some(&archive.archive_id),
                archive.created_at,
            )
            .await?;
            Ok(())
        });
        pinned.await
    }

    fn archive(
        &self,
        context: &Context,
        job: &AssetJob,
        instance: &Instance,
        built: &Built,
    ) -> Archive {
        let app = &context.app;
        let now = app.clock.now();
        Archive {
            archive_id: ArchiveId::new(app.ids.next()),
            project_id: self.project_id.clone(),
            instance_id: self.instance_id.clone(),
            job_id: self.job_id.clone(),
            state: ArchiveState::Ready,
            file_name: file_name(&instance.name, &job.begin_at.compact()),
            size: built.size,
            digest: hex(&built.digest),
            entry_count: built.entry_count,
            layout_key: Some(self.layout_key(context.job.attempt).as_str().to_owned()),
            table_at: built.table_at,
            piece_count: built.entry_count,
            directory_at: built.directory_at,
            created_by: job.user_id.clone(),
            created_at: now,
            expires_at: now.plus(days(app.config.archive_days)),
            lease: None,
            receipt_required: false,
            delivery: Delivery {
                number: 0,
                until: None,
                from: 0,
                to: 0,
            },
            covered: 0,
            sent_bytes: 0,
            ended_at: None,
        }
    }
}

async fn push(
    builder: &mut Builder,
    refusals: &mut Refusals,
    meter: &mut Meter,
    content: Content,
) -> Result<()> {
    let apps = content.apps.clone();
    match portable::describe(content.asset, &content.apps, content.files) {
        Err(refusal) => refusals.add(&apps, &refusal),
        Ok((line, files)) => {
            let count = files.len() as u64;
            // what can't become complete only needs to be read for the rest of the reasons
            if refusals.is_empty() {
                let files = files.into_iter().map(source).collect::<Result<Vec<_>>>()?;
                builder.push(&line, &files).await?;
            }
            meter.add(count).await?;
        }
    }
    Ok(())
}

fn source(file: portable::Stored) -> Result<SourceFile> {
    Ok(SourceFile {
        blob: Source::of_blob(&file.blob)?,
        path: file.path,
        size: file.size,
        crc32: file.crc32,
        sha256: file.sha256,
    })
}

/// What keeps a package from being complete, by application and task.
#[derive(Default)]
struct Refusals {
    unknown: Vec<Reason>,
    /// Names of the applications.
    names: BTreeMap<AppId, String>,
    /// The first refusal of each application, and how many there are.
    apps: BTreeMap<AppId, (Refusal, u64)>,
}

impl Refusals {
    fn of(beginning: &Beginning) -> Self {
        let mut refusals = Self::default();
        for app in &beginning.apps {
            refusals.names.insert(app.app_id.clone(), app.name.clone());
        }
        let (_, code) = of_roma(ErrorCode::AppNotFound);
        for id in &beginning.unknown_apps {
            let message = "The application does not exist.";
            refusals.unknown.push(Reason::new(
                ResourceType::Application,
                id.as_str(),
                code,
                message,
            ));
        }
        let (_, code) = of_roma(ErrorCode::TaskNotFound);
        for id in &beginning.unknown_tasks {
            let message = "The task does not exist.";
            refusals
                .unknown
                .push(Reason::new(ResourceType::Task, id.as_str(), code, message));
        }
        refusals
    }

    /// That importers will take the items as they are.
    fn check(&mut self, items: &layout::Items) {
        let (_, code) = of_roma(ErrorCode::NotSupported);
        let apps = items
            .apps
            .iter()
            .map(|app| (ResourceType::Application, &app.name, app.validate()));
        let tasks = items.tasks.iter();
        let tasks = tasks.map(|task| (ResourceType::Task, &task.task_name, task.validate()));
        for (kind, name, valid) in apps.chain(tasks) {
            if let Err(invalid) = valid {
                self.unknown
                    .push(Reason::new(kind, name, code, &invalid.problem));
            }
        }
    }

    fn add(&mut self, apps: &[AppId], refusal: &Refusal) {
        for app in apps {
            let first = || (refusal.clone(), 0);
            self.apps.entry(app.clone()).or_insert_with(first).1 += 1;
        }
    }

    fn is_empty(&self) -> bool {
        self.unknown.is_empty() && self.apps.is_empty()
    }

    fn reasons(self) -> Vec<Reason> {
        let mut reasons = self.unknown;
        for (app, (refusal, count)) in self.apps {
            let name = self.names.get(&app).map_or(app.as_str(), String::as_str);
            let (_, code) = of_roma(refusal.code);
            let message = match count {
                0 | 1 => refusal.message,
                more => format!("{}; {} more", refusal.message, more - 1),
            };
            reasons.push(Reason::new(ResourceType::Application, name, code, &message));
        }
        reasons
    }
}

/// A name that every importer takes: letters, digits and `+ - _`, a letter or digit first.
fn file_name(instance: &str, time: &str) -> String {
    let allowed = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '_');
    let name: String = instance.chars().filter(allowed).collect();
    let name = name.trim_start_matches(['+', '-', '_']);
    let name = if name.is_empty() { "package" } else { name };
    format!("{name}-{time}.zip")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_are_what_importers_take() {
        let time = "20270115T080000Z";
        for (instance, name) in [
            ("default", "default-20270115T080000Z.zip"),
            ("_my room (2)", "myroom2-20270115T080000Z.zip"),
            ("工作", "package-20270115T080000Z.zip"),
        ] {
            assert_eq!(file_name(instance, time), name);
        }
    }
}
