//! What a running job has in hand.

use super::JobError;
use super::queue::{self, Claimed};
use crate::app::App;
use crate::db::Tx;
use crate::error::Result;

#[derive(Debug, Clone)]
pub struct Context {
    pub app: App,
    pub job: Claimed,
}

impl Context {
    /// Records how far the job is; this alone renews the lease, so that a job which hangs loses it.
    pub async fn progress(&self, done: u64, total: u64) -> Result<(), JobError> {
        let (job, now) = (self.job.clone(), self.app.clock.now());
        let held = self
            .app
            .db
            .write(async move |tx| queue::progress(tx, &job, done, total, now).await)
            .await?;
        if held { Ok(()) } else { Err(JobError::Lost) }
    }

    /// The same as a part of a transaction that carries a part of the result: an attempt that has
    /// lost its lease changes nothing then. False means so.
    pub async fn progress_in(&self, tx: &mut Tx, done: u64, total: u64) -> Result<bool> {
        queue::progress(tx, &self.job, done, total, self.app.clock.now()).await
    }

    /// Ends the job inside the transaction that carries its result, so that both or neither happen.
    /// False means that the lease is lost: the transaction must change nothing.
    pub async fn succeed(&self, tx: &mut Tx) -> Result<bool> {
        queue::finish(tx, &self.job, None, self.app.clock.now()).await
    }

    /// The same for a final failure.
    pub async fn fail(&self, tx: &mut Tx, code: &str, reason: &str) -> Result<bool> {
        let error = Some((code, reason));
        queue::finish(tx, &self.job, error, self.app.clock.now()).await
    }
}
