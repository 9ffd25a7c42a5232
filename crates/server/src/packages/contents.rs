//! What an export packs, read in one snapshot and handed over in pages.

use std::collections::BTreeMap;

use crate::assets::Asset;
use crate::db::{Feed, Tx};
use crate::error::{Error, Result};
use crate::files::{self, Digests, File, FileState};
use crate::ids::{AppId, AssetId, InstanceId, TaskId};
use crate::instances::{self, Application, Task};

use super::requested::Requested;
use super::store;

/// Assets of a page.
const PAGE: u32 = 200;
/// Files that a part has about, whatever each asset has of them …
const FILES: usize = 2000;
/// … once some have been seen.
const FIRST: usize = 20;

pub enum Part {
    /// Comes first, and once.
    Begin(Beginning),
    Page(Vec<Content>),
    /// Comes last: nothing is missing.
    End,
}

pub struct Beginning {
    pub apps: Vec<Application>,
    pub tasks: Vec<Task>,
    pub unknown_apps: Vec<AppId>,
    pub unknown_tasks: Vec<TaskId>,
    pub file_count: u64,
}

/// An asset of some of the applications, with those files that are part of it or may become so.
pub struct Content {
    pub asset: Asset,
    /// In the order of ids.
    pub apps: Vec<AppId>,
    /// The oldest first.
    pub files: Vec<(File, Digests)>,
}

/// Gives the beginning, then all assets in the order of ids.
pub async fn read(
    tx: &mut Tx,
    instance: &InstanceId,
    items: &Requested,
    feed: &Feed<Part>,
) -> Result<()> {
    let beginning = read_beginning(tx, instance, items).await?;
    let apps: Vec<AppId> = beginning
        .apps
        .iter()
        .map(|app| app.app_id.clone())
        .collect();
    feed.give(tx, Part::Begin(beginning)).await?;
    let mut last: Option<AssetId> = None;
    let mut more = !apps.is_empty();
    let mut some = FIRST;
    while more {
        let assets = instances::list_attached(tx, &apps, last.as_ref(), PAGE).await?;
        more = assets.len() == PAGE as usize;
        last = assets.last().map(|asset| asset.asset_id.clone());
        let mut assets = assets.into_iter().peekable();
        while assets.peek().is_some() {
            let contents = add_files(tx, &apps, assets.by_ref().take(some).collect()).await?;
            let files: usize = contents.iter().map(|content| content.files.len()).sum();
            some = (some * FILES / files.max(1)).clamp(1, some * 2);
            feed.give(tx, Part::Page(contents)).await?;
        }
    }
    Ok(feed.give(tx, Part::End).await?)
}

async fn read_beginning(
    tx: &mut Tx,
    instance: &InstanceId,
    items: &Requested,
) -> Result<Beginning> {
    let mut beginning = Beginning {
        apps: Vec::new(),
        tasks: Vec::new(),
        unknown_apps: Vec::new(),
        unknown_tasks: Vec::new(),
        file_count: store::jobs::count_files(tx, &items.apps).await?,
    };
    for id in &items.apps {
        match instances::find_app(tx, instance, id).await? {
            Some(app) => beginning.apps.push(app),
            None => beginning.unknown_apps.push(id.clone()),
        }
    }
    for id in &items.tasks {
        match instances::find_task(tx, instance, id).await? {
            Some(task) => beginning.tasks.push(task),
            None => beginning.unknown_tasks.push(id.clone()),
        }
    }
    Ok(beginning)
}

async fn add_files(tx: &mut Tx, apps: &[AppId], assets: Vec<Asset>) -> Result<Vec<Content>> {
    let ids: Vec<AssetId> = assets.iter().map(|asset| asset.asset_id.clone()).collect();
    let mut attached = instances::attached_apps_of(tx, &ids).await?;
    let mut files: BTreeMap<AssetId, Vec<(File, Digests)>> = BTreeMap::new();
    let refs: Vec<&Asset> = assets.iter().collect();
    for (file, digests) in files::list_with_digests(tx, &refs).await? {
        if !matches!(
            file.state,
            FileState::Failed | FileState::Cancelled | FileState::Deleted
        ) {
            files
                .entry(file.asset_id.clone())
                .or_default()
                .push((file, digests));
        }
    }
    let contents = assets.into_iter().map(|asset| {
        let mut of = attached.remove(&asset.asset_id).unwrap_or_default();
        of.retain(|app| apps.contains(app));
        if of.is_empty() {
            return Err(Error::internal("an attached asset is attached to nothing"));
        }
        Ok(Content {
            apps: of,
            files: files.remove(&asset.asset_id).unwrap_or_default(),
            asset,
        })
    });
    contents.collect()
}
