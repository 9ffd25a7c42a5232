//! A file as far as it has come: bytes in `<file id>.part`, the version they are of beside them.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use data_encoding::{BASE64, HEXLOWER};
use entrepot_api::files::AssetFileInfo;
use entrepot_archive::reader::DigestReader;
use fast_md5::Md5;
use sha2::{Digest, Sha256};
use tokio::task::spawn_blocking;

use crate::client::failure::{Failure, Result};
use crate::client::progress::Bar;

/// Bytes gathered before they are hashed and written.
const BATCH: usize = 1024 * 1024;

/// What the library says the content is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    pub size: Option<u64>,
    pub sum: Sum,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sum {
    /// Hexadecimal digits.
    Sha256(String),
    /// Of a package: hexadecimal digits; see `docs/PACKAGE-FORMAT.md`.
    Package(String),
    /// Base64, where a library is not an Entrepot.
    Md5(String),
    Unknown,
}

impl Expected {
    pub fn of(file: &AssetFileInfo) -> Self {
        let sum = match (&file.entrepot_sha256, &file.file_md5) {
            (Some(sha256), _) => Sum::Sha256(sha256.to_ascii_lowercase()),
            (None, Some(md5)) => Sum::Md5(md5.clone()),
            (None, None) => Sum::Unknown,
        };
        Self {
            size: file.file_size.and_then(|size| u64::try_from(size).ok()),
            sum,
        }
    }

    pub fn hasher(&self) -> Hasher {
        match self.sum {
            Sum::Sha256(_) => Hasher::Sha256(Sha256::new()),
            Sum::Package(_) => Hasher::Package(Box::default()),
            Sum::Md5(_) => Hasher::Md5(Md5::new()),
            Sum::Unknown => Hasher::None,
        }
    }

    fn is(&self, size: u64, sum: &Sum) -> bool {
        self.size.is_none_or(|expected| expected == size) && self.sum == *sum
    }

    /// Whether a file at a path has this content; what was read is counted on the bar.
    pub fn matches(&self, path: &Path, bar: &Bar) -> io::Result<bool> {
        let metadata = std::fs::symlink_metadata(path)?;
        if !metadata.is_file() || self.size != Some(metadata.len()) || self.sum == Sum::Unknown {
            return Ok(false);
        }
        let mut hasher = self.hasher();
        let seen = |bytes| bar.advance(bytes);
        let read = read_into(&mut File::open(path)?, &mut hasher, seen)?;
        Ok(self.is(read, &hasher.finish()))
    }
}

pub enum Hasher {
    Sha256(Sha256),
    Package(Box<DigestReader>),
    /// What came is no package.
    NoPackage,
    Md5(Md5),
    None,
}

impl Hasher {
    fn update(&mut self, block: &[u8]) {
        match self {
            Hasher::Sha256(hash) => hash.update(block),
            Hasher::Package(reader) => {
                if reader.push(block).is_err() {
                    *self = Hasher::NoPackage;
                }
            }
            Hasher::Md5(hash) => hash.update(block),
            Hasher::None | Hasher::NoPackage => {}
        }
    }

    fn finish(self) -> Sum {
        match self {
            Hasher::Sha256(hash) => Sum::Sha256(HEXLOWER.encode(&hash.finalize())),
            Hasher::Md5(hash) => Sum::Md5(BASE64.encode(&hash.finalize())),
            Hasher::Package(reader) => reader.finish().map_or(Sum::Unknown, |digest| {
                Sum::Package(HEXLOWER.encode(&digest))
            }),
            Hasher::None | Hasher::NoPackage => Sum::Unknown,
        }
    }
}

fn read_into(file: &mut File, hasher: &mut Hasher, seen: impl Fn(u64)) -> io::Result<u64> {
    let (mut block, mut size) = (vec![0; BATCH], 0);
    loop {
        let read = file.read(&mut block)?;
        if read == 0 {
            return Ok(size);
        }
        hasher.update(&block[..read]);
        size += read as u64;
        seen(read as u64);
    }
}

/// The locked partial file of one download.
pub struct Partial {
    pub path: PathBuf,
    etag_path: PathBuf,
    /// The version that the bytes are of.
    pub etag: Option<String>,
    pub length: u64,
    work: Option<Work>,
    batch: Vec<Bytes>,
    gathered: usize,
}

/// What goes to a blocking thread and back.
struct Work {
    file: File,
    hasher: Hasher,
}

impl Partial {
    /// Opens what there is, hashed as far as it goes; `stem` is a safe name.
    pub async fn open(folder: &Path, stem: &str, expected: &Expected, bar: &Bar) -> Result<Self> {
        let path = folder.join(format!("{stem}.part"));
        let etag_path = folder.join(format!("{stem}.part.etag"));
        let etag = std::fs::read_to_string(&etag_path).ok();
        let (place, bar, hasher) = (path.clone(), bar.clone(), expected.hasher());
        let keep = etag.is_some();
        let opened = spawn_blocking(move || open(&place, keep, hasher, &bar)).await;
        let opened = opened.map_err(io::Error::other).flatten();
        let (work, length) = opened.map_err(|e| match e.kind() {
            io::ErrorKind::WouldBlock => {
                Failure::Local("another process is downloading it to the same folder".into())
            }
            _ => Failure::io("can't write", &path, &e),
        })?;
        Ok(Self {
            path,
            etag_path,
            etag,
            length,
            work: Some(work),
            batch: Vec::new(),
            gathered: 0,
        })
    }

    /// Forgets every byte: what comes now is another version, from its beginning.
    pub fn start_over(&mut self, etag: Option<&str>, expected: &Expected) -> Result<()> {
        self.batch.clear();
        (self.gathered, self.length) = (0, 0);
        let work = self.work.as_mut().expect("no write is under way");
        work.hasher = expected.hasher();
        let emptied = work.file.set_len(0).and_then(|()| work.file.rewind());
        // without an entity tag a cut download can only begin again
        let noted = emptied.and_then(|()| match etag {
            Some(etag) => std::fs::write(&self.etag_path, etag),
            None => remove_if_there(&self.etag_path),
        });
        noted.map_err(|e| Failure::io("can't write", &self.path, &e))?;
        self.etag = etag.map(str::to_owned);
        Ok(())
    }

    pub async fn push(&mut self, block: Bytes) -> Result<()> {
        self.gathered += block.len();
        self.length += block.len() as u64;
        self.batch.push(block);
        if self.gathered >= BATCH {
            self.flush().await?;
        }
        Ok(())
    }

    /// Hands what was gathered to the disk; what a cut leaves behind is then whole as far as it goes.
    pub async fn flush(&mut self) -> Result<()> {
        let batch = std::mem::take(&mut self.batch);
        self.gathered = 0;
        let mut work = self.work.take().expect("no write is under way");
        let written = spawn_blocking(move || {
            for block in batch {
                work.hasher.update(&block);
                work.file.write_all(&block)?;
            }
            Ok(work)
        });
        let written = written.await.map_err(io::Error::other).flatten();
        let written = written.map_err(|e: io::Error| Failure::io("can't write", &self.path, &e));
        self.work = Some(written?);
        Ok(())
    }

    /// Compares with what was expected, and answers the path of the finished file.
    pub async fn finish(mut self, expected: &Expected) -> Result<PathBuf> {
        self.flush().await?;
        let work = self.work.take().expect("no write is under way");
        if !expected.is(self.length, &work.hasher.finish()) {
            self.discard();
            return Err(Failure::Damaged(
                "what arrived does not have the digest that the library recorded; it was thrown \
                 away, download it again"
                    .into(),
            ));
        }
        let synced = spawn_blocking(move || work.file.sync_all()).await;
        let synced = synced.map_err(io::Error::other).flatten();
        synced.map_err(|e| Failure::io("can't write", &self.path, &e))?;
        Ok(self.path)
    }

    fn discard(&self) {
        let _ = std::fs::remove_file(&self.path);
        self.forget_version();
    }

    fn forget_version(&self) {
        let _ = std::fs::remove_file(&self.etag_path);
    }
}

/// What is beside a partial file is not needed once it has its name.
pub fn tidy(part: &Path) {
    let _ = std::fs::remove_file(part.with_added_extension("etag"));
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn open(path: &Path, keep: bool, mut hasher: Hasher, bar: &Bar) -> io::Result<(Work, u64)> {
    let mut options = OpenOptions::new();
    let mut file = options
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(io::ErrorKind::WouldBlock.into()),
        Err(TryLockError::Error(error)) => return Err(error),
    }
    if !keep {
        file.set_len(0)?;
    }
    let length = read_into(&mut file, &mut hasher, |bytes| bar.advance(bytes))?;
    file.seek(SeekFrom::Start(length))?;
    Ok((Work { file, hasher }, length))
}
