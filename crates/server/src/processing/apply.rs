//! The transaction at the end: metadata, thumbnail, cover, pages and the job's end, all or nothing.

use data_encoding::BASE64;
use entrepot_blob::StorageKey;
use entrepot_media::Task;
use entrepot_media::task::{Family, Page, Part};
use serde_json::json;

use super::job::Subject;
use super::look::{self, Looked, Made};
use super::meta::{self, Learned, page_name};
use super::model::{Outcome, Preview};
use super::{reasons, store};
use crate::assets::{self, Asset, AssetState};
use crate::audit::{self, Event};
use crate::clock::Timestamp;
use crate::db::Tx;
use crate::error::Result;
use crate::files::{self, Category, File, FileState};
use crate::ids::FileId;
use crate::jobs::{Context, JobError};
use crate::objects;

/// What the transaction writes.
#[derive(Debug, Clone)]
struct Work {
    context: Context,
    subject: Subject,
    family: Family,
    wanted: Vec<Part>,
    /// Bytes of the main file.
    size: u64,
    looked: Looked,
}

/// The deck is being converted now.
pub async fn note_converting(context: &Context, subject: &Subject) -> Result<(), JobError> {
    let (owned, subject) = (context.clone(), subject.clone());
    let now = owned.app.clock.now();
    let held = context
        .app
        .db
        .write(async move |tx| {
            if !owned.progress_in(tx, 0, 0).await? {
                return Ok(false);
            }
            let asset = assets::require(tx, &subject.project_id, &subject.asset_id).await?;
            if meta::status(asset.extra_meta.as_ref()) == Some("CONVERTING") {
                return Ok(true);
            }
            assets::change(tx, asset, now, |asset| {
                asset.extra_meta = Some(meta::with_status(asset.extra_meta.take(), "CONVERTING"));
            })
            .await?;
            Ok(true)
        })
        .await?;
    if held { Ok(()) } else { Err(JobError::Lost) }
}

/// Writes what came of a file and ends the job.
pub async fn apply(
    context: &Context,
    subject: &Subject,
    family: Family,
    task: &Task,
    looked: Looked,
) -> Result<(), JobError> {
    let app = context.app.clone();
    for (part, reason) in &looked.refused {
        tracing::info!(?part, asset = %subject.asset_id, reason = %reason.message, "refused");
    }
    let keys = looked.keys.clone();
    let outcome = match looked.thumbnail {
        Some(_) => "ready",
        None => "none",
    };
    let work = Work {
        context: context.clone(),
        subject: subject.clone(),
        family,
        wanted: task.parts(),
        size: task.size,
        looked,
    };
    let written = app.db.write(async move |tx| write(tx, &work).await).await;
    match written {
        Ok(unused) => {
            metrics::counter!("entrepot_thumbnails_total", "outcome" => outcome).increment(1);
            look::discard(&app, &unused).await;
            Ok(())
        }
        Err(error) => {
            // whether the rows stand is known only where the transaction was refused
            if error.is_conflict() {
                look::discard(&app, &keys).await;
            }
            Err(error.into())
        }
    }
}

/// Answers the keys that nothing refers to afterwards.
async fn write(tx: &mut Tx, work: &Work) -> Result<Vec<StorageKey>> {
    let subject = &work.subject;
    let now = work.context.app.clock.now();
    if !work.context.succeed(tx).await? {
        return Ok(work.looked.keys.clone());
    }
    let Some(asset) = still_there(tx, subject).await? else {
        return Ok(work.looked.keys.clone());
    };
    let mut unused = Vec::new();
    unused.extend(set_preview(tx, work, now).await?);
    unused.extend(place_cover(tx, work, &asset, now).await?);
    unused.extend(place_pages(tx, work, &asset, now).await?);
    if !subject.thumbnail_only {
        assets::change(tx, asset, now, |asset| {
            asset.extra_meta = Some(learned(work, asset.extra_meta.take()));
        })
        .await?;
    }
    audit::record(tx, &event(work)).await?;
    Ok(unused)
}

fn event(work: &Work) -> Event {
    let looked = &work.looked;
    let refused: Vec<_> = looked
        .refused
        .iter()
        .map(|(part, reason)| json!({"part": part, "code": reasons::code(reason.code)}))
        .collect();
    let detail = json!({"file_id": work.subject.file_id, "thumbnail": looked.thumbnail.is_some(),
        "cover": looked.cover.is_some(), "pages": looked.pages.len(), "refused": refused});
    let resource = format!("asset/{}", work.subject.asset_id);
    let (action, done) = ("entrepot:media:process", audit::Outcome::Done);
    Event::new(&work.context.app, action, resource, done, detail)
        .in_project(&work.subject.project_id)
}

/// The asset, if the file that was looked at is its main file still.
async fn still_there(tx: &mut Tx, subject: &Subject) -> Result<Option<Asset>> {
    let asset = assets::find_anywhere(tx, &subject.asset_id).await?;
    let asset = asset.filter(|asset| {
        asset.project_id == subject.project_id && asset.state() != AssetState::Deleted
    });
    let file = files::store::find(tx, &subject.project_id, &subject.file_id).await?;
    let is_there = file.is_some_and(|file| file.state == FileState::Created);
    Ok(asset.filter(|_| is_there))
}

fn learned(work: &Work, before: Option<meta::Meta>) -> meta::Meta {
    let looked = &work.looked;
    let pages: Vec<Page> = looked.pages.iter().map(|(page, _)| page.clone()).collect();
    let pages = work.wanted.contains(&Part::Pages).then(|| {
        let refused = looked.why_not(Part::Pages);
        refused.map_or(Ok(pages.as_slice()), Err)
    });
    let in_order = [Part::Facts, Part::Pages, Part::Thumbnail, Part::Cover];
    let news = Learned {
        facts: looked.facts.as_ref(),
        size: work.size,
        pages,
        error: in_order.iter().find_map(|part| looked.why_not(*part)),
    };
    meta::learned(before, work.family, &news)
}

async fn set_preview(tx: &mut Tx, work: &Work, now: Timestamp) -> Result<Option<StorageKey>> {
    let outcome = match (&work.looked.thumbnail, work.looked.why_not(Part::Thumbnail)) {
        (Some(stored), _) => Outcome::Ready(stored.clone()),
        (None, Some(reason)) => Outcome::None {
            code: reasons::code(reason.code).to_owned(),
            message: reasons::message(reason),
        },
        (None, None) => return Ok(None),
    };
    let preview = Preview {
        asset_id: work.subject.asset_id.clone(),
        id: work.context.app.ids.next(),
        file_id: work.subject.file_id.clone(),
        outcome,
    };
    store::set_preview(tx, &preview, now).await
}

async fn place_cover(
    tx: &mut Tx,
    work: &Work,
    asset: &Asset,
    now: Timestamp,
) -> Result<Vec<StorageKey>> {
    let Some((made, webp)) = &work.looked.cover else {
        return Ok(Vec::new());
    };
    let mut unused = drop_made(tx, asset, Category::Cover, now).await?;
    let id = work.context.app.ids.file();
    let (blob, used) = claim(tx, work, made, now).await?;
    let cover = file(work, id, Category::Cover, "cover.jpg".into(), made, now);
    let cover = File {
        blob_id: Some(blob.clone()),
        ..cover
    };
    if !used {
        unused.push(made.storage_key.clone());
    }
    if files::store::insert(tx, &cover).await? {
        let webp = Some((webp.storage_key.as_str(), webp.webp_size));
        store::insert_made(tx, &asset.asset_id, &cover.file_id, webp).await?;
    } else {
        // a user's own came meanwhile
        objects::release(tx, &blob, now).await?;
        unused.extend(StorageKey::parse(&webp.storage_key).ok());
    }
    Ok(unused)
}

async fn place_pages(
    tx: &mut Tx,
    work: &Work,
    asset: &Asset,
    now: Timestamp,
) -> Result<Vec<StorageKey>> {
    let looked = &work.looked;
    if !work.wanted.contains(&Part::Pages) {
        return Ok(Vec::new());
    }
    if looked.why_not(Part::Pages).is_some() {
        // some are no use where all were wanted
        return Ok(looked
            .pages
            .iter()
            .map(|(_, made)| made.storage_key.clone())
            .collect());
    }
    let mut unused = drop_made(tx, asset, Category::Page, now).await?;
    for (page, made) in &looked.pages {
        let (blob, used) = claim(tx, work, made, now).await?;
        if !used {
            unused.push(made.storage_key.clone());
        }
        let id = work.context.app.ids.file();
        let file = File {
            blob_id: Some(blob),
            ..file(work, id, Category::Page, page_name(page.number), made, now)
        };
        files::store::insert(tx, &file).await?;
        store::insert_made(tx, &asset.asset_id, &file.file_id, None).await?;
    }
    Ok(unused)
}

/// Takes what the server made earlier out of the asset.
async fn drop_made(
    tx: &mut Tx,
    asset: &Asset,
    category: Category,
    now: Timestamp,
) -> Result<Vec<StorageKey>> {
    let made = store::list_made(tx, &asset.asset_id).await?;
    let mut unused = Vec::new();
    for (file, _) in files::list_with_digests(tx, &[asset]).await? {
        if file.category == category && made.contains(&file.file_id) {
            files::store::discard(tx, &file, FileState::Deleted, None, now).await?;
            unused.extend(store::delete_made(tx, &file.file_id).await?);
        }
    }
    Ok(unused)
}

async fn claim(
    tx: &mut Tx,
    work: &Work,
    made: &Made,
    now: Timestamp,
) -> Result<(crate::ids::BlobId, bool)> {
    let new = work.context.app.ids.blob();
    objects::claim(tx, &new, &made.storage_key, &made.digests, now).await
}

fn file(
    work: &Work,
    id: FileId,
    category: Category,
    name: String,
    made: &Made,
    now: Timestamp,
) -> File {
    File {
        file_id: id,
        asset_id: work.subject.asset_id.clone(),
        project_id: work.subject.project_id.clone(),
        name,
        file_type: "jpg".into(),
        category,
        state: FileState::Created,
        declared_md5: Some(BASE64.encode(&made.digests.md5)),
        declared_size: i64::try_from(made.digests.size).ok(),
        part_count: None,
        blob_id: None,
        reason: None,
        created_at: now,
        updated_at: now,
    }
}
