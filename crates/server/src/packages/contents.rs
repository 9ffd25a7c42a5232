//! What an export packs, read in one snapshot and handed over in pages.

use std::collections::{BTreeMap, VecDeque};

use crate::assets::{self, Asset};
use crate::db::{Feed, Tx};
use crate::error::Result;
use crate::files::{self, Digests, File, FileState};
use crate::ids::{AppId, AssetId, InstanceId, ProjectId, TaskId};
use crate::instances::{self, Application, Task};

use super::requested::Requested;
use super::store;

/// Ids of one statement.
const IDS: u32 = 500;
/// Assets of a part at most.
const PAGE: usize = 200;
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
    project: &ProjectId,
    instance: &InstanceId,
    items: &Requested,
    feed: &Feed<Part>,
) -> Result<()> {
    let beginning = read_beginning(tx, instance, items).await?;
    let apps = beginning.apps.iter().map(|app| app.app_id.clone());
    let mut attached = Merged::new(apps);
    feed.give(tx, Part::Begin(beginning)).await?;
    let mut some = FIRST;
    loop {
        let next = attached.next(tx, some).await?;
        if next.is_empty() {
            break;
        }
        let contents = add_files(tx, project, next).await?;
        let files: usize = contents.iter().map(|content| content.files.len()).sum();
        some = (some * FILES / files.max(1)).clamp(1, (some * 2).min(PAGE));
        feed.give(tx, Part::Page(contents)).await?;
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

async fn add_files(
    tx: &mut Tx,
    project: &ProjectId,
    attached: Vec<(AssetId, Vec<AppId>)>,
) -> Result<Vec<Content>> {
    let ids: Vec<AssetId> = attached.iter().map(|(asset, _)| asset.clone()).collect();
    let assets = assets::list_by_ids(tx, project, &ids).await?;
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
    let mut apps: BTreeMap<AssetId, Vec<AppId>> = attached.into_iter().collect();
    let contents = assets.into_iter().map(|asset| Content {
        apps: apps.remove(&asset.asset_id).unwrap_or_default(),
        files: files.remove(&asset.asset_id).unwrap_or_default(),
        asset,
    });
    Ok(contents.collect())
}

/// What several applications group, each asset once, in the order of ids. Each application is read
/// in pages of its own, so that no statement reads a row again.
struct Merged(Vec<Attached>);

/// The next ids of an application.
struct Attached {
    app: AppId,
    waiting: VecDeque<AssetId>,
    last: Option<AssetId>,
    more: bool,
}

impl Merged {
    fn new(apps: impl Iterator<Item = AppId>) -> Self {
        let attached = apps.map(|app| Attached {
            app,
            waiting: VecDeque::new(),
            last: None,
            more: true,
        });
        Self(attached.collect())
    }

    /// At most so many assets, each with its applications; none when there are no more.
    async fn next(&mut self, tx: &mut Tx, some: usize) -> Result<Vec<(AssetId, Vec<AppId>)>> {
        let mut next = Vec::with_capacity(some);
        while next.len() < some {
            for attached in &mut self.0 {
                attached.fill(tx).await?;
            }
            let fronts = self
                .0
                .iter()
                .filter_map(|attached| attached.waiting.front());
            let Some(least) = fronts.min().cloned() else {
                break;
            };
            let mut apps = Vec::new();
            for attached in &mut self.0 {
                if attached.waiting.front() == Some(&least) {
                    attached.waiting.pop_front();
                    apps.push(attached.app.clone());
                }
            }
            next.push((least, apps));
        }
        Ok(next)
    }
}

impl Attached {
    async fn fill(&mut self, tx: &mut Tx) -> Result<()> {
        if !self.waiting.is_empty() || !self.more {
            return Ok(());
        }
        let ids = instances::list_attached_ids(tx, &self.app, self.last.as_ref(), IDS).await?;
        self.more = ids.len() == IDS as usize;
        self.last = ids.last().cloned();
        self.waiting = ids.into();
        Ok(())
    }
}
