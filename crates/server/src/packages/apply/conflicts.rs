//! Conflicts are found before anything is changed, and all of them are named.

use std::collections::HashMap;

use entrepot_archive::model::{self, MAX_JSON};

use super::item::{Item, Kind, Outcome};
use super::{Stop, Work, because, matching};
use crate::app::App;
use crate::assets::{self, Asset};
use crate::db::Tx;
use crate::error::{Error, ErrorCode, Result};
use crate::files;
use crate::ids::AppId;
use crate::instances;
use crate::jobs::JobError;
use crate::packages::import_job::ImportPackage;
use crate::packages::model::{Reason, ResourceType};
use crate::packages::receive::invalid;
use crate::packages::store;
use crate::packages::unpacked::read;
use crate::portable;

/// As many as the contract has room for.
const REASONS: usize = 10;
/// Failed items that are written down.
const ITEMS: usize = 1000;
/// Assets that are looked at together.
const ASSETS: usize = 50;

#[derive(Default)]
struct Conflicts {
    reasons: Vec<Reason>,
    items: Vec<Item>,
    count: usize,
}

impl Conflicts {
    fn add(&mut self, reason: Reason, item: Item) {
        self.count += 1;
        if self.reasons.len() < REASONS {
            self.reasons.push(reason);
        }
        if self.items.len() < ITEMS {
            self.items.push(item);
        }
    }

    /// The last reason says how many there are that have no room.
    fn into_reasons(mut self) -> Vec<Reason> {
        let more = self.count - self.reasons.len();
        if more > 0
            && let Some(last) = self.reasons.last_mut()
        {
            let message = format!("and {} more have conflicts", more + 1);
            *last = Reason::new(
                last.resource_type,
                &last.resource_name,
                &last.error_code,
                &message,
            );
        }
        self.reasons
    }
}

pub async fn refuse(work: &Work<'_>) -> Result<(), Stop> {
    let mut conflicts = Conflicts::default();
    let apps = names_of_apps(work).await?;
    let tasks = names_of_tasks(work).await?;
    let mut seq = 0;
    for (kind, items) in [(Kind::Application, &apps), (Kind::Task, &tasks)] {
        let mut seen = HashMap::new();
        for (id, name) in items {
            if seq >= work.done {
                let found = look(work, kind, id, name).await?;
                add(
                    &mut conflicts,
                    &mut seen,
                    work,
                    seq,
                    kind,
                    (id, name),
                    &found,
                );
            }
            seq += 1;
        }
    }
    if work.import.options.merges() || work.app().config.unique_names {
        look_at_assets(work, &apps, &mut conflicts).await?;
    }
    if conflicts.count == 0 {
        return Ok(());
    }
    write_down(work, conflicts.items.clone()).await?;
    Err(Stop::Fail(conflicts.into_reasons()))
}

async fn write_down(work: &Work<'_>, items: Vec<Item>) -> Result<(), Stop> {
    let (context, job) = (work.context.clone(), work.import.job_id.clone());
    let (done, total) = (work.done, work.import.items);
    let held = work
        .app()
        .db
        .write(async move |tx| {
            let held = context.progress_in(tx, done.min(total), total).await?;
            if held {
                store::items::insert(tx, &job, &items).await?;
            }
            Ok(held)
        })
        .await?;
    if held {
        Ok(())
    } else {
        Err(JobError::Lost.into())
    }
}

/// Ids and names in the package.
type Names = Vec<(String, String)>;

async fn names_of_apps(work: &Work<'_>) -> Result<Names> {
    let mut names = Vec::new();
    for (id, entry) in &work.outline.apps {
        let json = read(work.app(), entry, MAX_JSON).await?;
        let packed = model::App::parse(id, &json).map_err(invalid)?;
        names.push((packed.id, packed.name));
    }
    Ok(names)
}

async fn names_of_tasks(work: &Work<'_>) -> Result<Names> {
    let mut names = Vec::new();
    for (id, entry) in &work.outline.tasks {
        let json = read(work.app(), entry, MAX_JSON).await?;
        let packed = model::Task::parse(id, &json).map_err(invalid)?;
        names.push((packed.task_id, packed.task_name));
    }
    Ok(names)
}

/// What is in the instance already.
struct Found {
    /// The one to be updated.
    target: Option<String>,
    /// The one that has the name.
    named: Option<String>,
}

async fn look(work: &Work<'_>, kind: Kind, id: &str, name: &str) -> Result<Found> {
    let (import, id, name) = (work.import.clone(), id.to_owned(), name.to_owned());
    work.app()
        .db
        .read(async move |tx| {
            let full = import.options.named(&name);
            let instance = &import.instance_id;
            if kind == Kind::Application {
                let target = matching::app(tx, &import, &id, &name).await?;
                let named = instances::find_app_by_name(tx, instance, &full).await?;
                return Ok(Found {
                    target: target.map(|app| app.app_id.into_string()),
                    named: named.map(|app| app.app_id.into_string()),
                });
            }
            let target = matching::task(tx, &import, &id, &name).await?;
            let named = instances::find_task_by_name(tx, instance, &full).await?;
            Ok(Found {
                target: target.map(|task| task.task_id.into_string()),
                named: named.map(|task| task.task_id.into_string()),
            })
        })
        .await
}

/// `seen` are the targets of items before, by their ids, with their names.
fn add(
    conflicts: &mut Conflicts,
    seen: &mut HashMap<String, String>,
    work: &Work<'_>,
    seq: u64,
    kind: Kind,
    (id, name): (&str, &str),
    found: &Found,
) {
    let full = work.import.options.named(name);
    let problem = if found.named.is_some() && found.named != found.target {
        Some("the name is taken in this instance; use prefix or Merge".to_owned())
    } else {
        let target = found.target.clone();
        target
            .and_then(|target| seen.insert(target, full.clone()))
            .map(|other| format!("would be merged into the same one as {other}"))
    };
    let Some(problem) = problem else { return };
    let resource = match kind {
        Kind::Task => ResourceType::Task,
        Kind::Application | Kind::Asset | Kind::File => ResourceType::Application,
    };
    let about = Reason::new(resource, &full, "", "");
    let error = Error::new(ErrorCode::NameTaken, problem);
    conflicts.add(because(&about, &error), failed(seq, kind, id, &full));
}

fn failed(seq: u64, kind: Kind, id: &str, name: &str) -> Item {
    Item {
        seq,
        kind,
        old_id: id.to_owned(),
        new_id: None,
        name: name.to_owned(),
        outcome: Outcome::Failed,
    }
}

async fn look_at_assets(
    work: &Work<'_>,
    apps: &Names,
    conflicts: &mut Conflicts,
) -> Result<(), Stop> {
    let into = existing_apps(work, apps).await?;
    let mut assets = work.assets().await?;
    let mut seq = work.first_asset();
    let mut batch = Vec::new();
    loop {
        let next = assets.next().await?;
        let last = next.is_none();
        if let Some(asset) = next {
            let files = asset.files.len() as u64;
            if seq >= work.done {
                batch.push((seq, asset));
            }
            seq += 1 + files;
        }
        if batch.len() >= ASSETS || (last && !batch.is_empty()) {
            let batch = std::mem::take(&mut batch);
            let (import, app, into) = (work.import.clone(), work.app().clone(), into.clone());
            let found = app
                .clone()
                .db
                .read(async move |tx| problems(tx, &app, &import, &batch, &into).await)
                .await?;
            for (reason, item) in found {
                conflicts.add(reason, item);
            }
            let total = work.import.items;
            work.context.progress(work.done.min(total), total).await?;
        }
        if last {
            return Ok(());
        }
    }
}

/// Names here of the package's applications, and the ones that are there already, by their ids in
/// the package.
async fn existing_apps(
    work: &Work<'_>,
    apps: &Names,
) -> Result<HashMap<String, (String, Option<AppId>)>> {
    let mut existing = HashMap::new();
    for (id, name) in apps {
        let full = work.import.options.named(name);
        let (import, asked, name) = (work.import.clone(), id.clone(), name.clone());
        let found = work
            .app()
            .db
            .read(async move |tx| matching::app(tx, &import, &asked, &name).await)
            .await?;
        existing.insert(id.clone(), (full, found.map(|app| app.app_id)));
    }
    Ok(existing)
}

async fn problems(
    tx: &mut Tx,
    app: &App,
    import: &ImportPackage,
    batch: &[(u64, model::Asset)],
    apps: &HashMap<String, (String, Option<AppId>)>,
) -> Result<Vec<(Reason, Item)>> {
    let mut found = Vec::new();
    for (seq, packed) in batch {
        let known = || packed.apps.iter().filter_map(|id| apps.get(id));
        let into: Vec<AppId> = known().filter_map(|(_, id)| id.clone()).collect();
        let wanted = portable::asset(packed, &import.project_id, app.clock.now())?;
        let there = matching::asset(tx, import, packed, &into).await?;
        let Err(error) = check(tx, app, &wanted, there.as_ref()).await else {
            continue;
        };
        let name = known().next().map_or(&packed.name, |(name, _)| name);
        let message = format!("asset “{}”: {}", short(&packed.name), error.message);
        let about = Reason::new(ResourceType::Application, name, "", "");
        let error = Error::new(error.code, message);
        let item = failed(*seq, Kind::Asset, &packed.asset_id, &packed.name);
        found.push((because(&about, &error), item));
    }
    Ok(found)
}

fn short(name: &str) -> String {
    name.chars().take(20).collect()
}

/// Whether an asset can be added, or take the place of one that is there.
pub async fn check(tx: &mut Tx, app: &App, wanted: &Asset, there: Option<&Asset>) -> Result<()> {
    if let Some(there) = there {
        files::declare::refuse_unchangeable(there)?;
        let retyped = there.asset_type != wanted.asset_type;
        if retyped && files::has_any(tx, &there.asset_id).await? {
            return Err(Error::new(
                ErrorCode::IllegalAssetState,
                "the one here has another type",
            ));
        }
    }
    let id = there.map_or(&wanted.asset_id, |asset| &asset.asset_id);
    let renamed = there
        .is_none_or(|asset| (&asset.name, asset.asset_type) != (&wanted.name, wanted.asset_type));
    let named = Asset {
        asset_id: id.clone(),
        ..wanted.clone()
    };
    if app.config.unique_names && renamed && assets::store::name_is_taken(tx, &named).await? {
        return Err(Error::new(
            ErrorCode::AssetNameTaken,
            "the name is taken by another asset of its type",
        ));
    }
    Ok(())
}
