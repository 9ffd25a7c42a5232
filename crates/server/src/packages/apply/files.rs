//! The files of an asset, and their bytes: what was stored for the package becomes part of the
//! library where it stands.

use std::collections::{HashMap, HashSet};

use entrepot_archive::model;
use entrepot_blob::StorageKey;

use super::ids;
use super::item::{Item, Kind, Outcome};
use crate::app::App;
use crate::assets::Asset;
use crate::clock::Timestamp;
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::files;
use crate::files::model::{Category, File, FileState};
use crate::files::store::Digests;
use crate::ids::BlobId;
use crate::objects;
use crate::packages::import_job::ImportPackage;
use crate::packages::store::entries;
use crate::packages::uploads::model::{Entry, Place};
use crate::portable;

/// What the files of a step have come to.
#[derive(Default)]
pub struct Placed {
    pub items: Vec<Item>,
    pub unused: Vec<StorageKey>,
    /// Whether the asset has other files now.
    pub changed: bool,
}

/// The files that the asset had before, which none of the package's has taken for its own yet.
pub struct There(Vec<(File, Digests)>);

impl There {
    /// `made` are ids of files that this import has dealt with.
    pub async fn of(tx: &mut Tx, asset: &Asset, made: &HashSet<String>) -> Result<Self> {
        let mut files = files::store::list_with_digests(tx, &[asset]).await?;
        files.retain(|(file, _)| {
            let counts = matches!(
                file.state,
                FileState::Creating | FileState::Uploaded | FileState::Created
            );
            counts && !made.contains(file.file_id.as_str())
        });
        Ok(Self(files))
    }

    pub fn nothing() -> Self {
        Self(Vec::new())
    }

    fn take_same(&mut self, packed: &model::File) -> Option<File> {
        let category = portable::category(packed.category);
        let at = self.0.iter().position(|(file, digests)| {
            file.category == category
                && file.state == FileState::Created
                && digests.sha256.as_deref() == Some(packed.sha256.as_str())
        })?;
        Some(self.0.remove(at).0)
    }

    /// The one that the new one takes the place of.
    fn take_single(&mut self, category: Category) -> Option<File> {
        if !matches!(category, Category::Main | Category::Cover) {
            return None;
        }
        let at = self
            .0
            .iter()
            .position(|(file, _)| file.category == category)?;
        Some(self.0.remove(at).0)
    }
}

/// What a step needs to place files.
pub struct Step<'a> {
    pub app: &'a App,
    pub import: &'a ImportPackage,
    pub now: Timestamp,
    /// By path.
    pub entries: HashMap<String, Entry>,
}

impl<'a> Step<'a> {
    pub async fn of(
        tx: &mut Tx,
        app: &'a App,
        import: &'a ImportPackage,
        paths: &[&str],
    ) -> Result<Self> {
        let found = entries::list_by_path(tx, &import.upload_id, paths).await?;
        Ok(Self {
            app,
            import,
            now: app.clock.now(),
            entries: found.into_iter().map(|e| (e.path.clone(), e)).collect(),
        })
    }

    /// `seq` is the number of the first one.
    pub async fn place(
        &mut self,
        tx: &mut Tx,
        asset: &Asset,
        mut seq: u64,
        packed: &[model::File],
        there: &mut There,
    ) -> Result<Placed> {
        let mut placed = Placed::default();
        // those that stay go first, so that no other one takes their place
        let mut kept: Vec<Option<File>> = packed.iter().map(|f| there.take_same(f)).collect();
        for (file, kept) in packed.iter().zip(kept.iter_mut()) {
            let (id, outcome) = match kept.take() {
                Some(same) => (same.file_id, Outcome::Unchanged),
                None => self.add(tx, asset, file, there, &mut placed).await?,
            };
            placed.items.push(Item {
                seq,
                kind: Kind::File,
                old_id: file.file_id.clone(),
                new_id: Some(id.into_string()),
                name: file.name.clone(),
                outcome,
            });
            seq += 1;
        }
        Ok(placed)
    }

    async fn add(
        &mut self,
        tx: &mut Tx,
        asset: &Asset,
        packed: &model::File,
        there: &mut There,
        placed: &mut Placed,
    ) -> Result<(crate::ids::FileId, Outcome)> {
        let mut outcome = Outcome::Added;
        if let Some(old) = there.take_single(portable::category(packed.category)) {
            files::store::discard(tx, &old, FileState::Deleted, None, self.now).await?;
            outcome = Outcome::Updated;
        }
        let (blob, unused) = self.claim(tx, &packed.path).await?;
        placed.unused.extend(unused);
        placed.changed = true;
        let file = File {
            file_id: ids::of_file(tx, self.app, &self.import.options, &packed.file_id).await?,
            blob_id: Some(blob),
            ..portable::file(packed, asset, self.now)?
        };
        if !files::store::insert(tx, &file).await? {
            return Err(files::store::taken(file.category));
        }
        Ok((file.file_id, outcome))
    }

    /// The blob of an entry's content, and the key that is not needed.
    async fn claim(&mut self, tx: &mut Tx, path: &str) -> Result<(BlobId, Option<StorageKey>)> {
        let Some(entry) = self.entries.get_mut(path) else {
            return Err(Error::internal(format!("the entry {path} is gone")));
        };
        let key = match &entry.place {
            Place::Held(blob) => return Ok((blob.clone(), None)),
            Place::Own(key) => key.clone(),
            Place::Nowhere => return Err(Error::internal(format!("{path} has no bytes"))),
        };
        let new = self.app.ids.blob();
        let (blob, used) = objects::claim(tx, &new, &key, &entry.digests, self.now).await?;
        entries::set_blob(tx, &self.import.upload_id, entry.seq, &blob).await?;
        entry.place = Place::Held(blob.clone());
        Ok((blob, (!used).then_some(key)))
    }
}
