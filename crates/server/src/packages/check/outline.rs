//! What a package consists of: the few entries that are known by name, and sums of the rest.

use std::collections::BTreeMap;

use entrepot_archive::EntryPath;
use entrepot_archive::bag::Oxum;
use entrepot_archive::layout::{ASSETS, BAG_INFO, BAGIT, MANIFEST, PACKAGE, Place, TAG_MANIFEST};

use crate::app::App;
use crate::error::{Error, Result};
use crate::ids::UploadId;
use crate::packages::receive::invalid;
use crate::packages::store::entries;
use crate::packages::uploads::model::Entry;

const PAGE: u32 = 1000;
/// Applications and tasks, as for an export.
const MAX_RESOURCES: usize = 100;

#[derive(Debug)]
pub struct Outline {
    pub bagit: Entry,
    pub bag_info: Entry,
    pub manifest: Entry,
    pub tag_manifest: Entry,
    pub package: Entry,
    pub assets: Entry,
    /// By id, as the archive and every report have them.
    pub apps: BTreeMap<String, Entry>,
    pub tasks: BTreeMap<String, Entry>,
    /// Of the archive, folders too.
    pub entries: u64,
    /// Everything under `data/`.
    pub payload: Oxum,
    /// Files of assets.
    pub files: u64,
}

#[derive(Default)]
struct Found {
    by_name: BTreeMap<&'static str, Entry>,
    apps: BTreeMap<String, Entry>,
    tasks: BTreeMap<String, Entry>,
    entries: u64,
    payload: Oxum,
    files: u64,
}

impl Outline {
    pub async fn read(app: &App, upload: &UploadId) -> Result<Self> {
        let mut found = Found::default();
        let mut after = None;
        loop {
            let id = upload.clone();
            let page = app
                .db
                .read(async move |tx| entries::list(tx, &id, after, PAGE).await)
                .await?;
            let Some(last) = page.last() else { break };
            after = Some(last.seq);
            for entry in page {
                found.add(entry)?;
            }
        }
        found.outline()
    }
}

impl Found {
    fn add(&mut self, entry: Entry) -> Result<()> {
        self.entries = self.entries.max(entry.seq + 1);
        if entry.is_folder() {
            return Ok(());
        }
        let path = EntryPath::new(entry.path.as_str()).map_err(Error::internal)?;
        if path.as_str().starts_with("data/") {
            self.payload.files += 1;
            self.payload.bytes = self.payload.bytes.saturating_add(entry.digests.size);
        }
        let name = match Place::of(&path) {
            Place::Bagit => BAGIT,
            Place::BagInfo => BAG_INFO,
            Place::Manifest => MANIFEST,
            Place::TagManifest => TAG_MANIFEST,
            Place::Package => PACKAGE,
            Place::Assets => ASSETS,
            Place::App { app_id } => {
                self.apps.insert(app_id.to_owned(), entry);
                return self.check_resources();
            }
            Place::Task { task_id } => {
                self.tasks.insert(task_id.to_owned(), entry);
                return self.check_resources();
            }
            Place::File { .. } => {
                self.files += 1;
                return Ok(());
            }
            Place::Other => {
                let problem = format!("entry “{path}” is nothing that a package has");
                return Err(invalid(problem));
            }
        };
        self.by_name.insert(name, entry);
        Ok(())
    }

    fn check_resources(&self) -> Result<()> {
        if self.apps.len() + self.tasks.len() > MAX_RESOURCES {
            let problem = format!("it has more than {MAX_RESOURCES} applications and tasks");
            return Err(invalid(problem));
        }
        Ok(())
    }

    fn outline(mut self) -> Result<Outline> {
        let mut take = |name: &'static str| {
            let entry = self.by_name.remove(name);
            entry.ok_or_else(|| invalid(format!("it has no {name}")))
        };
        Ok(Outline {
            bagit: take(BAGIT)?,
            bag_info: take(BAG_INFO)?,
            manifest: take(MANIFEST)?,
            tag_manifest: take(TAG_MANIFEST)?,
            package: take(PACKAGE)?,
            assets: take(ASSETS)?,
            apps: self.apps,
            tasks: self.tasks,
            entries: self.entries,
            payload: self.payload,
            files: self.files,
        })
    }
}
