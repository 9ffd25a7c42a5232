//! File names for labels from elsewhere: a name in the folder, never a path out of it.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use crate::client::text::{is_harmful, split_suffix};

/// What file systems take, less room for a number.
const MOST_BYTES: usize = 240;

/// A visible name of one path component; other characters than separators and harmful ones stay.
pub fn safe(label: &str) -> String {
    let mut name: String = label
        .trim()
        .chars()
        .map(|c| match c {
            '/' | '\\' => '_',
            c if is_harmful(c) => '_',
            c => c,
        })
        .collect();
    if name.starts_with('.') {
        // neither "..", nor a hidden file that some program reads
        name.replace_range(..1, "_");
    }
    if name.is_empty() {
        return "file".into();
    }
    bounded(&name)
}

fn bounded(name: &str) -> String {
    if name.len() <= MOST_BYTES {
        return name.to_owned();
    }
    let (stem, suffix) = split_suffix(name);
    let suffix = if suffix.len() <= 32 { suffix } else { "" };
    let kept = stem.floor_char_boundary(MOST_BYTES - suffix.len());
    format!("{}{suffix}", &stem[..kept])
}

/// `name`, `name (1)`, `name (2)`, … with the suffix kept at the end.
pub fn numbered(name: &str, number: u32) -> String {
    if number == 0 {
        return name.to_owned();
    }
    let (stem, suffix) = split_suffix(name);
    format!("{stem} ({number}){suffix}")
}

/// Moves a finished file to the first of its names that is free, and says which.
pub fn place(part: &Path, folder: &Path, name: &str) -> io::Result<PathBuf> {
    for number in 0..u32::MAX {
        let target = folder.join(numbered(name, number));
        match reserve(&target) {
            Ok(_) => {
                std::fs::rename(part, &target)?;
                return Ok(target);
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

/// Takes the name, so that nobody else's file of that name is ever replaced.
fn reserve(target: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).open(target)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_label_leaves_the_folder_or_hides() {
        for label in [
            "..",
            ".",
            "",
            " ",
            "../x",
            "/etc/passwd",
            "a/../../x",
            "a\\b",
            ".bashrc",
            "\u{0}",
            "a\nb",
            "\u{202e}gpj.exe",
            "...",
            " ..",
        ] {
            let name = safe(label);
            let path = Path::new(&name);
            assert_eq!(path.components().count(), 1, "{label:?}: {name:?}");
            assert!(path.file_name().is_some(), "{label:?}: {name:?}");
            assert!(!name.starts_with('.'), "{label:?}: {name:?}");
            assert!(!name.chars().any(is_harmful), "{label:?}: {name:?}");
        }
    }

    #[test]
    fn ordinary_labels_stay_as_they_are() {
        for label in ["夏 picture.png", "a (1).txt", "-x", "x..y", "a:b*c?"] {
            assert_eq!(safe(label), label);
        }
    }

    #[test]
    fn a_long_label_fits_a_file_system_and_keeps_its_suffix() {
        let name = safe(&format!("{}.mp4", "夏".repeat(252)));
        assert!(name.len() <= MOST_BYTES);
        assert_eq!(split_suffix(&name).1, ".mp4");
        assert!(safe(&format!("x.{}", "y".repeat(254))).len() <= MOST_BYTES);
    }

    #[test]
    fn a_name_that_is_taken_gets_a_number() {
        let folder = tempfile::tempdir().unwrap();
        let mut placed = Vec::new();
        for content in ["a", "b", "c"] {
            let part = folder.path().join("part");
            std::fs::write(&part, content).unwrap();
            placed.push(place(&part, folder.path(), "x.tar").unwrap());
        }
        let names: Vec<_> = placed
            .iter()
            .map(|p| p.file_name().unwrap().to_str().unwrap())
            .collect();
        assert_eq!(names, ["x.tar", "x (1).tar", "x (2).tar"]);
        assert_eq!(std::fs::read(&placed[0]).unwrap(), b"a");
    }

    #[test]
    fn a_link_that_waits_at_the_name_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let outside = folder.path().join("outside");
        std::os::unix::fs::symlink(&outside, folder.path().join("x")).unwrap();
        let part = folder.path().join("part");
        std::fs::write(&part, "a").unwrap();
        let placed = place(&part, folder.path(), "x").unwrap();
        assert_eq!(placed.file_name().unwrap(), "x (1)");
        assert!(!outside.exists());
    }
}
