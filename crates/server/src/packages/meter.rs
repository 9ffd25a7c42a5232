//! How far a job is, written down often enough for its lease and for who watches, and not more.

use std::time::{Duration, Instant};

use crate::error::{Error, Result};
use crate::jobs::{Context, JobError};

/// Time between two reports.
const EVERY: Duration = Duration::from_millis(400);

pub struct Meter {
    context: Context,
    done: u64,
    total: u64,
    reported: Instant,
    /// The lease went to somebody else; every later step fails.
    pub lost: bool,
}

impl Meter {
    pub fn new(context: &Context) -> Self {
        Self {
            context: context.clone(),
            done: 0,
            total: 0,
            reported: Instant::now(),
            lost: false,
        }
    }

    /// Units of work in all; reports at once.
    pub async fn begin(&mut self, total: u64) -> Result<()> {
        self.total = total;
        self.report().await
    }

    pub async fn add(&mut self, units: u64) -> Result<()> {
        self.done += units;
        if self.reported.elapsed() < EVERY {
            return Ok(());
        }
        self.report().await
    }

    pub async fn report(&mut self) -> Result<()> {
        let done = self.done.min(self.total);
        match self.context.progress(done, self.total).await {
            Ok(()) => {
                self.reported = Instant::now();
                Ok(())
            }
            Err(JobError::Lost) => {
                self.lost = true;
                Err(Error::internal("the job's lease is lost"))
            }
            Err(
                JobError::Retry(reason)
                | JobError::Later { reason, .. }
                | JobError::Fail { reason, .. },
            ) => Err(Error::internal(reason)),
        }
    }

    /// How an attempt ends that met this error.
    pub fn ended_by(&self, error: Error) -> JobError {
        if self.lost {
            return JobError::Lost;
        }
        error.into()
    }
}
