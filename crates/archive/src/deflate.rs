//! The generated entries of a package: compressed while they are made.

use flate2::{Compress, Compression, FlushCompress, Status};
use sha2::{Digest, Sha256};

use crate::{EntryMeta, EntryPath, Method};

/// Fixed: the same content is to give the same package.
const LEVEL: u32 = 6;
const ROOM: usize = 32 * 1024;

/// Compresses one entry. The output depends on nothing but the bytes pushed: not on how they were
/// cut, nor on the machine.
pub struct Deflate {
    compress: Compress,
    crc32: crc32fast::Hasher,
    sha256: Sha256,
    compressed_sha256: Sha256,
    room: Box<[u8]>,
}

/// What is known of an entry once it is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deflated {
    /// In bytes, before compression.
    pub size: u64,
    /// In bytes, as in the archive.
    pub compressed_size: u64,
    /// Of the data before compression.
    pub crc32: u32,
    /// Of the data before compression: what a manifest lists.
    pub sha256: [u8; 32],
    /// Of the data in the archive: what the package's digest is made of.
    pub compressed_sha256: [u8; 32],
}

impl Deflated {
    #[must_use]
    pub fn meta(&self, path: EntryPath) -> EntryMeta {
        EntryMeta {
            path,
            method: Method::Deflated,
            crc32: self.crc32,
            size: self.size,
            compressed_size: self.compressed_size,
        }
    }
}

impl Deflate {
    #[must_use]
    pub fn new() -> Self {
        Self {
            compress: Compress::new(Compression::new(LEVEL), false),
            crc32: crc32fast::Hasher::new(),
            sha256: Sha256::new(),
            compressed_sha256: Sha256::new(),
            room: vec![0; ROOM].into_boxed_slice(),
        }
    }

    /// Takes `data`, and appends to `out` what is compressed by now.
    pub fn push(&mut self, data: &[u8], out: &mut Vec<u8>) {
        self.crc32.update(data);
        self.sha256.update(data);
        let mut rest = data;
        while !rest.is_empty() {
            let (taken, _) = self.step(rest, FlushCompress::None, out);
            rest = &rest[taken..];
        }
    }

    /// Appends what is left to `out`.
    pub fn finish(mut self, out: &mut Vec<u8>) -> Deflated {
        while self.step(&[], FlushCompress::Finish, out).1 != Status::StreamEnd {}
        Deflated {
            size: self.compress.total_in(),
            compressed_size: self.compress.total_out(),
            crc32: self.crc32.finalize(),
            sha256: self.sha256.finalize().into(),
            compressed_sha256: self.compressed_sha256.finalize().into(),
        }
    }

    fn step(&mut self, data: &[u8], flush: FlushCompress, out: &mut Vec<u8>) -> (usize, Status) {
        let (taken, made) = (self.compress.total_in(), self.compress.total_out());
        let status = self
            .compress
            .compress(data, &mut self.room, flush)
            .expect("compression with room for output does not fail");
        let block = &self.room[..count(self.compress.total_out() - made)];
        self.compressed_sha256.update(block);
        out.extend_from_slice(block);
        (count(self.compress.total_in() - taken), status)
    }
}

impl Default for Deflate {
    fn default() -> Self {
        Self::new()
    }
}

/// Compresses a whole entry that is in memory.
#[must_use]
pub fn deflate(data: &[u8]) -> (Vec<u8>, Deflated) {
    let mut out = Vec::with_capacity(data.len() / 4 + 64);
    let mut deflate = Deflate::new();
    deflate.push(data, &mut out);
    let deflated = deflate.finish(&mut out);
    (out, deflated)
}

fn count(bytes: u64) -> usize {
    usize::try_from(bytes).expect("not more than a slice that is in memory")
}
