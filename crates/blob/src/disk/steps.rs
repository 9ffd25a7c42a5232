//! Every change to the file system passes here, so that tests can watch the order of the changes
//! and make any of them fail.

use std::fmt::Debug;
use std::io;
use std::path::Path;

/// One kind of change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileStep {
    Create,
    Write,
    SyncFile,
    Rename,
    CreateFolder,
    SyncFolder,
    Remove,
}

pub trait FileSteps: Debug + Send + Sync {
    /// Carries out `action`, which does `step` to `path`, or fails in its place.
    fn run(
        &self,
        step: FileStep,
        path: &Path,
        action: &mut dyn FnMut() -> io::Result<()>,
    ) -> io::Result<()>;
}

/// What a server runs with.
#[derive(Debug)]
pub(crate) struct Unwatched;

impl FileSteps for Unwatched {
    fn run(
        &self,
        _: FileStep,
        _: &Path,
        action: &mut dyn FnMut() -> io::Result<()>,
    ) -> io::Result<()> {
        action()
    }
}
