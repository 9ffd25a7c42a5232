//! Walks the folders of a disk, one at a time and in order, so that a page costs the memory of the
//! page and of one folder. Every function here blocks.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::found;
use crate::key::Shard;
use crate::{Entry, Page, StorageKey};

pub(super) fn page(root: &Path, after: Option<&StorageKey>, limit: usize) -> io::Result<Page> {
    let from = after.map(StorageKey::shard);
    let mut entries = Vec::new();
    for (outer, outer_path) in fan_out(root)? {
        if from.is_some_and(|from| outer < from.outer) {
            continue;
        }
        for (inner, path) in fan_out(&outer_path)? {
            let shard = Shard { outer, inner };
            if from.is_some_and(|from| shard < from) {
                continue;
            }
            let after = after.filter(|_| from == Some(shard));
            collect(&path, after, limit, &mut entries)?;
            if entries.len() > limit {
                return Ok(Page::of(entries, limit));
            }
        }
    }
    Ok(Page::of(entries, limit))
}

#[expect(
    clippy::disallowed_methods,
    reason = "compared with the file system's own times"
)]
pub(super) fn stale_files(folder: &Path, older_than: Duration) -> io::Result<Vec<PathBuf>> {
    let now = SystemTime::now();
    let mut stale = Vec::new();
    for name in names(folder)? {
        let path = folder.join(name);
        let Some(file) = found(std::fs::metadata(&path))? else {
            continue;
        };
        let age = now.duration_since(file.modified()?).unwrap_or_default();
        if age >= older_than {
            stale.push(path);
        }
    }
    Ok(stale)
}

/// Adds the files of one folder, until `entries` has one more than `limit`.
fn collect(
    folder: &Path,
    after: Option<&StorageKey>,
    limit: usize,
    entries: &mut Vec<Entry>,
) -> io::Result<()> {
    let mut keys: Vec<StorageKey> = names(folder)?
        .iter()
        .filter_map(|name| StorageKey::parse(name.to_str()?).ok())
        .filter(|key| after.is_none_or(|after| key > after))
        .collect();
    keys.sort_unstable();
    for key in keys {
        if entries.len() > limit {
            break;
        }
        // Deleted since the folder was read: then it is not listed.
        let Some(file) = found(std::fs::metadata(folder.join(key.as_str())))? else {
            continue;
        };
        entries.push(Entry {
            key,
            size: file.len(),
            modified: file.modified()?,
        });
    }
    Ok(())
}

/// The two-digit folders below `folder`, in order. Anything else there is not ours.
fn fan_out(folder: &Path) -> io::Result<Vec<(u8, PathBuf)>> {
    let mut found: Vec<_> = names(folder)?
        .into_iter()
        .filter_map(|name| {
            let number = u8::from_str_radix(name.to_str()?, 16).ok()?;
            (name == *format!("{number:02x}")).then(|| (number, folder.join(name)))
        })
        .collect();
    found.sort_unstable();
    Ok(found)
}

fn names(folder: &Path) -> io::Result<Vec<OsString>> {
    let entries = std::fs::read_dir(folder)?;
    entries
        .map(|entry| entry.map(|entry| entry.file_name()))
        .collect()
}
