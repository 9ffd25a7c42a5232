//! Takes jobs from the queue and runs them, a few at a time.

use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;

use super::queue::{self, Claimed};
use super::{Context, JobError, Lane, Registry, schedule};
use crate::app::App;
use crate::error::Result;

/// How often the queue is looked at when nobody rings.
const POLL: Duration = Duration::from_secs(1);
const RETRY_FIRST: Duration = Duration::from_secs(1);
const RETRY_MOST: Duration = Duration::from_mins(10);

/// The workers of this process; stopped by [`Runner::stop`].
#[derive(Debug)]
pub struct Runner {
    stop: watch::Sender<bool>,
    workers: JoinSet<()>,
}

impl Runner {
    pub fn start(app: &App, registry: &Registry) -> Self {
        let (stop, stopped) = watch::channel(false);
        let mut workers = JoinSet::new();
        for lane in Lane::ALL {
            for _ in 0..lane.workers(&app.config) {
                let (app, registry, stopped) = (app.clone(), registry.clone(), stopped.clone());
                workers.spawn(async move { work(&app, &registry, lane, stopped).await });
            }
        }
        let (app, registry) = (app.clone(), registry.clone());
        workers.spawn(async move { schedule::keep(&app, &registry, stopped).await });
        Self { stop, workers }
    }

    /// Jobs under way are put back; the next start goes on with them.
    pub async fn stop(mut self) {
        let _ = self.stop.send(true);
        while self.workers.join_next().await.is_some() {}
    }
}

async fn work(app: &App, registry: &Registry, lane: Lane, mut stopped: watch::Receiver<bool>) {
    while !*stopped.borrow() {
        match next(app, lane).await {
            Ok(Some(job)) => run(app, registry, job, &mut stopped).await,
            Ok(None) => {
                tokio::select! {
                    () = app.bell.rung() => {}
                    () = tokio::time::sleep(POLL) => {}
                    _ = stopped.changed() => {}
                }
            }
            Err(error) => {
                tracing::warn!(%error, "the job queue does not answer");
                tokio::time::sleep(POLL).await;
            }
        }
    }
}

/// Looks without writing first: an idle library costs no commits.
async fn next(app: &App, lane: Lane) -> Result<Option<Claimed>> {
    let now = app.clock.now();
    if !app
        .db
        .read(async move |tx| queue::has_due(tx, lane, now).await)
        .await?
    {
        return Ok(None);
    }
    app.db
        .write(async move |tx| queue::claim(tx, lane, now).await)
        .await
}

async fn run(app: &App, registry: &Registry, job: Claimed, stopped: &mut watch::Receiver<bool>) {
    let span = tracing::info_span!("job", id = %job.job_id, kind = job.kind, attempt = job.attempt);
    let outcome = tokio::select! {
        outcome = attempt(app, registry, job.clone()) => outcome,
        _ = stopped.wait_for(|stopped| *stopped) => Err(JobError::Retry("the server was stopped".into())),
    };
    let _in_span = tracing::Instrument::instrument(settle(app, &job, outcome), span).await;
}

async fn attempt(app: &App, registry: &Registry, job: Claimed) -> Result<(), JobError> {
    let Some(run) = registry.kinds.get(job.kind.as_str()) else {
        return Err(JobError::Retry(format!(
            "this program does not know the kind {}; a newer one may",
            job.kind
        )));
    };
    let context = Context {
        app: app.clone(),
        job: job.clone(),
    };
    // in a task of its own, so that a panic ends the attempt and not the worker
    let mut tasks = JoinSet::new();
    tasks.spawn(run(job.payload, context));
    match tasks.join_next().await {
        Some(Ok(outcome)) => outcome,
        Some(Err(error)) => Err(JobError::Retry(format!("the job panicked: {error}"))),
        None => Ok(()),
    }
}

/// Writes down how an attempt ended; what the job wrote itself already stands.
async fn settle(app: &App, job: &Claimed, outcome: Result<(), JobError>) {
    let now = app.clock.now();
    let (held, result) = (job.clone(), outcome);
    let written = app
        .db
        .write(async move |tx| match &result {
            Ok(()) => queue::finish(tx, &held, None, now).await,
            Err(JobError::Fail { code, reason }) => {
                tracing::warn!(code, reason, "a job failed");
                queue::finish(tx, &held, Some((code, reason)), now).await
            }
            Err(JobError::Retry(reason)) => {
                let wait = backoff(held.attempt);
                tracing::info!(reason, ?wait, "a job will be tried again");
                queue::retry(tx, &held, reason, now.plus(wait)).await
            }
            Err(JobError::Later { reason, wait }) => {
                tracing::info!(reason, ?wait, "a job will be tried again");
                queue::retry(tx, &held, reason, now.plus(*wait)).await
            }
            Err(JobError::Lost) => Ok(false),
        })
        .await;
    if let Err(error) = written {
        tracing::warn!(%error, "a job's end could not be written; its lease will lapse");
    }
}

fn backoff(attempt: i64) -> Duration {
    let doublings = u32::try_from(attempt.clamp(1, 20) - 1).unwrap_or(0);
    RETRY_FIRST.saturating_mul(1 << doublings).min(RETRY_MOST)
}

/// Runs what is due now, one after the other, until nothing is; for tests and admin commands.
pub async fn run_due(app: &App, registry: &Registry) -> Result<usize> {
    let mut ran = 0;
    loop {
        let mut due = None;
        for lane in Lane::ALL {
            if due.is_none() {
                due = next(app, lane).await?;
            }
        }
        let Some(job) = due else { return Ok(ran) };
        let outcome = attempt(app, registry, job.clone()).await;
        settle(app, &job, outcome).await;
        ran += 1;
    }
}
