//! The job that comes round: forgets tickets and manifests that nobody can use, bytes of copies that
//! were given up, and requests of peers.

use serde::{Deserialize, Serialize};

use super::source::PATIENCE_DAYS;
use super::{copy, store};
use crate::app::App;
use crate::config::days;
use crate::error::Result;
use crate::jobs::{Context, Job, JobError};

/// How long what came of a failed copy is kept for a retry.
const KEPT_DAYS: u32 = 7;
/// How long a ticket is remembered after it could last be used.
const TICKETS_DAYS: u32 = 90;
const AT_A_TIME: u32 = 100;

#[derive(Debug, Default, Serialize, Deserialize)]
pub struct TidyCopies {}

impl Job for TidyCopies {
    const KIND: &'static str = "tidy-copies";

    fn subject(&self) -> &'static str {
        ""
    }

    async fn run(&self, context: &Context) -> Result<(), JobError> {
        let app = &context.app;
        let mut round = 0;
        let mut more = true;
        while more {
            round += 1;
            context.progress(round, round).await?;
            more =
                forget_manifests(app).await? | drop_given_up(app).await? | cancel_idle(app).await?;
        }
        Ok(forget_old(app).await?)
    }
}

async fn forget_manifests(app: &App) -> Result<bool> {
    let then = app.clock.now().minus(days(PATIENCE_DAYS));
    app.db
        .write(async move |tx| store::tickets::delete_manifests(tx, then, AT_A_TIME).await)
        .await
}

/// Bytes of copies that failed long ago.
async fn drop_given_up(app: &App) -> Result<bool> {
    let then = app.clock.now().minus(days(KEPT_DAYS));
    let copies = app
        .db
        .read(async move |tx| store::copies::list_given_up(tx, then, AT_A_TIME).await)
        .await?;
    let more = copies.len() == AT_A_TIME as usize;
    for id in copies {
        let keys = app
            .db
            .write(async move |tx| store::segments::delete_all(tx, &id).await)
            .await?;
        for key in keys {
            app.blobs.delete(&key).await?;
        }
    }
    Ok(more)
}

/// Copies by hand that nobody sends bytes of.
async fn cancel_idle(app: &App) -> Result<bool> {
    let now = app.clock.now();
    let then = now.minus(days(app.config.unfinished_upload_days));
    let idle = app
        .db
        .read(async move |tx| store::copies::list_idle(tx, then, AT_A_TIME).await)
        .await?;
    let more = idle.len() == AT_A_TIME as usize;
    for copy in idle {
        let keys = app
            .db
            .write(async move |tx| {
                let found = store::copies::find(tx, &copy.copy_id).await?;
                let idle = |c: &super::model::Copy| c.state.is_under_way() && c.updated_at < then;
                match found.filter(idle) {
                    Some(copy) => {
                        let reason = "No bytes of the copy came for days.";
                        copy::cancel(tx, copy, reason, now).await
                    }
                    None => Ok(Vec::new()),
                }
            })
            .await?;
        for key in keys {
            app.blobs.delete(&key).await?;
        }
    }
    Ok(more)
}

async fn forget_old(app: &App) -> Result<()> {
    let now = app.clock.now();
    app.db
        .write(async move |tx| {
            store::keys::delete_old_nonces(tx, now).await?;
            store::tickets::delete_old(tx, now.minus(days(TICKETS_DAYS))).await?;
            Ok(())
        })
        .await
}
