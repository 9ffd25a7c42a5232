//! Processing again: by an administrator, for assets that came before the tools, or whose files
//! nothing could be made of.

use entrepot_media::task::Family;
use serde_json::json;

use super::begin::enqueue;
use super::job::Subject;
use super::meta;
use super::model::family_of;
use super::store::{self, Candidate};
use crate::app::App;
use crate::assets::{self, Asset, AssetType};
use crate::audit::{self, Event, Outcome};
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::ids::ProjectId;

const AT_A_TIME: u32 = 200;

/// Which assets.
#[derive(Debug, Clone)]
pub struct Wanted {
    pub kind: AssetType,
    pub project: Option<ProjectId>,
    /// Only those that lack something they should have.
    pub missing: bool,
}

/// How many there were.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Put into the queue.
    pub queued: u64,
    /// In the queue already.
    pub waiting: u64,
    /// Nothing is missing.
    pub complete: u64,
}

/// Puts assets into the queue, some at a time; `report` hears how many there were so far.
pub async fn reprocess(app: &App, wanted: &Wanted, report: impl Fn(Counts)) -> Result<Counts> {
    let Some(family) = family_of(wanted.kind) else {
        return Err(Error::parameter(
            "type",
            "must be IMAGE, VIDEO, AUDIO, MUSIC or PPT; nothing is made of others",
        ));
    };
    let mut counts = Counts::default();
    let mut after = String::new();
    loop {
        let (owned, wanted, from) = (app.clone(), wanted.clone(), after.clone());
        let (found, last) = app
            .db
            .write(async move |tx| page(tx, &owned, &wanted, family, &from).await)
            .await?;
        counts.queued += found.queued;
        counts.waiting += found.waiting;
        counts.complete += found.complete;
        report(counts);
        match last {
            Some(last) => after = last,
            None => return Ok(counts),
        }
    }
}

/// Answers the last id, unless there are no more.
async fn page(
    tx: &mut Tx,
    app: &App,
    wanted: &Wanted,
    family: Family,
    after: &str,
) -> Result<(Counts, Option<String>)> {
    let (kind, project) = (wanted.kind.as_str(), wanted.project.as_ref());
    let candidates = store::list_candidates(tx, kind, project, after, AT_A_TIME).await?;
    let mut counts = Counts::default();
    for candidate in &candidates {
        let asset = assets::find_anywhere(tx, &candidate.asset_id).await?;
        let Some(asset) = asset.filter(|asset| asset.project_id == candidate.project_id) else {
            continue;
        };
        let has_rest = wanted.missing && has_rest(&asset, candidate, family);
        if has_rest && candidate.has_thumbnail {
            counts.complete += 1;
        } else if begin_again(tx, app, asset, candidate, family, has_rest).await? {
            counts.queued += 1;
        } else {
            counts.waiting += 1;
        }
    }
    let is_full = candidates.len() == AT_A_TIME as usize;
    let last = candidates.last().filter(|_| is_full);
    Ok((counts, last.map(|last| last.asset_id.to_string())))
}

/// Whether everything but the thumbnail is there. Making that alone leaves the asset's version as
/// it is, which matters where it is a copy from another region.
fn has_rest(asset: &Asset, candidate: &Candidate, family: Family) -> bool {
    let meta = asset.extra_meta.as_ref();
    let facts = meta.and_then(|meta| meta.get(meta::field(family)));
    let has_facts = facts.is_some_and(|facts| facts.get("error_info").is_none());
    let has_cover = !asset.needs_cover || candidate.has_cover;
    let has_pages = !meta::wants_pages(meta) || meta::status(meta) == Some("SUCCEEDED");
    has_facts && has_cover && has_pages
}

async fn begin_again(
    tx: &mut Tx,
    app: &App,
    asset: Asset,
    candidate: &Candidate,
    family: Family,
    thumbnail_only: bool,
) -> Result<bool> {
    let now = app.clock.now();
    let subject = Subject::of(&asset, &candidate.file_id, thumbnail_only);
    let resource = format!("asset/{}", asset.asset_id);
    let (action, detail) = (
        "entrepot:admin:reprocess",
        json!({"file_id": candidate.file_id}),
    );
    let event = Event::new(app, action, resource, Outcome::Done, detail);
    let event = event.in_project(&asset.project_id);
    if !enqueue(tx, app, family, subject, now).await? {
        return Ok(false);
    }
    audit::record(tx, &event).await?;
    if family == Family::Deck && !thumbnail_only && meta::wants_pages(asset.extra_meta.as_ref()) {
        assets::change(tx, asset, now, |asset| {
            asset.extra_meta = Some(meta::with_status(asset.extra_meta.take(), "WAITING"));
        })
        .await?;
    }
    Ok(true)
}
