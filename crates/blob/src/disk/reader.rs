//! Reads ranges of files one after the other, block by block, into buffers that are used again.

use std::fs::File;
use std::io;
use std::num::NonZeroU64;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use rustix::fs::Advice;

use super::Tree;
use crate::lane::locked;
use crate::stream::BLOCK;
use crate::{BlobError, Piece, Result, StorageKey};

/// Bytes of a piece that does not share its first block.
const LARGE: u64 = 64 * 1024;

/// How many pieces further the next large one may be to be fetched ahead …
const NEAR: usize = 2;
/// … and how many of its bytes are.
const FETCHED: u64 = 4 * 1024 * 1024;

/// Bytes of a block that are rather copied than kept in a buffer.
const SMALL: usize = 4096;

/// Blocks kept for the next reader: 16 MiB at most.
const KEPT: usize = 64;

pub(crate) struct DiskReader {
    disk: Arc<Tree>,
    rest: std::vec::IntoIter<Piece>,
    current: Current,
    /// Of the next large piece: the disk fetches it while this one is read.
    ahead: Option<(StorageKey, File)>,
}

/// What is left of the piece being read.
enum Current {
    Nothing,
    Given(Bytes),
    Stored {
        key: StorageKey,
        rest: Range<u64>,
        file: File,
    },
}

impl DiskReader {
    pub(super) fn new(disk: Arc<Tree>, pieces: Vec<Piece>) -> Self {
        Self {
            disk,
            rest: pieces.into_iter(),
            current: Current::Nothing,
            ahead: None,
        }
    }

    /// Files are opened here, by a job: opening may block.
    fn begin(&mut self, piece: Piece) -> Result<Current> {
        let (key, rest) = match piece {
            Piece::Given(bytes) => return Ok(Current::Given(bytes)),
            Piece::Stored(key, range) => (key, range),
        };
        let file = match self.open(&key) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(BlobError::NotFound(key));
            }
            opened => opened?,
        };
        let actual = file.metadata()?.len();
        if actual < rest.end {
            return Err(too_short(&key, rest.end, actual));
        }
        self.look_ahead();
        Ok(Current::Stored { key, rest, file })
    }

    fn open(&mut self, key: &StorageKey) -> io::Result<File> {
        match self.ahead.take() {
            Some((opened, file)) if opened == *key => Ok(file),
            _ => File::open(self.disk.path(key)),
        }
    }

    /// What goes wrong here is told when the piece's turn comes.
    fn look_ahead(&mut self) {
        let near = self.rest.as_slice().iter().take(NEAR);
        let mut large = near.filter(|piece| is_large(piece));
        let Some(Piece::Stored(key, range)) = large.next() else {
            return;
        };
        let Ok(file) = File::open(self.disk.path(key)) else {
            return;
        };
        let len = NonZeroU64::new((range.end - range.start).min(FETCHED));
        let _ = rustix::fs::fadvise(&file, range.start, len, Advice::WillNeed);
        self.ahead = Some((key.clone(), file));
    }

    /// Small pieces share a block. A large one begins a block of its own: into a buffer that is not
    /// aligned as the file is, the kernel copies at half the speed.
    fn read_block(&mut self) -> Result<Bytes> {
        let mut block = self.disk.blocks.take();
        while block.len < BLOCK {
            if self.current.read(&mut block)? {
                continue;
            }
            let large = self.rest.as_slice().first().is_some_and(is_large);
            if large && block.len > 0 {
                break;
            }
            let Some(piece) = self.rest.next() else { break };
            self.current = self.begin(piece)?;
        }
        if block.len < SMALL {
            // the buffer is worth more
            return Ok(Bytes::copy_from_slice(block.as_ref()));
        }
        Ok(Bytes::from_owner(block))
    }
}

fn is_large(piece: &Piece) -> bool {
    match piece {
        Piece::Given(_) => false,
        Piece::Stored(_, range) => range.end.saturating_sub(range.start) >= LARGE,
    }
}

impl Current {
    /// Answers false when nothing is left.
    fn read(&mut self, block: &mut Block) -> Result<bool> {
        let room = &mut block.buffer[block.len..];
        let read = match self {
            Self::Nothing => 0,
            Self::Given(bytes) => {
                let taken = bytes.split_to(bytes.len().min(room.len()));
                room[..taken.len()].copy_from_slice(&taken);
                taken.len()
            }
            Self::Stored { rest, .. } if rest.is_empty() => 0,
            Self::Stored { key, rest, file } => {
                let left = usize::try_from(rest.end - rest.start);
                let wanted = left.map_or(room.len(), |left| left.min(room.len()));
                let read = read_at(file, &mut room[..wanted], rest.start)?;
                if read == 0 {
                    return Err(too_short(key, rest.end, rest.start));
                }
                rest.start += read as u64;
                read
            }
        };
        block.len += read;
        if read == 0 {
            *self = Self::Nothing;
        }
        Ok(read > 0)
    }
}

fn read_at(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    loop {
        match file.read_at(buffer, at) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}

fn too_short(key: &StorageKey, expected: u64, actual: u64) -> BlobError {
    BlobError::Corrupt {
        key: key.clone(),
        expected,
        actual,
    }
}

/// Blocks. The stream does not ask again after an error.
impl Iterator for DiskReader {
    type Item = Result<Bytes>;

    fn next(&mut self) -> Option<Self::Item> {
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
