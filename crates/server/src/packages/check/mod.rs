//! The check of a whole package before anything is changed. What it reads is paged or streamed:
//! memory grows by two bits an entry.

mod assets;
mod manifests;
pub mod outline;
pub mod rules;

use std::collections::HashSet;

use entrepot_archive::bag;
use entrepot_archive::layout::{BAG_INFO, PACKAGE};
use entrepot_archive::model::{self, MAX_JSON, Package};

pub use outline::Outline;

use super::receive::invalid;
use super::unpacked::read;
use super::uploads::model::{Options, Upload};
use crate::app::App;
use crate::error::Result;

/// The bag's own small files are not longer.
const MAX_TAG_FILE: usize = 64 * 1024;

/// Refuses a package that is not whole and right; answers how many items it has.
pub async fn check(app: &App, upload: &Upload, options: &Options) -> Result<u64> {
    let outline = Outline::read(app, &upload.upload_id).await?;
    let declaration = read(app, &outline.bagit, MAX_TAG_FILE).await?;
    bag::check_bagit(&declaration).map_err(invalid)?;
    let info = read(app, &outline.bag_info, MAX_TAG_FILE).await?;
    let oxum = bag::payload_oxum(&info).map_err(invalid)?;
    manifests::check_payload(app, &upload.upload_id, &outline).await?;
    manifests::check_tags(app, &outline).await?;
    if oxum.is_some_and(|oxum| oxum != outline.payload) {
        return Err(invalid(format!(
            "the Payload-Oxum of {BAG_INFO} is not what the package has"
        )));
    }

    let package = read(app, &outline.package, MAX_JSON).await?;
    let package = Package::parse(&package).map_err(invalid)?;
    check_applications(app, &outline, &package, options).await?;
    check_tasks(app, &outline, &package, options).await?;
    let items = assets::check(app, &upload.upload_id, &outline, &package).await?;
    Ok(items + (outline.apps.len() + outline.tasks.len()) as u64)
}

async fn check_applications(
    app: &App,
    outline: &Outline,
    package: &Package,
    options: &Options,
) -> Result<()> {
    let mut names = HashSet::new();
    if package.apps.len() != outline.apps.len() {
        return Err(invalid(format!("{PACKAGE} does not list its applications")));
    }
    for (id, entry) in &outline.apps {
        let json = read(app, entry, MAX_JSON).await?;
        let found = model::App::parse(id, &json).map_err(invalid)?;
        let same = |a: &model::AppRef| a.id == *id && a.name == found.name;
        if !package.apps.iter().any(same) {
            return Err(invalid(format!("{PACKAGE} does not list application {id}")));
        }
        rules::check_app(&found, options).map_err(|e| rules::about(&entry.path, e))?;
        if !names.insert(found.name) {
            return Err(invalid(format!("{}: its name is there twice", entry.path)));
        }
    }
    Ok(())
}

async fn check_tasks(
    app: &App,
    outline: &Outline,
    package: &Package,
    options: &Options,
) -> Result<()> {
    let mut names = HashSet::new();
    if package.tasks.len() != outline.tasks.len() {
        return Err(invalid(format!("{PACKAGE} does not list its tasks")));
    }
    for (id, entry) in &outline.tasks {
        let json = read(app, entry, MAX_JSON).await?;
        let found = model::Task::parse(id, &json).map_err(invalid)?;
        let same = |t: &model::TaskRef| t.task_id == *id && t.task_name == found.task_name;
        if !package.tasks.iter().any(same) {
            return Err(invalid(format!("{PACKAGE} does not list task {id}")));
        }
        rules::check_task(&found, options).map_err(|e| rules::about(&entry.path, e))?;
        if !names.insert(found.task_name) {
            return Err(invalid(format!("{}: its name is there twice", entry.path)));
        }
    }
    Ok(())
}

/// Which entries have been named by something, each at most once.
struct Named(Vec<u64>);

impl Named {
    fn of(entries: u64) -> Self {
        let words = usize::try_from(entries / 64 + 1).unwrap_or(usize::MAX);
        Self(vec![0; words])
    }

    /// False where it has been named before.
    fn name(&mut self, seq: u64) -> bool {
        let word = usize::try_from(seq / 64).unwrap_or(usize::MAX);
        let bit = 1 << (seq % 64);
        match self.0.get_mut(word) {
            Some(word) if *word & bit == 0 => {
                *word |= bit;
                true
            }
            _ => false,
        }
    }
}
