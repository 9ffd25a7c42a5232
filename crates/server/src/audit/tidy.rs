//! The job that comes round and forgets events that are older than `audit_days`.

use serde::{Deserialize, Serialize};

use super::store;
use crate::config::days;
use crate::jobs::{Context, Job, JobError};

/// Events that one transaction forgets.
pub const AT_A_TIME: u32 = 1000;

#[derive(Debug, Default, Serialize, Deserialize)]
pub struct TidyAudit {}

impl Job for TidyAudit {
    const KIND: &'static str = "tidy-audit";

    fn subject(&self) -> &'static str {
        ""
    }

    async fn run(&self, context: &Context) -> Result<(), JobError> {
        let app = &context.app;
        if app.config.audit_days == 0 {
            return Ok(());
        }
        let then = app.clock.now().minus(days(app.config.audit_days));
        let mut forgotten = 0;
        loop {
            let some = app
                .db
                .write(async move |tx| store::delete_before(tx, then, AT_A_TIME).await)
                .await?;
            if some < u64::from(AT_A_TIME) {
                return Ok(());
            }
            forgotten += some;
            context.progress(forgotten, forgotten).await?;
        }
    }
}
