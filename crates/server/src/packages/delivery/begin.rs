//! Lets a caller have an archive: looks, waits for a delivery under way to end, leases, begins.

use std::ops::Range;

use serde_json::json;
use tokio::time::Instant;

use super::Running;
use super::run::{self, Fence, Fenced};
use super::watch::{self, Seen};
use crate::app::App;
use crate::assets;
use crate::audit::{self, Event};
use crate::error::{Error, ErrorCode, Result};
use crate::http::connection::Connection;
use crate::http::tracked_body::{AnswerBody, track};
use crate::ids::{ArchiveId, InstanceId, ProjectId, UserId};
use crate::objects::Blocks;
use crate::packages::layout::Layout;
use crate::packages::model::{Archive, ArchiveState};
use crate::packages::once::{self, Ask, FENCE, Holder, Refusal, Verdict};
use crate::packages::store;

/// What goes to the holder, on its way as soon as it is polled.
pub struct Parcel {
    pub body: AnswerBody,
    /// The archive as the delivery began.
    pub begun: Archive,
}

/// The archive, or the refusal that does not tell "unknown" from "not yours".
pub async fn require(
    app: &App,
    project: ProjectId,
    instance: InstanceId,
    id: ArchiveId,
) -> Result<Archive> {
    let found = app
        .db
        .read(async move |tx| store::archives::find(tx, &project, &instance, &id).await)
        .await?;
    found.ok_or_else(|| Refusal::Unknown.into())
}

pub(super) async fn again(app: &App, archive: &Archive) -> Result<Archive> {
    let known = archive.clone();
    let found = app
        .db
        .read(async move |tx| store::archives::reread(tx, &known).await)
        .await?;
    found.ok_or_else(|| Refusal::Unknown.into())
}

fn ask<'a>(app: &App, caller: &'a UserId, bytes: u64, stuck: Option<i64>) -> Ask<'a> {
    Ask {
        caller,
        bytes,
        now: app.clock.now(),
        max_sends: app.config.archive_max_sends,
        stuck,
    }
}

/// Waits until no delivery to the same caller is under way; another one that lives is a refusal.
/// One of this process that is stuck is ended. The answer names one of another process that is.
pub(super) async fn settle(app: &App, archive: &Archive) -> Result<Option<i64>> {
    let here = app.deliveries.find(archive);
    let seen = watch(app, archive, here.as_ref()).await?;
    if let (Seen::Stuck, Some(running)) = (seen, here) {
        running.stop();
        running.ended().await;
        return Ok(None);
    }
    Ok((seen == Seen::Stuck).then_some(archive.delivery.number))
}

async fn watch(app: &App, archive: &Archive, here: Option<&Running>) -> Result<Seen> {
    let seen = match here {
        Some(running) => watch::here(running).await,
        None => watch::elsewhere(app, archive).await?,
    };
    match seen {
        Seen::Alive => Err(Refusal::Busy.into()),
        Seen::Ended | Seen::Stuck => Ok(seen),
    }
}

/// Whether a caller could have `bytes` of an archive now; nothing is changed.
pub async fn check(app: &App, archive: &Archive, caller: &UserId, bytes: u64) -> Result<()> {
    let mut row = archive.clone();
    loop {
        let admitted = match once::judge(&row, ask(app, caller, bytes, None)) {
            Verdict::Refuse(refusal) => return Err(refusal.into()),
            Verdict::Begin => true,
            Verdict::Watch => {
                let here = app.deliveries.find(&row);
                watch(app, &row, here.as_ref()).await? == Seen::Stuck
            }
        };
        if admitted && open(app, &row).await?.is_some() {
            return Ok(());
        }
        row = again(app, &row).await?;
    }
}

/// What is to be sent, nothing of it blocked. `None` where the archive has ended since the row was
/// read: what it held may be gone.
async fn open(app: &App, row: &Archive) -> Result<Option<Layout>> {
    let opened = async {
        let layout = Layout::open(app, row).await?;
        check_blocked(app, row, &layout).await?;
        Ok(layout)
    };
    let failure = match opened.await {
        Ok(layout) => return Ok(Some(layout)),
        Err(failure) => failure,
    };
    match again(app, row).await?.state {
        ArchiveState::Ready | ArchiveState::Leased => Err(failure),
        ArchiveState::Consumed | ArchiveState::Expired => Ok(None),
    }
}

/// Whether nothing in the archive was blocked since it was made.
async fn check_blocked(app: &App, archive: &Archive, layout: &Layout) -> Result<()> {
    let project = archive.project_id.clone();
    let blocked = app
        .db
        .read(async move |tx| assets::list_blocked(tx, &project).await)
        .await?;
    for asset in blocked {
        if layout.contains_asset(&asset).await? {
            return Err(Refusal::Blocked.into());
        }
    }
    Ok(())
}

/// Waits until the caller may have the archive. Answers the number of a stuck delivery.
async fn admit(app: &App, row: &mut Archive, caller: &UserId, bytes: u64) -> Result<Option<i64>> {
    let mut stuck = None;
    loop {
        match once::judge(row, ask(app, caller, bytes, stuck)) {
            Verdict::Refuse(refusal) => return Err(refusal.into()),
            Verdict::Begin => return Ok(stuck),
            Verdict::Watch => stuck = settle(app, row).await?,
        }
        *row = again(app, row).await?;
    }
}

/// Leases the archive to the caller, or goes on with their lease, and begins a delivery. `event`
/// says who asked.
pub async fn begin(
    app: &App,
    archive: &Archive,
    holder: &Holder,
    range: &Range<u64>,
    connection: Option<&Connection>,
    event: &Event,
) -> Result<Parcel> {
    let bytes = range.end - range.start;
    let mut row = archive.clone();
    loop {
        let stuck = admit(app, &mut row, &holder.user_id, bytes).await?;
        if app.deliveries.is_closed() {
            return Err(stopping());
        }
        let Some(layout) = open(app, &row).await? else {
            row = again(app, &row).await?;
            continue;
        };
        let start = Start {
            app: app.clone(),
            archive: row.clone(),
            holder: holder.clone(),
            range: range.clone(),
            stuck,
            event: event.clone(),
        };
        let started = start.start(layout.stream(range.clone()), connection.cloned());
        // goes on when the caller hangs up meanwhile: a delivery that has begun has an end
        let started = tokio::spawn(started).await.map_err(Error::internal)??;
        if let Some(parcel) = started {
            return Ok(parcel);
        }
        row = again(app, &row).await?;
    }
}

fn stopping() -> Error {
    Error::new(
        ErrorCode::Unavailable,
        "The server is about to stop; try again.",
    )
}

/// A caller who was admitted.
struct Start {
    app: App,
    archive: Archive,
    holder: Holder,
    range: Range<u64>,
    stuck: Option<i64>,
    event: Event,
}

impl Start {
    /// `None` where somebody else was faster.
    async fn start(self, blocks: Blocks, connection: Option<Connection>) -> Result<Option<Parcel>> {
        let app = self.app.clone();
        let (range, event) = (self.range.clone(), self.event.clone());
        let mut since = Instant::now();
        let Some((others_fence, begun)) = self.lease().await? else {
            return Ok(None);
        };
        if others_fence {
            tokio::time::sleep_until(since + FENCE).await;
            since = Instant::now();
            if !run::renew(&app, &begun, 0).await? {
                return Ok(None);
            }
        }
        let fence = Fence::new(&app, since);
        let fenced = Fenced {
            blocks,
            fence: fence.clone(),
        };
        if let Some(connection) = &connection {
            // what the kernel has is not to outlive this process
            connection.drop_when_closed(true);
        }
        let (body, tracker) = track(fenced, range.end - range.start, connection.clone());
        let entry = super::register(&app, &begun, tracker.clone());
        let delivery = run::Delivery {
            begun: begun.clone(),
            event,
            tracker,
            connection,
            fence,
            entry,
        };
        tokio::spawn(delivery.run(app));
        Ok(Some(Parcel { body, begun }))
    }

    /// The archive as the delivery begins, and whether another one that was taken over may still
    /// be sending.
    async fn lease(self) -> Result<Option<(bool, Archive)>> {
        let app = self.app.clone();
        let leased = app.db.write(async move |tx| {
            let Some(row) = store::archives::reread(tx, &self.archive).await? else {
                return Ok(None);
            };
            let bytes = self.range.end - self.range.start;
            let ask = ask(&self.app, &self.holder.user_id, bytes, self.stuck);
            if once::judge(&row, ask) != Verdict::Begin {
                return Ok(None);
            }
            let begun = once::begin(&row, &self.holder, &self.range, ask.now);
            let written = store::archives::replace(tx, &row, &begun).await?;
            if written {
                let number = begun.delivery.number;
                let (from, to) = (self.range.start, self.range.end);
                let detail = json!({"delivery": number, "from": from, "to": to});
                audit::record(tx, &self.event.clone().detail(detail)).await?;
            }
            Ok(written.then(|| (once::is_running(&row, ask.now), begun)))
        });
        leased.await
    }
}
