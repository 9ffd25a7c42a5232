//! The end of a copy: files, content, fields and state of the asset, the copy's row and the job's, in
//! one transaction. Before it nothing of the asset shows, after it everything does.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use entrepot_archive::model;
use entrepot_blob::StorageKey;
use serde_json::json;

use super::shared::Shared;
use super::verify::Verified;
use super::{Plan, Stop};
use crate::app::App;
use crate::assets::state::Standing;
use crate::assets::{self, Asset, AssetState};
use crate::audit::{self, Event, Outcome};
use crate::clock::Timestamp;
use crate::db::Tx;
use crate::error::{Error, ErrorCode, Result};
use crate::files::{self, File, FileState};
use crate::ids::BlobId;
use crate::jobs::Context;
use crate::objects::{self, Digests};
use crate::portable;
use crate::processing;
use crate::replication::manifest::Manifest;
use crate::replication::model::{Copy, CopyState};
use crate::replication::store;

/// Everything that the transaction needs.
struct Work {
    context: Context,
    copy: Copy,
    manifest: Arc<Manifest>,
    /// By file id.
    sources: HashMap<String, Source>,
}

/// Where the content of a file is.
enum Source {
    /// The project has it, or had when it was looked for.
    Held(BlobId),
    Here {
        new: BlobId,
        stretches: Vec<(StorageKey, u64)>,
        digests: Digests,
    },
}

/// How the transaction ended.
enum Ended {
    Done { unused: Vec<StorageKey> },
    Lost,
}

pub async fn apply(
    shared: &Shared<'_>,
    manifest: Arc<Manifest>,
    plan: &Plan,
    mut verified: Verified,
) -> Result<(), Stop> {
    let app = &shared.context.app;
    let mut sources = HashMap::new();
    for file in &plan.files {
        let source = match &file.held {
            Some(blob) => Source::Held(blob.clone()),
            None => here(app, shared, &mut verified, &file.file_id)?,
        };
        sources.insert(file.file_id.clone(), source);
    }
    let mut copy = shared.copy.clone();
    copy.progress = shared.progress();
    copy.progress.rate = 0;
    let work = Work {
        context: shared.context.clone(),
        copy,
        manifest,
        sources,
    };
    let ended = app.db.write(async move |tx| write(tx, &work).await).await;
    match ended {
        Ok(Ended::Done { unused }) => {
            metrics::counter!("entrepot_copies_total", "outcome" => "done").increment(1);
            app.bell.ring();
            let kept = &plan.useless;
            for key in unused.iter().chain(kept) {
                if let Err(error) = app.blobs.delete(key).await {
                    tracing::warn!(%error, "the sweep will remove bytes that a copy left");
                }
            }
            Ok(())
        }
        Ok(Ended::Lost) => Err(Stop::Lost),
        Err(error) if error.code == ErrorCode::AssetNotFound => Err(Stop::Gone),
        Err(error) => Err(stopped_by(error)),
    }
}

/// What can't get better by trying again is final.
fn stopped_by(error: Error) -> Stop {
    let is_final = matches!(
        error.code,
        ErrorCode::CopyConflict
            | ErrorCode::MainFileExists
            | ErrorCode::CoverFileExists
            | ErrorCode::AssetNameTaken
            | ErrorCode::InvalidParameter
            | ErrorCode::IllegalAssetState
    );
    if is_final {
        return Stop::failed(error.code, error.message);
    }
    error.into()
}

fn here(app: &App, shared: &Shared<'_>, verified: &mut Verified, id: &str) -> Result<Source> {
    let digests = verified.digests.remove(id);
    let stretches = shared.stretches(id);
    Ok(Source::Here {
        new: app.ids.blob(),
        stretches: stretches
            .into_iter()
            .map(|segment| (segment.storage_key, segment.size))
            .collect(),
        digests: digests.ok_or_else(|| Error::internal("a file that was not verified"))?,
    })
}

async fn write(tx: &mut Tx, work: &Work) -> Result<Ended> {
    let (app, copy) = (&work.context.app, &work.copy);
    let now = app.clock.now();
    if !work.context.succeed(tx).await? {
        return Ok(Ended::Lost);
    }
    let found = assets::find_anywhere(tx, &copy.asset_id).await?;
    let gone = |asset: &Asset| {
        matches!(asset.state(), AssetState::Deleting | AssetState::Deleted)
            || asset.project_id != copy.project_id
    };
    let Some(asset) = found.filter(|asset| !gone(asset)) else {
        // undoes all; the copy ends in a transaction of its own
        return Err(assets::store::not_found());
    };
    check_unchanged(tx, copy, &asset).await?;
    let unused = place_files(tx, work, &asset, now).await?;
    let asset = settle(tx, work, asset, now).await?;
    processing::begin_thumbnail(tx, app, &asset, now).await?;
    let mut done = copy.clone();
    done.state = CopyState::Done;
    done.local_version = Some(asset.version);
    done.progress.bytes_done = done.progress.bytes_total;
    done.updated_at = now;
    done.finished_at = Some(now);
    store::copies::update(tx, &done).await?;
    if copy.by_hand {
        store::copies::set_manifest(tx, &copy.copy_id, None).await?;
    }
    store::segments::delete_all(tx, &copy.copy_id).await?;
    let detail = json!({"ticket_id": copy.copy_id, "version": copy.version,
        "from_region": copy.peer, "bytes": done.progress.bytes_total,
        "bytes_held": done.progress.bytes_held});
    let resource = format!("asset/{}", copy.asset_id);
    let event = Event::new(app, "entrepot:copy:finish", resource, Outcome::Done, detail);
    audit::record(tx, &event.in_project(&copy.project_id)).await?;
    Ok(Ended::Done { unused })
}

/// What was done here since is not overwritten.
async fn check_unchanged(tx: &mut Tx, copy: &Copy, asset: &Asset) -> Result<()> {
    let changed = if copy.is_update {
        let copies = store::copies::list_of(tx, &copy.asset_id, 100).await?;
        let done = copies.iter().find(|copy| copy.state == CopyState::Done);
        done.is_none_or(|done| done.local_version != Some(asset.version))
    } else {
        files::has_any(tx, &asset.asset_id).await?
    };
    if changed {
        return Err(Error::new(
            ErrorCode::CopyConflict,
            "The asset was changed in this region while it was copied; that was left as it is.",
        ));
    }
    Ok(())
}

async fn place_files(
    tx: &mut Tx,
    work: &Work,
    asset: &Asset,
    now: Timestamp,
) -> Result<Vec<StorageKey>> {
    // before anything goes: what the asset itself is about to lose counts, too
    check_held(tx, work, asset).await?;
    let wanted: HashMap<&str, &str> = work
        .manifest
        .asset
        .files
        .iter()
        .map(|file| (file.file_id.as_str(), file.sha256.as_str()))
        .collect();
    let have = files::list_with_digests(tx, &[asset]).await?;
    let stays = |(file, digests): &(File, files::store::Digests)| {
        let sha256 = wanted.get(file.file_id.as_str()).copied();
        file.state == FileState::Created && sha256.is_some() && digests.sha256.as_deref() == sha256
    };
    let (same, gone): (Vec<_>, Vec<_>) = have.into_iter().partition(stays);
    let same: HashSet<&str> = same.iter().map(|(file, _)| file.file_id.as_str()).collect();
    // they make room now, and let go of their bytes when the new ones have taken them over
    for (file, _) in &gone {
        files::store::set_state(tx, &file.file_id, FileState::Deleted, None, now).await?;
    }
    let mut unused = Vec::new();
    for described in &work.manifest.asset.files {
        if same.contains(described.file_id.as_str()) {
            unused.extend(work.stored(&described.file_id));
            continue;
        }
        unused.extend(add(tx, work, asset, described, now).await?);
    }
    for (file, _) in &gone {
        files::store::discard(tx, file, FileState::Deleted, None, now).await?;
    }
    Ok(unused)
}

/// What was not fetched is still the project's; otherwise it has to be.
async fn check_held(tx: &mut Tx, work: &Work, asset: &Asset) -> Result<()> {
    let mut contents = Vec::new();
    let mut blobs = HashSet::new();
    for file in &work.manifest.asset.files {
        if let Some(Source::Held(blob)) = work.sources.get(&file.file_id) {
            contents.push((file.sha256.as_str(), file.size));
            blobs.insert(blob);
        }
    }
    let held = store::segments::list_held(tx, &asset.project_id, &contents).await?;
    for (.., blob) in &held {
        blobs.remove(blob);
    }
    if blobs.is_empty() {
        return Ok(());
    }
    Err(Error::new(
        ErrorCode::Unavailable,
        "Content that the project had is gone; it will be fetched.",
    ))
}

impl Work {
    fn stored(&self, file_id: &str) -> Vec<StorageKey> {
        match self.sources.get(file_id) {
            Some(Source::Here { stretches, .. }) => {
                stretches.iter().map(|(key, _)| key.clone()).collect()
            }
            _ => Vec::new(),
        }
    }
}

/// Adds a file; answers the keys that were not needed.
async fn add(
    tx: &mut Tx,
    work: &Work,
    asset: &Asset,
    described: &model::File,
    now: Timestamp,
) -> Result<Vec<StorageKey>> {
    let source = work.sources.get(&described.file_id);
    let (blob, unused) = match source {
        None => return Err(Error::internal("a file without a source")),
        Some(Source::Held(blob)) => (blob.clone(), Vec::new()),
        Some(Source::Here {
            new,
            stretches,
            digests,
        }) => {
            let (blob, used) = objects::claim_stretches(tx, new, stretches, digests, now).await?;
            let unused = if used {
                Vec::new()
            } else {
                work.stored(&described.file_id)
            };
            (blob, unused)
        }
    };
    let file = File {
        blob_id: Some(blob),
        ..portable::file(described, asset, now)?
    };
    if files::is_id_taken(tx, &file.file_id).await? {
        return Err(Error::new(
            ErrorCode::CopyConflict,
            format!("The file id {} is taken in this region.", file.file_id),
        ));
    }
    if !files::store::insert(tx, &file).await? {
        return Err(files::store::taken(file.category));
    }
    Ok(unused)
}

/// Fields and state as in the source region.
async fn settle(tx: &mut Tx, work: &Work, asset: Asset, now: Timestamp) -> Result<Asset> {
    let wanted = portable::asset(&work.manifest.asset, &asset.project_id, now)?;
    let standing = match asset.state() {
        // it comes out of it as what it was copied as
        AssetState::Block => Standing {
            state: AssetState::Block,
            before: Some(wanted.standing.state),
        },
        _ => wanted.standing,
    };
    if work.context.app.config.unique_names && assets::store::name_is_taken(tx, &wanted).await? {
        return Err(assets::create::name_taken());
    }
    assets::change(tx, asset, now, |asset| {
        asset.name = wanted.name;
        asset.description = wanted.description;
        asset.asset_type = wanted.asset_type;
        asset.standing = standing;
        asset.app_user_id = wanted.app_user_id;
        asset.order = wanted.order;
        asset.needs_cover = wanted.needs_cover;
        asset.tags = wanted.tags;
        asset.properties = wanted.properties;
        asset.services = wanted.services;
        asset.extra_meta = wanted.extra_meta;
        if asset.state() != AssetState::Block {
            asset.reason = None;
        }
    })
    .await
}
