//! An asset on its way as files: `<asset id>/ticket.json`, `manifest.json`, `files/<file id>`.
//!
//! What is read here may come from anybody: ids are checked before they become names, nothing is
//! found by a path from inside a file, and links are not followed.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use entrepot_api::replication::ReplicationAssetInfo;
use entrepot_archive::model::{Asset, File as AssetFile, MAX_ASSET_LINE};
use serde::Deserialize;

use crate::client::download::partial::{Expected, Sum};
use crate::client::failure::{Failure, Result};

const FORMAT: &str = "entrepot-manifest";
const FORMAT_VERSION: u64 = 1;
/// The longest ticket has 100,000 characters and a few fields.
pub const MOST_TICKET: u64 = 256 * 1024;
/// A manifest is a line of a package and a few fields.
const MOST_MANIFEST: u64 = MAX_ASSET_LINE as u64 + 64 * 1024;

/// The folder of one asset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder(PathBuf);

impl Folder {
    /// `asset_id` comes from elsewhere.
    pub fn of(parent: &Path, asset_id: &str) -> Result<Self> {
        check_id(asset_id)?;
        Ok(Self(parent.join(asset_id)))
    }

    /// Every asset's folder below `parent`, or `parent` itself where it is one.
    pub fn find_all(parent: &Path) -> Result<Vec<Self>> {
        let failed = |e: io::Error| Failure::io("can't read", parent, &e);
        let one = Self(parent.to_owned());
        if one.is_one() {
            return Ok(vec![one]);
        }
        let mut found = Vec::new();
        for entry in std::fs::read_dir(parent).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let folder = Self(entry.path());
            if entry.file_type().map_err(failed)?.is_dir() && folder.is_one() {
                found.push(folder);
            }
        }
        if found.is_empty() {
            return Err(Failure::Local(format!(
                "{} has no tickets: `entrepot ticket export` writes ASSET/ticket.json there",
                parent.display()
            )));
        }
        found.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(found)
    }

    /// Whether an export began it.
    fn is_one(&self) -> bool {
        let there = |path: PathBuf| path.symlink_metadata().is_ok();
        there(self.ticket()) || there(self.manifest()) || there(self.files())
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    /// For people; the asset's id, where nobody gave it another name.
    pub fn name(&self) -> String {
        let name = self.0.canonicalize().ok();
        let name = name.as_deref().unwrap_or(&self.0).file_name();
        name.map_or_else(String::new, |name| name.to_string_lossy().into_owned())
    }

    fn ticket(&self) -> PathBuf {
        self.0.join("ticket.json")
    }

    fn manifest(&self) -> PathBuf {
        self.0.join("manifest.json")
    }

    pub fn files(&self) -> PathBuf {
        self.0.join("files")
    }

    /// `file` is of a manifest that was checked.
    pub fn file(&self, file: &AssetFile) -> PathBuf {
        self.files().join(&file.file_id)
    }

    /// The ticket last: a folder with a ticket is complete.
    pub fn write(&self, ticket: &[u8], manifest: &[u8]) -> Result<()> {
        for (path, content) in [(self.manifest(), manifest), (self.ticket(), ticket)] {
            let part = path.with_added_extension("part");
            write_whole(&part, content)
                .and_then(|()| std::fs::rename(&part, &path))
                .map_err(|e| Failure::io("can't write", &path, &e))?;
        }
        Ok(())
    }

    /// What the folder says it is; the bytes of files are not looked at.
    pub fn read(&self) -> Result<Content> {
        if self.ticket().symlink_metadata().is_err() {
            return Err(Failure::Local(format!(
                "{} has no ticket.json: its export did not come to its end; export it again",
                self.0.display()
            )));
        }
        let ticket = read_bounded(&self.ticket(), MOST_TICKET)?;
        let ticket: ReplicationAssetInfo =
            serde_json::from_slice(&ticket).map_err(|e| damaged(&self.ticket(), &e.to_string()))?;
        let manifest = read_bounded(&self.manifest(), MOST_MANIFEST)?;
        let Manifest { version, asset } =
            read_manifest(&manifest).map_err(|why| damaged(&self.manifest(), &why))?;
        if ticket.asset_id.as_ref() != Some(&asset.asset_id) {
            return Err(damaged(
                &self.ticket(),
                "it is of another asset than the manifest",
            ));
        }
        let manifest =
            String::from_utf8(manifest).map_err(|e| damaged(&self.manifest(), &e.to_string()))?;
        Ok(Content {
            ticket,
            manifest,
            version,
            asset,
        })
    }
}

#[derive(Debug)]
pub struct Content {
    pub ticket: ReplicationAssetInfo,
    /// Byte for byte.
    pub manifest: String,
    /// Of the asset, as the manifest has it.
    pub version: i64,
    pub asset: Asset,
}

/// An id that may become the name of a file.
fn check_id(id: &str) -> Result<()> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
    if (1..=64).contains(&id.len()) && id.bytes().all(plain) {
        return Ok(());
    }
    Err(Failure::Usage(format!(
        "'{}' is not an asset's id",
        crate::client::text::plain(id)
    )))
}

/// The part of a manifest that matters here.
#[derive(Debug, Deserialize)]
pub struct Manifest {
    /// Of the asset.
    pub version: i64,
    pub asset: Asset,
}

/// A manifest with every id fit for a name.
pub fn read_manifest(json: &[u8]) -> std::result::Result<Manifest, String> {
    #[derive(Deserialize)]
    struct Declared {
        format: String,
        format_version: u64,
    }
    let declared: Declared = serde_json::from_slice(json).map_err(|e| e.to_string())?;
    if declared.format != FORMAT || declared.format_version != FORMAT_VERSION {
        return Err(format!("it is not {FORMAT} {FORMAT_VERSION}"));
    }
    let manifest: Manifest = serde_json::from_slice(json).map_err(|e| e.to_string())?;
    let checked = manifest.asset.validate();
    checked.map_err(|invalid| invalid.problem)?;
    Ok(manifest)
}

pub fn expected(file: &AssetFile) -> Expected {
    Expected {
        size: Some(file.size),
        sum: Sum::Sha256(file.sha256.clone()),
    }
}

fn damaged(path: &Path, why: &str) -> Failure {
    let why = crate::client::text::plain(why);
    Failure::Local(format!("{} is damaged: {why}", path.display()))
}

/// A regular file of no more than `most` bytes.
fn read_bounded(path: &Path, most: u64) -> Result<Vec<u8>> {
    let failed = |e: io::Error| Failure::io("can't read", path, &e);
    if !path.symlink_metadata().map_err(failed)?.is_file() {
        return Err(damaged(path, "it is not a regular file"));
    }
    let mut content = Vec::new();
    let mut file = File::open(path).map_err(failed)?.take(most + 1);
    file.read_to_end(&mut content).map_err(failed)?;
    if content.len() as u64 > most {
        return Err(damaged(path, &format!("it is longer than {most} bytes")));
    }
    Ok(content)
}

fn write_whole(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(content)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn manifest() -> Value {
        json!({
            "format": "entrepot-manifest", "format_version": 1, "region": "a", "version": 3,
            "asset": {
                "asset_id": "a1", "apps": [], "name": "n", "asset_type": "IMAGE",
                "state": "ACTIVED", "created_at": "2026-01-02T03:04:05Z",
                "updated_at": "2026-01-02T03:04:05Z",
                "files": [{
                    "file_id": "f1", "name": "../../x", "file_type": "png", "category": "MAIN",
                    "size": 3, "md5": "0".repeat(32), "sha256": "0".repeat(64),
                    "path": "data/assets/a1/f1.png", "created_at": "2026-01-02T03:04:05Z",
                }],
            },
        })
    }

    fn ticket(asset_id: &str) -> String {
        json!({"asset_id": asset_id, "asset_info": "x:y"}).to_string()
    }

    #[test]
    fn what_was_written_is_read_again() {
        let parent = tempfile::tempdir().unwrap();
        let folder = Folder::of(parent.path(), "a1").unwrap();
        std::fs::create_dir_all(folder.files()).unwrap();
        let text = manifest().to_string();
        folder
            .write(ticket("a1").as_bytes(), text.as_bytes())
            .unwrap();
        for start in [parent.path(), folder.path()] {
            let found = Folder::find_all(start).unwrap();
            let content = found[0].read().unwrap();
            assert_eq!((found.len(), &content.manifest), (1, &text));
            let file = folder.file(&content.asset.files[0]);
            assert_eq!(file, parent.path().join("a1/files/f1"));
        }
    }

    #[test]
    fn an_export_that_was_cut_is_told_from_a_whole_one() {
        let parent = tempfile::tempdir().unwrap();
        assert!(Folder::find_all(parent.path()).is_err());
        std::fs::create_dir_all(parent.path().join("a1/files")).unwrap();
        let found = Folder::find_all(parent.path()).unwrap();
        let failure = found[0].read().unwrap_err();
        assert!(failure.to_string().contains("export it again"), "{failure}");
    }

    #[test]
    fn ticket_and_manifest_must_be_of_one_asset() {
        let parent = tempfile::tempdir().unwrap();
        let folder = Folder(parent.path().to_owned());
        let text = manifest().to_string();
        folder
            .write(ticket("a2").as_bytes(), text.as_bytes())
            .unwrap();
        let failure = folder.read().unwrap_err();
        assert!(failure.to_string().contains("another asset"), "{failure}");
    }

    #[test]
    fn a_link_is_not_read() {
        let parent = tempfile::tempdir().unwrap();
        let folder = Folder(parent.path().join("a1"));
        std::fs::create_dir(folder.path()).unwrap();
        let text = manifest().to_string();
        folder
            .write(ticket("a1").as_bytes(), text.as_bytes())
            .unwrap();
        let outside = parent.path().join("outside");
        std::fs::rename(folder.manifest(), &outside).unwrap();
        std::os::unix::fs::symlink(&outside, folder.manifest()).unwrap();
        let failure = folder.read().unwrap_err();
        assert!(
            failure.to_string().contains("not a regular file"),
            "{failure}"
        );
    }

    #[test]
    fn ids_that_are_paths_are_refused() {
        for id in ["", "..", "a/b", "../x", ".x", "a\0b", &"a".repeat(65)] {
            assert!(Folder::of(Path::new("x"), id).is_err(), "{id:?}");
            let mut bad = manifest();
            bad["asset"]["files"][0]["file_id"] = json!(id);
            assert!(read_manifest(bad.to_string().as_bytes()).is_err(), "{id:?}");
        }
        let mut other = manifest();
        other["format_version"] = json!(2);
        assert!(read_manifest(other.to_string().as_bytes()).is_err());
        assert!(read_manifest(manifest().to_string().as_bytes()).is_ok());
    }
}
