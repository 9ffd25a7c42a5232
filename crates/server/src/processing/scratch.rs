//! Folders for media work, under the data folder: one for each task, gone when the task is.

use std::io;
use std::path::Path;

use tempfile::TempDir;

const FOLDER: &str = "scratch";

/// Removes what a killed server has left; for the one that holds the data folder's lock.
pub fn clear(data: &Path) -> io::Result<()> {
    match std::fs::remove_dir_all(data.join(FOLDER)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// A private, empty folder with an absolute path.
pub fn folder(data: &Path) -> io::Result<TempDir> {
    let place = std::path::absolute(data.join(FOLDER))?;
    std::fs::create_dir_all(&place)?;
    tempfile::Builder::new().prefix("task-").tempdir_in(place)
}
