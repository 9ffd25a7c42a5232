//! Gives up archives whose time is over, lets go what ended ones still hold, and ends asset jobs
//! that nobody works on; comes round as a job.

use serde::{Deserialize, Serialize};

use super::{once, store, upkeep};
use crate::app::App;
use crate::error::Result;
use crate::jobs::{Context, Job, JobError};

const AT_A_TIME: u32 = 100;

#[derive(Debug, Default, Serialize, Deserialize)]
pub struct TidyPackages {}

impl Job for TidyPackages {
    const KIND: &'static str = "tidy-packages";

    fn subject(&self) -> &'static str {
        ""
    }

    async fn run(&self, context: &Context) -> Result<(), JobError> {
        upkeep::fail_abandoned(&context.app).await?;
        let mut round = 0;
        let mut more = true;
        while more {
            round += 1;
            context.progress(round, round).await?;
            more =
                expire_overdue(&context.app).await? | upkeep::release_ended(&context.app).await?;
        }
        Ok(())
    }
}

/// Answers whether there may be more.
async fn expire_overdue(app: &App) -> Result<bool> {
    let owned = app.clone();
    let expired = app.db.write(async move |tx| {
        let now = owned.clock.now();
        let silent = now.minus(once::SKEW);
        let overdue = store::archives::list_overdue(tx, now, silent, AT_A_TIME).await?;
        for archive in &overdue {
            if let Some(after) = once::expire(archive, now) {
                store::archives::replace(tx, archive, &after).await?;
                tracing::info!(archive = %archive.archive_id, "a package's time is over");
            }
        }
        Ok(overdue.len())
    });
    Ok(expired.await? == AT_A_TIME as usize)
}
