//! The lock of a data folder, and in it, where the server that holds it has its master key from: a
//! command beside it sees whether the server will find a new key by itself.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::Path;

use super::master::Source;

const FILE: &str = "entrepot.lock";

fn open(folder: &Path) -> Result<File, String> {
    let path = folder.join(FILE);
    let mut options = OpenOptions::new();
    let file = options.create(true).truncate(false).write(true).open(&path);
    file.map_err(|error| format!("{}: {error}", path.display()))
}

/// Only one server may have a data folder with an embedded database: two would both run its jobs.
#[derive(Debug)]
pub struct Serving(File);

impl Serving {
    pub fn lock(folder: &Path) -> Result<Self, String> {
        let file = open(folder)?;
        file.try_lock().map_err(|_| {
            let folder = folder.display();
            format!("another entrepot serves the folder {folder} already")
        })?;
        Ok(Self(file))
    }

    /// Leaves word of the source.
    pub fn tell(&self, source: &Source) -> Result<(), String> {
        let told = self.0.set_len(0);
        told.and_then(|()| self.0.write_all_at(named(source).as_bytes(), 0))
            .map_err(|error| format!("{FILE}: {error}"))
    }
}

fn named(source: &Source) -> String {
    let Source::File(path) = source else {
        return source.to_string();
    };
    // commands may run in another folder
    let path = std::fs::canonicalize(path).unwrap_or_else(|_| path.clone());
    Source::File(path).to_string()
}

/// Whether the server of a folder, if one runs, has its master key from that source.
pub fn shares(folder: &Path, source: &Source) -> bool {
    let is_free = open(folder).is_ok_and(|file| file.try_lock().is_ok());
    let told = std::fs::read_to_string(folder.join(FILE)).unwrap_or_default();
    is_free || told == named(source)
}
