//! The job itself: one attempt after the other until the copy is done or failed.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::fetch::{self, Source};
use super::shared::Shared;
use super::{Plan, Stop, apply, damage, outcome, verify};
use crate::error::{ErrorCode, Result};
use crate::jobs::{Context, Job, JobError, Lane};
use crate::replication::keys::Ring;
use crate::replication::manifest::{self, MAX_MANIFEST, Manifest};
use crate::replication::model::Copy;
use crate::replication::store;

#[derive(Debug, Serialize, Deserialize)]
pub struct CopyAsset {
    copy_id: String,
}

impl CopyAsset {
    pub fn new(copy_id: &str) -> Self {
        Self {
            copy_id: copy_id.to_owned(),
        }
    }
}

impl Job for CopyAsset {
    const KIND: &'static str = "copy-asset";
    const LANE: Lane = Lane::Copies;

    fn subject(&self) -> &str {
        &self.copy_id
    }

    async fn run(&self, context: &Context) -> Result<(), JobError> {
        let id = self.copy_id.clone();
        let found = context
            .app
            .db
            .read(async move |tx| store::copies::find(tx, &id).await)
            .await?;
        let Some(mut copy) = found.filter(|copy| copy.state.is_under_way()) else {
            return Ok(());
        };
        let mut has_moved = false;
        let stop = match attempt(context, &mut copy, &mut has_moved).await {
            Ok(()) => return Ok(()),
            Err(stop) => stop,
        };
        copy.progress.attempts += 1;
        match stop {
            Stop::Lost => Err(JobError::Lost),
            Stop::Gone => outcome::gone(context, copy).await,
            Stop::Failed { code, reason } => outcome::fail(context, copy, code, reason).await,
            Stop::Later { code, reason } => {
                outcome::later(context, copy, code, reason, has_moved).await
            }
        }
    }
}

async fn attempt(context: &Context, copy: &mut Copy, has_moved: &mut bool) -> Result<(), Stop> {
    let app = &context.app;
    let ring = app.replication.keys.get(app).await?;
    let source = if copy.by_hand {
        None
    } else {
        Some(source(context, &ring, copy)?)
    };
    let text = if let Some(source) = source {
        fetched(context, source, copy).await?
    } else {
        let id = copy.copy_id.clone();
        let found = app
            .db
            .read(async move |tx| store::copies::find_manifest(tx, &id).await);
        found.await?.unwrap_or_default()
    };
    let manifest = Arc::new(checked(copy, &text)?);
    let (project, id) = (copy.project_id.clone(), copy.copy_id.clone());
    let described = Arc::clone(&manifest);
    let plan = app
        .db
        .read(async move |tx| Plan::make(tx, &project, &id, &described).await)
        .await?;
    let before = copy.clone();
    let shared = Shared::new(context, &before, &plan);
    let outcome = transfer(&shared, source, manifest, &plan).await;
    *has_moved = shared.has_moved();
    copy.progress = shared.progress();
    copy.progress.bytes_done = shared.bytes_kept();
    copy.progress.attempts = before.progress.attempts;
    if let Err(Stop::Failed { .. } | Stop::Later { .. }) = &outcome {
        // what came is kept, whatever stopped the rest
        shared.write().await?;
    } else if outcome.is_err() {
        for key in shared.unwritten_keys() {
            app.blobs.delete(&key).await?;
        }
    }
    outcome
}

/// How the source is reached; keys may have changed since the ticket was issued.
fn source<'a>(context: &'a Context, ring: &'a Ring, copy: &Copy) -> Result<Source<'a>, Stop> {
    let region = &copy.peer;
    let peer = context.app.replication.peers.find(region).ok_or_else(|| {
        Stop::later(
            ErrorCode::PeerUnreachable,
            format!("The region {region} is no longer configured here as a peer."),
        )
    })?;
    let key = ring.newest_of(region).ok_or_else(|| {
        Stop::failed(
            ErrorCode::ReplicationKeyUnknown,
            format!("No replication key is shared with the region {region} any more."),
        )
    })?;
    Ok(Source { peer, key })
}

async fn fetched(context: &Context, source: Source<'_>, copy: &Copy) -> Result<String, Stop> {
    let (peer, key, app) = (source.peer, source.key, &context.app);
    let bytes = peer.manifest(app, key, &copy.copy_id, MAX_MANIFEST).await?;
    let text = String::from_utf8(bytes).ok();
    let text = text.filter(|text| manifest::digest(text) == copy.digest);
    text.ok_or_else(|| {
        Stop::later(
            ErrorCode::BadDigest,
            "The manifest arrived damaged; it is fetched again.",
        )
    })
}

fn checked(copy: &Copy, text: &str) -> Result<Manifest, Stop> {
    let invalid = |problem: String| Stop::failed(ErrorCode::TicketInvalid, problem);
    let manifest = manifest::parse(text).map_err(invalid)?;
    if manifest.asset.asset_id != copy.asset_id.as_str() || manifest.version != copy.version {
        return Err(invalid("the manifest is of another asset".into()));
    }
    Ok(manifest)
}

/// Fetches and hashes side by side, writes down how far it is, and applies what is whole.
async fn transfer(
    shared: &Shared<'_>,
    source: Option<Source<'_>>,
    manifest: Arc<Manifest>,
    plan: &Plan,
) -> Result<(), Stop> {
    let work = async {
        match source {
            Some(source) => {
                fetch::check_room(shared, plan).await?;
                let both = tokio::try_join!(
                    fetch::fetch(shared, source, plan),
                    verify::verify(shared, plan)
                );
                both.map(|((), verified)| verified)
            }
            None if plan.bytes_here() == plan.bytes_total() => verify::verify(shared, plan).await,
            None => Err(Stop::failed(
                ErrorCode::ContentMissing,
                "Bytes that were to come by hand are missing; send them and retry.",
            )),
        }
    };
    let verified = tokio::select! {
        verified = work => verified?,
        stop = shared.keep_writing() => return Err(stop),
    };
    if !verified.damaged.is_empty() {
        return Err(damage::repair(shared, source, &verified.damaged).await?);
    }
    apply::apply(shared, manifest, plan, verified).await
}
