//! Where things stand in a package.

use crate::{EntryPath, InvalidPath};

pub const BAGIT: &str = "bagit.txt";
pub const BAG_INFO: &str = "bag-info.txt";
pub const MANIFEST: &str = "manifest-sha256.txt";
pub const TAG_MANIFEST: &str = "tagmanifest-sha256.txt";
pub const PACKAGE: &str = "data/package.json";
pub const ASSETS: &str = "data/assets.jsonl";

const APPS: &str = "data/apps/";
const TASKS: &str = "data/tasks/";
const FILES: &str = "data/assets/";

/// What an entry is, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place<'a> {
    Bagit,
    BagInfo,
    Manifest,
    TagManifest,
    Package,
    App {
        app_id: &'a str,
    },
    Task {
        task_id: &'a str,
    },
    Assets,
    /// A file of an asset.
    File {
        asset_id: &'a str,
    },
    /// Nothing that this format knows.
    Other,
}

impl<'a> Place<'a> {
    #[must_use]
    pub fn of(path: &'a EntryPath) -> Self {
        let path = path.as_str();
        match path {
            BAGIT => return Self::Bagit,
            BAG_INFO => return Self::BagInfo,
            MANIFEST => return Self::Manifest,
            TAG_MANIFEST => return Self::TagManifest,
            PACKAGE => return Self::Package,
            ASSETS => return Self::Assets,
            _ => {}
        }
        if let Some(app_id) = json_name(path, APPS) {
            return Self::App { app_id };
        }
        if let Some(task_id) = json_name(path, TASKS) {
            return Self::Task { task_id };
        }
        match path
            .strip_prefix(FILES)
            .and_then(|rest| rest.split_once('/'))
        {
            Some((asset_id, _)) => Self::File { asset_id },
            None => Self::Other,
        }
    }
}

fn json_name<'a>(path: &'a str, folder: &str) -> Option<&'a str> {
    let id = path.strip_prefix(folder)?.strip_suffix(".json")?;
    (!id.contains('/')).then_some(id)
}

pub fn app_path(app_id: &str) -> Result<EntryPath, InvalidPath> {
    EntryPath::new(format!("{APPS}{app_id}.json"))
}

pub fn task_path(task_id: &str) -> Result<EntryPath, InvalidPath> {
    EntryPath::new(format!("{TASKS}{task_id}.json"))
}

/// `data/assets/{asset_id}/{file_id}.{suffix}`; the suffix is `file_type` in lower case, left out
/// when that is not 1 to 16 of `[a-z0-9]`.
pub fn file_path(asset_id: &str, file_id: &str, file_type: &str) -> Result<EntryPath, InvalidPath> {
    let suffix = file_type.to_lowercase();
    let plain = suffix
        .bytes()
        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    if plain && (1..=16).contains(&suffix.len()) {
        return EntryPath::new(format!("{FILES}{asset_id}/{file_id}.{suffix}"));
    }
    EntryPath::new(format!("{FILES}{asset_id}/{file_id}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_what_an_entry_is() {
        for (path, place) in [
            ("bagit.txt", Place::Bagit),
            ("data/package.json", Place::Package),
            ("data/apps/a1.json", Place::App { app_id: "a1" }),
            ("data/tasks/t1.json", Place::Task { task_id: "t1" }),
            ("data/assets.jsonl", Place::Assets),
            ("data/assets/x/f.mp4", Place::File { asset_id: "x" }),
            ("data/assets/x/sub/f.mp4", Place::File { asset_id: "x" }),
            ("data/assets/x", Place::Other),
            ("data/apps/a/b.json", Place::Other),
            ("README.txt", Place::Other),
        ] {
            assert_eq!(Place::of(&EntryPath::new(path).unwrap()), place, "{path}");
        }
    }

    #[test]
    fn odd_suffixes_are_left_out() {
        for (file_type, path) in [
            ("MP4", "data/assets/a/f.mp4"),
            ("", "data/assets/a/f"),
            ("tar.gz", "data/assets/a/f"),
            ("ÄÖ", "data/assets/a/f"),
            ("12345678901234567", "data/assets/a/f"),
        ] {
            assert_eq!(file_path("a", "f", file_type).unwrap().as_str(), path);
        }
    }
}
