//! An object on its way to the disk: a temporary file, fsync, rename into its place, fsync of the
//! folder. Every function here blocks.

use std::fs::{File, OpenOptions};
use std::io::{self, IoSlice, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use rustix::fs::{Advice, CWD, RenameFlags};
use rustix::io::Errno;

use super::{FileStep, Tree};
use crate::lane::Work;
use crate::{BlobError, Result, StorageKey};

pub(crate) struct Draft {
    disk: Arc<Tree>,
    key: StorageKey,
    /// Made at the first write, so that a small object is one blocking call as a whole.
    file: Option<Temporary>,
    size: u64,
}

/// A temporary file, unlinked when dropped before it has its place.
struct Temporary {
    disk: Arc<Tree>,
    path: PathBuf,
    file: File,
    placed: bool,
}

impl Draft {
    pub(super) fn new(disk: Arc<Tree>, key: StorageKey) -> Self {
        Self {
            disk,
            key,
            file: None,
            size: 0,
        }
    }

    /// Returns once the object is durable under its key.
    pub fn commit(mut self) -> Result<u64> {
        let mut temporary = self.take_or_create()?;
        let disk = &self.disk;
        disk.step(FileStep::SyncFile, &temporary.path, || {
            temporary.file.sync_all()
        })?;
        let target = disk.path(&self.key);
        disk.make_folder(self.key.shard())?;
        let renamed = disk.step(FileStep::Rename, &target, || {
            rename_to_new(&temporary.path, &target)
        });
        match renamed {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                return Err(BlobError::Exists(self.key));
            }
            other => other?,
        }
        // From here the file to remove, should the folder not become durable, is the target.
        target.clone_into(&mut temporary.path);
        disk.make_durable(self.key.shard())?;
        temporary.placed = true;
        Ok(self.size)
    }

    fn take_or_create(&mut self) -> io::Result<Temporary> {
        match self.file.take() {
            Some(temporary) => Ok(temporary),
            None => Temporary::create(&self.disk, &self.key),
        }
    }
}

impl Work for Draft {
    fn take(&mut self, batch: &[Bytes]) -> Result<()> {
        let temporary = self.take_or_create()?;
        let (start, len) = (
            self.size,
            batch.iter().map(|chunk| chunk.len() as u64).sum(),
        );
        self.disk.step(FileStep::Write, &temporary.path, || {
            write_all(&temporary.file, batch)
        })?;
        temporary.begin_write_back(start, len);
        self.size += len;
        self.file = Some(temporary);
        Ok(())
    }
}

impl Temporary {
    fn create(disk: &Arc<Tree>, key: &StorageKey) -> io::Result<Self> {
        let path = disk.temporary_path(key);
        let mut created = None;
        disk.step(FileStep::Create, &path, || {
            let mut options = OpenOptions::new();
            created = Some(
                options
                    .write(true)
                    .create_new(true)
                    .mode(0o600)
                    .open(&path)?,
            );
            Ok(())
        })?;
        Ok(Self {
            disk: Arc::clone(disk),
            file: created.ok_or(io::ErrorKind::Other)?,
            path,
            placed: false,
        })
    }

    /// Lets the kernel begin to write now what fsync would else have to write at the end. Linux
    /// does so on this advice and keeps pages that are not yet clean. Advice: errors do not matter.
    fn begin_write_back(&self, start: u64, len: u64) {
        const STRIDE: u64 = 8 * 1024 * 1024;
        let (from, to) = (start / STRIDE * STRIDE, (start + len) / STRIDE * STRIDE);
        if let Some(len) = std::num::NonZeroU64::new(to.saturating_sub(from)) {
            let _ = rustix::fs::fadvise(&self.file, from, Some(len), Advice::DontNeed);
        }
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if !self.placed {
            // What cannot be removed now, the sweep finds later.
            let remove = || std::fs::remove_file(&self.path);
            let _ = self.disk.step(FileStep::Remove, &self.path, remove);
        }
    }
}

fn write_all(mut file: &File, batch: &[Bytes]) -> io::Result<()> {
    let mut slices: Vec<IoSlice<'_>> = batch.iter().map(|chunk| IoSlice::new(chunk)).collect();
    let mut rest = slices.as_mut_slice();
    IoSlice::advance_slices(&mut rest, 0); // skips empty chunks
    while !rest.is_empty() {
        match file.write_vectored(rest) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => IoSlice::advance_slices(&mut rest, written),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Renames without replacing. Network file systems do not know that flag; there, a link does it.
fn rename_to_new(from: &Path, to: &Path) -> io::Result<()> {
    match rustix::fs::renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        Err(Errno::INVAL | Errno::NOSYS) => {
            std::fs::hard_link(from, to)?;
            std::fs::remove_file(from)
        }
        other => Ok(other?),
    }
}
