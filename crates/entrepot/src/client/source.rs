//! A local file on its way to a library: read in blocks, never as a whole, and watched for changes.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use fast_md5::Md5;
use futures_util::{Stream, StreamExt, stream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::failure::{Failure, Result};
use super::format::HEAD;
use super::progress::Bar;

const BLOCK: usize = 256 * 1024;
/// Blocks that wait for the network.
const DEPTH: usize = 4;

pub type Digest = [u8; 16];

#[derive(Debug, Clone)]
pub struct Source {
    file: Arc<File>,
    /// As given by the user.
    pub path: PathBuf,
    /// The same wherever the command is run.
    pub absolute: PathBuf,
    pub size: u64,
    /// Seconds and nanoseconds.
    pub modified: (i64, i64),
}

impl Source {
    pub fn open(path: &Path) -> Result<Self> {
        let failed = |e: io::Error| Failure::io("can't read", path, &e);
        let metadata = std::fs::metadata(path).map_err(failed)?;
        let refuse = |why: &str| Err(Failure::Local(format!("{} {why}", path.display())));
        if metadata.is_dir() {
            return refuse("is a folder; name the files in it");
        }
        if !metadata.is_file() {
            return refuse("is not a regular file");
        }
        let file = File::open(path).map_err(failed)?;
        let metadata = file.metadata().map_err(failed)?;
        if metadata.len() == 0 {
            return refuse("is empty; a library takes files of at least one byte");
        }
        Ok(Self {
            file: Arc::new(file),
            path: path.to_owned(),
            absolute: path.canonicalize().map_err(failed)?,
            size: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
        })
    }

    pub fn name(&self) -> String {
        let name = self.path.file_name().or(self.absolute.file_name());
        name.map_or_else(|| "file".into(), |n| n.to_string_lossy().into_owned())
    }

    pub fn head(&self) -> Result<Vec<u8>> {
        let length = usize::try_from(self.size.min(HEAD)).unwrap_or(0);
        let mut head = vec![0; length];
        self.file
            .read_exact_at(&mut head, 0)
            .map_err(|e| Failure::io("can't read", &self.path, &e))?;
        Ok(head)
    }

    pub fn changed(&self) -> Failure {
        Failure::Changed(self.path.display().to_string())
    }

    pub fn check_unchanged(&self) -> Result<()> {
        let metadata = self.file.metadata();
        let metadata = metadata.map_err(|e| Failure::io("can't read", &self.path, &e))?;
        if metadata.len() == self.size && (metadata.mtime(), metadata.mtime_nsec()) == self.modified
        {
            return Ok(());
        }
        Err(self.changed())
    }

    /// The MD5 of a stretch of the file, counted on the bar.
    pub async fn md5(&self, range: Range<u64>, bar: &Bar) -> Result<Digest> {
        let (file, bar) = (self.file.clone(), bar.clone());
        let work = move || {
            each_block(&file, range, |block| {
                bar.advance(block.len() as u64);
                true
            })
        };
        let digest = tokio::task::spawn_blocking(work).await;
        self.settle(digest.map_err(io::Error::other).flatten())
    }

    fn settle(&self, digest: io::Result<Digest>) -> Result<Digest> {
        digest.map_err(|e| match e.kind() {
            io::ErrorKind::UnexpectedEof => self.changed(),
            _ => Failure::io("can't read", &self.path, &e),
        })
    }

    /// A stretch of the file as it goes out, counted on the bar as it does.
    pub fn outgoing(&self, range: Range<u64>, bar: &Bar) -> (Blocks, Sent) {
        let (sender, mut receiver) = mpsc::channel(DEPTH);
        let (file, length) = (self.file.clone(), range.end - range.start);
        let digest = tokio::task::spawn_blocking(move || {
            let outcome = each_block(&file, range, |block| {
                let block = Bytes::copy_from_slice(block);
                sender.blocking_send(Ok(block)).is_ok()
            });
            if let Err(error) = &outcome {
                // the request must fail, not end early
                let _ = sender.blocking_send(Err(io::Error::new(error.kind(), "can't read on")));
            }
            outcome
        });
        let bytes = Arc::new(AtomicU64::new(0));
        let (counter, bar) = (bytes.clone(), bar.clone());
        let blocks = stream::poll_fn(move |context| receiver.poll_recv(context));
        let blocks = blocks.inspect(move |block: &io::Result<Bytes>| {
            let length = block.as_ref().map_or(0, |block| block.len() as u64);
            counter.fetch_add(length, Ordering::Relaxed);
            bar.advance(length);
        });
        let sent = Sent {
            length,
            bytes,
            digest,
            source: self.clone(),
        };
        (Box::pin(blocks), sent)
    }
}

/// Hashes and hands on each block; stops with `Interrupted` when the taker has gone.
fn each_block(
    file: &File,
    range: Range<u64>,
    mut take: impl FnMut(&[u8]) -> bool,
) -> io::Result<Digest> {
    let (mut md5, mut block, mut at) = (Md5::new(), vec![0; BLOCK], range.start);
    while at < range.end {
        let wanted = usize::try_from(range.end - at).unwrap_or(BLOCK).min(BLOCK);
        file.read_exact_at(&mut block[..wanted], at)?;
        md5.update(&block[..wanted]);
        at += wanted as u64;
        if !take(&block[..wanted]) {
            return Err(io::ErrorKind::Interrupted.into());
        }
    }
    Ok(md5.finalize())
}

pub type Blocks = std::pin::Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>;

/// A body under way: how far it is, and what it was.
pub struct Sent {
    pub length: u64,
    /// How many bytes the network has taken.
    pub bytes: Arc<AtomicU64>,
    digest: JoinHandle<io::Result<Digest>>,
    source: Source,
}

impl Sent {
    /// The MD5 of what was sent; `None` if it was not sent to its end.
    pub async fn md5(self) -> Result<Option<Digest>> {
        let digest = self.digest.await.map_err(io::Error::other).flatten();
        match digest {
            Err(e) if e.kind() == io::ErrorKind::Interrupted => Ok(None),
            other => self.source.settle(other).map(Some),
        }
    }
}
