//! What is remembered of an upload, export or import under way, so that the same command goes on
//! after any end.
//!
//! One small file each, for uploads named by what makes it the same upload: endpoint, project, path, size
//! and time of change. It is locked while its upload runs, and gone when that is complete.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read};
use std::os::unix::fs::{DirBuilderExt, FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::failure::{Failure, Result};
use super::source::Source;

/// What the asset is meant to be; an upload of another meaning is another upload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    pub asset_name: String,
    pub asset_type: String,
    pub tags: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// For people who look into the folder.
    pub path: PathBuf,
    /// When it began, by the least that clocks may differ; RFC 3339.
    pub since: String,
    /// `None` while the asset is being made: it may be there without our knowing its id.
    pub asset_id: Option<String>,
    pub file_id: Option<String>,
    /// `None` for a file sent by one PUT.
    pub part_size: Option<u64>,
    pub wanted: Wanted,
}

/// The locked journal of one upload.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: File,
}

/// `$XDG_STATE_HOME/entrepot/KIND` or `~/.local/state/entrepot/KIND`; kinds are uploads, exports,
/// imports.
pub fn folder(kind: &str, variable: impl Fn(&str) -> Option<String>) -> Result<PathBuf> {
    let set = |name: &str| variable(name).filter(|value| value.starts_with('/'));
    let state = set("XDG_STATE_HOME").map(PathBuf::from);
    let state = state.or_else(|| Some(PathBuf::from(set("HOME")?).join(".local/state")));
    let state = state.ok_or_else(|| {
        Failure::Local(
            "there is no place to remember what is under way: set HOME or XDG_STATE_HOME".into(),
        )
    })?;
    Ok(state.join("entrepot").join(kind))
}

/// The name of an upload's journal.
pub fn key(endpoint: &str, project: &str, source: &Source) -> String {
    let mut hash = Sha256::new();
    for part in [
        endpoint.as_bytes(),
        project.as_bytes(),
        source.absolute.as_os_str().as_encoded_bytes(),
    ] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.update(source.size.to_be_bytes());
    hash.update(source.modified.0.to_be_bytes());
    hash.update(source.modified.1.to_be_bytes());
    HEXLOWER.encode(&hash.finalize()[..16])
}

impl Journal {
    /// Takes the upload for this process; answers what an earlier one left.
    pub fn open<T: DeserializeOwned>(folder: &Path, key: &str) -> Result<(Self, Option<T>)> {
        let path = folder.join(format!("{key}.json"));
        let failed =
            |e: io::Error| Failure::io("what is under way can't be remembered in", &path, &e);
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(true).mode(0o700);
        builder.create(folder).map_err(failed)?;
        loop {
            let mut options = OpenOptions::new();
            options.read(true).write(true).create(true).mode(0o600);
            let mut file = options.open(&path).map_err(failed)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => {
                    return Err(Failure::Local(
                        "the same is under way already, in another process or a second time in \
                         this one"
                            .into(),
                    ));
                }
                Err(TryLockError::Error(error)) => return Err(failed(error)),
            }
            if file.metadata().map_err(failed)?.nlink() == 0 {
                // its upload was completed while we waited for the lock
                continue;
            }
            let mut text = Vec::new();
            file.read_to_end(&mut text).map_err(failed)?;
            // half-written by a crash of the machine: nothing is remembered
            let entry = serde_json::from_slice(&text).ok();
            return Ok((Self { path, file }, entry));
        }
    }

    pub fn write(&self, entry: &impl Serialize) -> Result<()> {
        let written = serde_json::to_vec_pretty(entry)
            .map_err(io::Error::other)
            .and_then(|text| {
                self.file.write_all_at(&text, 0)?;
                self.file.set_len(text.len() as u64)
            });
        written.map_err(|e| Failure::io("what is under way can't be remembered in", &self.path, &e))
    }

    /// The upload is over.
    pub fn finish(&self) {
        // one that stays is found to be of a complete asset
        let _ = std::fs::remove_file(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> Entry {
        Entry {
            path: "/films/a.mp4".into(),
            since: "2026-01-02T03:04:05Z".into(),
            asset_id: Some("a".into()),
            file_id: None,
            part_size: Some(7),
            wanted: Wanted {
                asset_name: "夏".into(),
                asset_type: "VIDEO".into(),
                tags: vec!["t".into()],
            },
        }
    }

    #[test]
    fn what_was_written_is_found_until_it_is_finished() {
        let folder = tempfile::tempdir().unwrap();
        let (journal, found) = Journal::open::<Entry>(folder.path(), "k").unwrap();
        assert_eq!(found, None);
        let longer = Entry {
            file_id: Some("f".repeat(100)),
            ..entry()
        };
        journal.write(&longer).unwrap();
        journal.write(&entry()).unwrap();
        drop(journal);
        let (journal, found) = Journal::open::<Entry>(folder.path(), "k").unwrap();
        assert_eq!(found, Some(entry()));
        journal.finish();
        assert_eq!(Journal::open::<Entry>(folder.path(), "k").unwrap().1, None);
    }

    #[test]
    fn two_processes_do_not_share_an_upload() {
        let folder = tempfile::tempdir().unwrap();
        let (journal, _) = Journal::open::<Entry>(folder.path(), "k").unwrap();
        assert!(Journal::open::<Entry>(folder.path(), "k").is_err());
        assert!(Journal::open::<Entry>(folder.path(), "other").is_ok());
        journal.finish();
        assert!(Journal::open::<Entry>(folder.path(), "k").is_ok());
    }

    #[test]
    fn a_torn_journal_is_an_empty_one() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("k.json"), b"{\"path\": \"/fil").unwrap();
        assert_eq!(Journal::open::<Entry>(folder.path(), "k").unwrap().1, None);
    }

    #[test]
    fn the_key_tells_uploads_apart() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.mp4");
        std::fs::write(&path, b"one").unwrap();
        let one = Source::open(&path).unwrap();
        assert_eq!(key("e", "p", &one), key("e", "p", &one.clone()));
        assert_ne!(key("e", "p", &one), key("e", "q", &one));
        assert_ne!(key("ep", "", &one), key("e", "p", &one));
        std::fs::write(&path, b"three").unwrap();
        assert_ne!(
            key("e", "p", &one),
            key("e", "p", &Source::open(&path).unwrap())
        );
    }

    #[test]
    fn state_is_kept_where_the_desktop_rules_say() {
        let home = |name: &str| (name == "HOME").then(|| "/home/u".to_owned());
        assert_eq!(
            folder("uploads", home).unwrap(),
            Path::new("/home/u/.local/state/entrepot/uploads")
        );
        let both = |name: &str| Some(format!("/{name}"));
        assert_eq!(
            folder("uploads", both).unwrap(),
            Path::new("/XDG_STATE_HOME/entrepot/uploads")
        );
        assert!(folder("uploads", |_| None).is_err());
    }
}
