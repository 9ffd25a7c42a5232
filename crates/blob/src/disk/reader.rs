//! Reads a range of one file block by block, into buffers that are used again.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::sync::{Arc, Mutex};

use bytes::Bytes;

use super::Tree;
use crate::lane::locked;
use crate::stream::BLOCK;
use crate::{BlobError, Result, StorageKey};

/// Blocks kept for the next reader: 16 MiB at most.
const KEPT: usize = 64;

pub(crate) struct DiskReader {
    disk: Arc<Tree>,
    key: StorageKey,
    rest: Range<u64>,
    /// Opened by the first job: opening may block.
    file: Option<File>,
}

impl DiskReader {
    pub(super) fn new(disk: Arc<Tree>, key: StorageKey, range: Range<u64>) -> Self {
        Self {
            disk,
            key,
            rest: range,
            file: None,
        }
    }

    fn open(&self) -> Result<File> {
        let file = match File::open(self.disk.path(&self.key)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(BlobError::NotFound(self.key.clone()));
            }
            opened => opened?,
        };
        let actual = file.metadata()?.len();
        if actual < self.rest.end {
            return Err(self.too_short(actual));
        }
        Ok(file)
    }

    fn read_block(&mut self) -> Result<Bytes> {
        let file = match self.file.take() {
            Some(file) => file,
            None => self.open()?,
        };
        let wanted = self.rest.end.saturating_sub(self.rest.start);
        let wanted = usize::try_from(wanted).map_or(BLOCK, |wanted| wanted.min(BLOCK));
        let mut block = self.disk.blocks.take();
        while block.len < wanted {
            let (at, buffer) = (self.rest.start, &mut block.buffer[block.len..wanted]);
            match file.read_at(buffer, at) {
                Ok(0) => return Err(self.too_short(at)),
                Ok(read) => {
                    block.len += read;
                    self.rest.start += read as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
        self.file = Some(file);
        Ok(Bytes::from_owner(block))
    }

    fn too_short(&self, actual: u64) -> BlobError {
        BlobError::Corrupt {
            key: self.key.clone(),
            expected: self.rest.end,
            actual,
        }
    }
}

/// Blocks. The stream does not ask again after an error.
impl Iterator for DiskReader {
    type Item = Result<Bytes>;

    fn next(&mut self) -> Option<Self::Item> {
        // The first call opens the file even for an empty range: the key may not exist.
        if self.file.is_some() && self.rest.is_empty() {
            return None;
        }
        match self.read_block() {
            Ok(block) if block.is_empty() => None,
            other => Some(other),
        }
    }
}

/// Buffers between two uses: fresh ones would each be mapped, zeroed and unmapped again.
#[derive(Default)]
pub(super) struct Blocks(Arc<Mutex<Vec<Box<[u8]>>>>);

struct Block {
    buffer: Box<[u8]>,
    len: usize,
    home: Arc<Mutex<Vec<Box<[u8]>>>>,
}

impl Blocks {
    fn take(&self) -> Block {
        let kept = locked(&self.0).pop();
        Block {
            buffer: kept.unwrap_or_else(|| vec![0; BLOCK].into_boxed_slice()),
            len: 0,
            home: Arc::clone(&self.0),
        }
    }
}

impl AsRef<[u8]> for Block {
    fn as_ref(&self) -> &[u8] {
        &self.buffer[..self.len]
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        let mut kept = locked(&self.home);
        if kept.len() < KEPT {
            kept.push(std::mem::take(&mut self.buffer));
        }
    }
}
