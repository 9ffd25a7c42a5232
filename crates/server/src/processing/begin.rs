//! Which main files are looked at, and when: as soon as they are ready.

use entrepot_media::task::Family;

use super::job::{ProcessDeck, ProcessMedia, Subject};
use super::model::family_of;
use super::{meta, store};
use crate::app::App;
use crate::assets::{self, Asset};
use crate::clock::Timestamp;
use crate::db::Tx;
use crate::error::Result;
use crate::files::{self, Category, FileState};
use crate::ids::FileId;
use crate::jobs;

/// Lets everything be made of a main file that has just become ready. Ring the bell afterwards.
pub async fn begin(
    tx: &mut Tx,
    app: &App,
    asset: Asset,
    file: &FileId,
    now: Timestamp,
) -> Result<Asset> {
    let Some(family) = family_of(asset.asset_type).filter(|_| app.config.media) else {
        return Ok(asset);
    };
    let asset = forget_another(tx, asset, family, file, now).await?;
    let subject = Subject::of(&asset, file, false);
    enqueue(tx, app, family, subject, now).await?;
    if family != Family::Deck || !meta::wants_pages(asset.extra_meta.as_ref()) {
        return Ok(asset);
    }
    assets::change(tx, asset, now, |asset| {
        asset.extra_meta = Some(meta::with_status(asset.extra_meta.take(), "WAITING"));
    })
    .await
}

/// What was made and learned of another main file is not this one's.
async fn forget_another(
    tx: &mut Tx,
    asset: Asset,
    family: Family,
    file: &FileId,
    now: Timestamp,
) -> Result<Asset> {
    let Some(made) = store::find_preview(tx, &asset.asset_id).await? else {
        return Ok(asset);
    };
    store::clear_preview(tx, &asset.asset_id).await?;
    if made.file_id == *file {
        return Ok(asset);
    }
    assets::change(tx, asset, now, |asset| {
        asset.extra_meta = meta::unlearned(asset.extra_meta.take(), family);
    })
    .await
}

/// A user has changed what is wanted of a deck that is here already: lets its pages be made, unless
/// they are, or are on their way.
pub async fn begin_pages(tx: &mut Tx, app: &App, asset: Asset, now: Timestamp) -> Result<Asset> {
    let meta = asset.extra_meta.as_ref();
    let under_way = matches!(
        meta::status(meta),
        Some("WAITING" | "CONVERTING" | "SUCCEEDED" | "FAILED")
    );
    let is_deck = family_of(asset.asset_type) == Some(Family::Deck);
    if !is_deck || !meta::wants_pages(meta) || under_way {
        return Ok(asset);
    }
    match main_file(tx, &asset).await? {
        Some(main) => begin(tx, app, asset, &main, now).await,
        None => Ok(asset),
    }
}

async fn main_file(tx: &mut Tx, asset: &Asset) -> Result<Option<FileId>> {
    let files = files::list_with_digests(tx, &[asset]).await?;
    let main = files
        .into_iter()
        .find(|(file, _)| file.category == Category::Main && file.state == FileState::Created);
    Ok(main.map(|(file, _)| file.file_id))
}

/// Lets a thumbnail be made for an asset that came with everything else, from a package or another
/// region: its fields stay as they came.
pub async fn begin_thumbnail(tx: &mut Tx, app: &App, asset: &Asset, now: Timestamp) -> Result<()> {
    let Some(family) = family_of(asset.asset_type).filter(|_| app.config.media) else {
        return Ok(());
    };
    let Some(main) = main_file(tx, asset).await? else {
        return Ok(());
    };
    let made = store::find_preview(tx, &asset.asset_id).await?;
    if made.is_some_and(|made| made.file_id == main) {
        return Ok(());
    }
    store::clear_preview(tx, &asset.asset_id).await?;
    let subject = Subject::of(asset, &main, true);
    enqueue(tx, app, family, subject, now).await.map(|_| ())
}

/// Answers false where that file waits already.
pub async fn enqueue(
    tx: &mut Tx,
    app: &App,
    family: Family,
    subject: Subject,
    now: Timestamp,
) -> Result<bool> {
    match family {
        Family::Deck => jobs::enqueue(tx, app, &ProcessDeck(subject), now).await,
        Family::Picture | Family::Film | Family::Sound => {
            jobs::enqueue(tx, app, &ProcessMedia(subject), now).await
        }
    }
}
