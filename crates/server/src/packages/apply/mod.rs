//! Applies a package in bounded transactions. What each has done is written down in it as items: an
//! attempt after a crash goes on behind the last one, and the items are the report.

mod applications;
mod assets;
mod conflicts;
mod files;
mod ids;
pub mod item;
mod matching;
mod tasks;

use std::collections::HashMap;

use entrepot_blob::StorageKey;

use self::item::Item;
use super::check::Outline;
use super::import_job::ImportPackage;
use super::model::{AssetJobStatus, Reason};
use super::store;
use super::unpacked::Assets;
use crate::app::App;
use crate::db::Tx;
use crate::error::{Error, ErrorCode, Result};
use crate::ids::AppId;
use crate::jobs::{Context, JobError};

/// Why an attempt does not come to its good end.
#[derive(Debug)]
pub enum Stop {
    /// As the queue has it: again, later, or somebody else has the job.
    Job(JobError),
    /// For good.
    Fail(Vec<Reason>),
}

impl From<JobError> for Stop {
    fn from(error: JobError) -> Self {
        Stop::Job(error)
    }
}

/// Errors between items: those that a later attempt may not meet.
impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Stop::Job(error.into())
    }
}

/// What an attempt has in hand.
struct Work<'a> {
    context: &'a Context,
    import: &'a ImportPackage,
    outline: Outline,
    /// So many items have been dealt with by earlier attempts.
    done: u64,
}

pub async fn apply(context: &Context, import: &ImportPackage) -> Result<(), Stop> {
    let app = &context.app;
    let id = import.job_id.clone();
    let done = app
        .db
        .read(async move |tx| store::items::count(tx, &id).await)
        .await?;
    let mut work = Work {
        context,
        import,
        outline: Outline::read(app, &import.upload_id).await?,
        done,
    };
    conflicts::refuse(&work).await?;
    applications::apply(&mut work).await?;
    tasks::apply(&mut work).await?;
    let targets = applications::targets(&work).await?;
    assets::apply(&mut work, &targets).await?;
    finish(context, import).await
}

/// The applications of the package by their ids in it, as they are in the instance.
type Targets = HashMap<String, AppId>;

impl Work<'_> {
    fn app(&self) -> &App {
        &self.context.app
    }

    async fn assets(&self) -> Result<Assets> {
        Assets::open(self.app(), &self.outline.assets).await
    }

    /// The number of the first asset among the items.
    fn first_asset(&self) -> u64 {
        (self.outline.apps.len() + self.outline.tasks.len()) as u64
    }

    /// Runs one transaction that deals with items; `about` is for the reason if it can't.
    async fn step<F>(&mut self, about: Reason, change: F) -> Result<(), Stop>
    where
        F: AsyncFn(&mut Tx, &App) -> Result<Made> + Send + 'static,
    {
        let (context, job) = (self.context.clone(), self.import.job_id.clone());
        let (done, total) = (self.done, self.import.items);
        let made = self
            .app()
            .db
            .write(async move |tx| {
                if !context.progress_in(tx, done.min(total), total).await? {
                    return Ok(None);
                }
                let made = change(tx, &context.app).await?;
                store::items::insert(tx, &job, &made.items).await?;
                Ok(Some(made))
            })
            .await
            .map_err(|error| stop(error, &about))?;
        let made = made.ok_or(JobError::Lost)?;
        for key in made.unused {
            self.app().blobs.delete(&key).await.map_err(Error::from)?;
        }
        self.done += made.items.len() as u64;
        Ok(())
    }
}

/// What a transaction has done.
#[derive(Debug, Default)]
struct Made {
    items: Vec<Item>,
    /// Stored content that the library had already.
    unused: Vec<StorageKey>,
}

/// What may be over by itself is tried again; the rest ends the job.
fn stop(error: Error, about: &Reason) -> Stop {
    match error.code {
        ErrorCode::Conflict | ErrorCode::Unavailable | ErrorCode::Internal => {
            Stop::Job(error.into())
        }
        _ => Stop::Fail(vec![because(about, &error)]),
    }
}

fn because(about: &Reason, error: &Error) -> Reason {
    let (_, code) = crate::http::render::of_roma(error.code);
    Reason::new(
        about.resource_type,
        &about.resource_name,
        code,
        &error.message,
    )
}

async fn finish(context: &Context, import: &ImportPackage) -> Result<(), Stop> {
    let (owned, id) = (context.clone(), import.job_id.clone());
    let ended = context
        .app
        .db
        .write(async move |tx| {
            if !owned.succeed(tx).await? {
                return Ok(false);
            }
            let (now, good) = (owned.app.clock.now(), AssetJobStatus::Succeeded);
            store::jobs::finish(tx, &id, good, &[], None, now).await
        })
        .await?;
    if ended {
        Ok(())
    } else {
        Err(Stop::Job(JobError::Lost))
    }
}
