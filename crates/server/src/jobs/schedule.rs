//! Work that comes round.

use std::time::Duration;

use tokio::sync::watch;

use super::{Periodic, Registry, queue};
use crate::app::App;
use crate::error::Result;

const LOOK: Duration = Duration::from_secs(30);

pub async fn keep(app: &App, registry: &Registry, mut stopped: watch::Receiver<bool>) {
    while !*stopped.borrow() {
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            _ = stopped.changed() => return,
        }
        for periodic in &registry.periodic {
            if let Err(error) = enqueue_if_due(app, periodic).await {
                tracing::warn!(%error, kind = periodic.kind, "the schedule could not be kept");
            }
        }
    }
}

async fn enqueue_if_due(app: &App, periodic: &Periodic) -> Result<()> {
    let (kind, now) = (periodic.kind.to_owned(), app.clock.now());
    let last = app
        .db
        .read(async move |tx| queue::last_finished(tx, &kind).await)
        .await?;
    if last.is_some_and(|last| last.plus(periodic.every) > now) {
        return Ok(());
    }
    let job = queue::NewJob {
        job_id: app.ids.job(),
        kind: periodic.kind.to_owned(),
        lane: periodic.lane,
        subject: String::new(),
        payload: periodic.payload.clone(),
        total: 0,
        run_at: now,
        now,
    };
    app.db
        .write(async move |tx| queue::insert(tx, &job).await)
        .await?;
    app.bell.ring();
    Ok(())
}
