//! Objects as files: `root/aa/bb/<key>`, with `aa` and `bb` the last digits of the key, and
//! `root/tmp` for what is being written.

mod draft;
mod folders;
mod list;
mod reader;
mod steps;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::task::spawn_blocking;

pub(crate) use draft::Draft;
pub(crate) use reader::DiskReader;
pub(crate) use steps::Unwatched;
pub use steps::{FileStep, FileSteps};

use crate::key::Shard;
use crate::{BlobError, ByteStream, Page, Piece, Result, StorageKey};

const TEMPORARIES: &str = "tmp";

#[derive(Clone)]
pub(crate) struct Disk(Arc<Tree>);

struct Tree {
    root: PathBuf,
    steps: Arc<dyn FileSteps>,
    syncs: folders::FolderSyncs,
    /// Which folders of the fan-out are known to survive a crash, by `outer` and by both.
    durable_outer: Box<[AtomicBool]>,
    durable_inner: Box<[AtomicBool]>,
    blocks: reader::Blocks,
    temporaries: AtomicU64,
}

impl Disk {
    pub fn open(root: &Path, steps: Arc<dyn FileSteps>) -> Result<Self> {
        let flags = |count: usize| (0..count).map(|_| AtomicBool::new(false)).collect();
        let tree = Tree {
            root: std::path::absolute(root)?,
            steps,
            syncs: folders::FolderSyncs::default(),
            durable_outer: flags(256),
            durable_inner: flags(65_536),
            blocks: reader::Blocks::default(),
            temporaries: AtomicU64::new(0),
        };
        let missing: Vec<_> = tree
            .root
            .ancestors()
            .take_while(|path| !path.exists())
            .collect();
        let temporaries = tree.root.join(TEMPORARIES);
        tree.step(FileStep::CreateFolder, &temporaries, || {
            std::fs::create_dir_all(&temporaries)
        })?;
        for parent in missing.iter().filter_map(|folder| folder.parent()) {
            tree.sync_folder(parent)?;
        }
        Ok(Self(Arc::new(tree)))
    }

    pub fn path(&self, key: &StorageKey) -> PathBuf {
        self.0.path(key)
    }

    pub fn draft(&self, key: &StorageKey) -> Draft {
        Draft::new(Arc::clone(&self.0), key.clone())
    }

    pub fn read(&self, pieces: Vec<Piece>) -> ByteStream {
        ByteStream::disk(DiskReader::new(Arc::clone(&self.0), pieces))
    }

    pub async fn size(&self, key: &StorageKey) -> Result<Option<u64>> {
        let path = self.0.path(key);
        self.blocking(move |_| Ok(found(std::fs::metadata(path))?.map(|file| file.len())))
            .await
    }

    pub async fn delete(&self, key: &StorageKey) -> Result<()> {
        let path = self.0.path(key);
        self.blocking(move |tree| tree.remove(&path).map(|_| ()))
            .await
    }

    pub async fn list(&self, after: Option<StorageKey>, limit: usize) -> Result<Page> {
        self.blocking(move |tree| list::page(&tree.root, after.as_ref(), limit))
            .await
    }

    /// As the file system answers it to those who are not root.
    pub async fn free_space(&self) -> Result<u64> {
        self.blocking(|tree| {
            let figures = rustix::fs::statvfs(&tree.root)?;
            Ok(figures.f_bavail.saturating_mul(figures.f_frsize))
        })
        .await
    }

    pub async fn remove_stale_temporaries(&self, older_than: Duration) -> Result<usize> {
        self.blocking(move |tree| {
            let mut removed = 0;
            for path in list::stale_files(&tree.root.join(TEMPORARIES), older_than)? {
                removed += usize::from(tree.remove(&path)?);
            }
            Ok(removed)
        })
        .await
    }

    async fn blocking<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Tree) -> io::Result<T> + Send + 'static,
    ) -> Result<T> {
        let tree = Arc::clone(&self.0);
        let answer = spawn_blocking(move || job(&tree)).await;
        Ok(answer.map_err(BlobError::lost)??)
    }
}

impl Tree {
    fn path(&self, key: &StorageKey) -> PathBuf {
        self.inner_folder(key.shard()).join(key.as_str())
    }

    fn outer_folder(&self, shard: Shard) -> PathBuf {
        self.root.join(format!("{:02x}", shard.outer))
    }

    fn inner_folder(&self, shard: Shard) -> PathBuf {
        self.outer_folder(shard)
            .join(format!("{:02x}", shard.inner))
    }

    /// Two writers of one key, in this or in another process, do not meet before the rename.
    fn temporary_path(&self, key: &StorageKey) -> PathBuf {
        let number = self.temporaries.fetch_add(1, Ordering::Relaxed);
        let name = format!("{key}.{}.{number}", std::process::id());
        self.root.join(TEMPORARIES).join(name)
    }

    fn step<F>(&self, step: FileStep, path: &Path, mut action: F) -> io::Result<()>
    where
        F: FnMut() -> io::Result<()>,
    {
        self.steps.run(step, path, &mut action)
    }

    fn remove(&self, path: &Path) -> io::Result<bool> {
        let removed = self.step(FileStep::Remove, path, || std::fs::remove_file(path));
        Ok(found(removed)?.is_some())
    }

    fn make_folder(&self, shard: Shard) -> io::Result<()> {
        if !self.durable_inner[shard.index()].load(Ordering::Acquire) {
            let folder = self.inner_folder(shard);
            self.step(FileStep::CreateFolder, &folder, || {
                std::fs::create_dir_all(&folder)
            })?;
        }
        Ok(())
    }

    /// Makes what is in the folder durable, and the folder itself when that is not known yet. The
    /// innermost goes first: where one fsync commits all that came before, the rest is then quick.
    fn make_durable(&self, shard: Shard) -> io::Result<()> {
        self.sync_folder(&self.inner_folder(shard))?;
        let inner = &self.durable_inner[shard.index()];
        if inner.load(Ordering::Acquire) {
            return Ok(());
        }
        self.sync_folder(&self.outer_folder(shard))?;
        let outer = &self.durable_outer[usize::from(shard.outer)];
        if !outer.load(Ordering::Acquire) {
            self.sync_folder(&self.root)?;
            outer.store(true, Ordering::Release);
        }
        inner.store(true, Ordering::Release);
        Ok(())
    }

    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        self.syncs.sync(path, || {
            let sync = || std::fs::File::open(path)?.sync_all();
            self.step(FileStep::SyncFolder, path, sync)
        })
    }
}

impl Shard {
    fn index(self) -> usize {
        usize::from(self.outer) * 256 + usize::from(self.inner)
    }
}

/// Takes 'not found' for an answer.
fn found<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
