//! The assets of a package with their files. Small assets share a transaction; one with many files
//! has several, and until the last of them it is CREATING where it is new.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use entrepot_archive::model;

use super::files::{Step, There};
use super::item::{Item, Kind, Outcome};
use super::{Made, Stop, Targets, Work, conflicts, ids, matching};
use crate::app::App;
use crate::assets::state::Standing;
use crate::assets::{self, Asset};
use crate::clock::Timestamp;
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::ids::{AppId, AssetId};
use crate::instances;
use crate::packages::import_job::ImportPackage;
use crate::packages::model::{Reason, ResourceType};
use crate::packages::store::items;
use crate::{portable, processing};

/// Items of one transaction, about.
const ITEMS: usize = 200;

/// An asset, or some files of one that has many.
#[derive(Debug, Clone)]
struct Portion {
    asset: Arc<model::Asset>,
    /// The asset's number; its files follow.
    seq: u64,
    files: std::ops::Range<usize>,
    into: Vec<AppId>,
}

impl Portion {
    fn is_first(&self) -> bool {
        self.files.start == 0
    }

    fn is_last(&self) -> bool {
        self.files.end == self.asset.files.len()
    }

    fn files(&self) -> &[model::File] {
        &self.asset.files[self.files.clone()]
    }

    /// Items that it deals with.
    fn items(&self) -> usize {
        self.files.len() + usize::from(self.is_first())
    }

    /// The number of its last item.
    fn end(&self) -> u64 {
        self.seq + self.files.end as u64
    }
}

pub async fn apply(work: &mut Work<'_>, targets: &Targets) -> Result<(), Stop> {
    let mut assets = work.assets().await?;
    let mut seq = work.first_asset();
    let mut waiting: Vec<Portion> = Vec::new();
    let behind = work.done;
    while let Some(asset) = assets.next().await? {
        let into = asset.apps.iter().filter_map(|id| targets.get(id).cloned());
        let (into, asset) = (into.collect::<Vec<_>>(), Arc::new(asset));
        for files in ranges(asset.files.len()) {
            let portion = Portion {
                asset: Arc::clone(&asset),
                seq,
                files,
                into: into.clone(),
            };
            if portion.end() < behind {
                continue;
            }
            let size: usize = waiting.iter().map(Portion::items).sum();
            if size + portion.items() > ITEMS {
                write(work, std::mem::take(&mut waiting)).await?;
            }
            waiting.push(portion);
        }
        seq += 1 + asset.files.len() as u64;
    }
    write(work, waiting).await
}

/// An asset has at least its main file.
fn ranges(files: usize) -> Vec<std::ops::Range<usize>> {
    (0..files)
        .step_by(ITEMS)
        .map(|from| from..files.min(from + ITEMS))
        .collect()
}

async fn write(work: &mut Work<'_>, portions: Vec<Portion>) -> Result<(), Stop> {
    let Some(first) = portions.first() else {
        return Ok(());
    };
    let about = Reason::new(ResourceType::Application, &first.asset.name, "", "");
    let import = work.import.clone();
    work.step(about, async move |tx: &mut Tx, app: &App| {
        let paths = portions.iter().flat_map(Portion::files);
        let paths: Vec<&str> = paths.map(|file| file.path.as_str()).collect();
        let mut step = Step::of(tx, app, &import, &paths).await?;
        let (mut made, mut attached) = (Made::default(), Attached::new());
        for portion in &portions {
            one(tx, &mut step, portion, &mut attached, &mut made).await?;
        }
        for (target, assets) in &attached {
            instances::attach(tx, &import.project_id, target, assets, step.now).await?;
        }
        Ok(made)
    })
    .await
}

/// What goes into applications at the end of a transaction.
type Attached = BTreeMap<AppId, Vec<AssetId>>;

async fn one(
    tx: &mut Tx,
    step: &mut Step<'_>,
    portion: &Portion,
    attached: &mut Attached,
    made: &mut Made,
) -> Result<()> {
    let (app, import, now) = (step.app, step.import, step.now);
    let wanted = portable::asset(&portion.asset, &import.project_id, now)?;
    let (asset, is_new, mut there) = if portion.is_first() {
        let (asset, is_new) = begin(tx, app, import, portion, &wanted).await?;
        let there = if is_new {
            There::nothing()
        } else {
            There::of(tx, &asset, &HashSet::new()).await?
        };
        (asset, is_new, there)
    } else {
        go_on(tx, import, portion).await?
    };
    let files_from = portion.seq + 1 + portion.files.start as u64;
    let placed = step
        .place(tx, &asset, files_from, portion.files(), &mut there)
        .await?;
    let asset_id = asset.asset_id.clone();
    let has_media = processing::family_of(wanted.asset_type).is_some();
    let settled = Settled {
        is_new,
        files_changed: placed.changed,
    };
    let changed = settle(tx, portion, asset, wanted, settled, now).await?;
    if portion.is_last() && has_media {
        let asset = assets::require(tx, &import.project_id, &asset_id).await?;
        processing::begin_thumbnail(tx, app, &asset, now).await?;
    }
    if portion.is_first() {
        for target in &portion.into {
            let ids = attached.entry(target.clone()).or_default();
            ids.push(asset_id.clone());
        }
        made.items.push(Item {
            seq: portion.seq,
            kind: Kind::Asset,
            old_id: portion.asset.asset_id.clone(),
            new_id: Some(asset_id.into_string()),
            name: portion.asset.name.clone(),
            outcome: match (is_new, changed || !portion.is_last()) {
                (true, _) => Outcome::Added,
                (false, true) => Outcome::Updated,
                (false, false) => Outcome::Unchanged,
            },
        });
    }
    made.items.extend(placed.items);
    made.unused.extend(placed.unused);
    Ok(())
}

/// The asset to be changed, or a new one; the second value tells which.
async fn begin(
    tx: &mut Tx,
    app: &App,
    import: &ImportPackage,
    portion: &Portion,
    wanted: &Asset,
) -> Result<(Asset, bool)> {
    let there = matching::asset(tx, import, &portion.asset, &portion.into).await?;
    conflicts::check(tx, app, wanted, there.as_ref()).await?;
    if let Some(there) = there {
        return Ok((there, false));
    }
    let old_id = &portion.asset.asset_id;
    let asset = Asset {
        asset_id: ids::of_asset(tx, app, &import.options, old_id).await?,
        standing: if portion.is_last() {
            wanted.standing
        } else {
            Standing::NEW
        },
        ..wanted.clone()
    };
    assets::store::insert(tx, &asset).await?;
    Ok((asset, true))
}

/// The asset that an earlier portion has begun, and the files it had before.
async fn go_on(
    tx: &mut Tx,
    import: &ImportPackage,
    portion: &Portion,
) -> Result<(Asset, bool, There)> {
    let gone = || Error::internal("an asset that was begun is gone");
    let item = items::find(tx, &import.job_id, portion.seq).await?;
    let item = item.ok_or_else(gone)?;
    let id = AssetId::new(item.new_id.ok_or_else(gone)?);
    let asset = assets::require(tx, &import.project_id, &id).await?;
    let is_new = item.outcome == Outcome::Added;
    let made = items::list_new_ids(
        tx,
        &import.job_id,
        portion.seq + 1..portion.seq + 1 + portion.files.start as u64,
    )
    .await?;
    let there = There::of(tx, &asset, &made).await?;
    Ok((asset, is_new, there))
}

struct Settled {
    is_new: bool,
    files_changed: bool,
}

/// Writes the asset's own fields, and its state with the last portion; answers whether anything is
/// other than before.
async fn settle(
    tx: &mut Tx,
    portion: &Portion,
    asset: Asset,
    wanted: Asset,
    so_far: Settled,
    now: Timestamp,
) -> Result<bool> {
    let mut after = asset.clone();
    after.name = wanted.name;
    after.description = wanted.description;
    after.asset_type = wanted.asset_type;
    after.order = wanted.order;
    after.tags = wanted.tags;
    after.properties = wanted.properties;
    after.services = wanted.services;
    after.extra_meta = wanted.extra_meta;
    if portion.is_last() {
        after.standing = wanted.standing;
    }
    if after == asset && (so_far.is_new || !so_far.files_changed) {
        return Ok(so_far.files_changed);
    }
    assets::change(tx, asset, now, |asset| *asset = after).await?;
    Ok(true)
}
