//! The files of a package between the passes that its layout takes. They are kept in memory up to
//! a bound; beyond it they go to stored objects of their own for a while.

use bytes::Bytes;
use entrepot_archive::{EntryMeta, EntryPath, Method};
use entrepot_blob::{Blobs, StorageKey};
use futures_util::TryStreamExt;

use super::derived_key;
use super::record::{Source, u64_at};
use crate::error::{Error, Result};

/// Bytes of a section: some fifteen thousand files.
const SECTION: usize = 2 * 1024 * 1024;
/// Sections that stay in memory.
const KEPT: usize = 6;

/// An entry whose bytes are a blob.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    pub path: EntryPath,
    /// Bytes.
    pub size: u64,
    pub crc32: u32,
    pub sha256: [u8; 32],
    pub blob: Source,
}

pub struct Spool {
    blobs: Blobs,
    /// The keys of stored sections are made of it and their numbers.
    base: StorageKey,
    sections: Vec<Section>,
    open: Vec<u8>,
}

enum Section {
    Kept(Bytes),
    Stored(StorageKey),
}

impl SourceFile {
    pub fn meta(&self) -> EntryMeta {
        EntryMeta {
            path: self.path.clone(),
            method: Method::Stored,
            crc32: self.crc32,
            size: self.size,
            compressed_size: self.size,
        }
    }

    fn put(&self, out: &mut Vec<u8>) {
        let path = self.path.as_str().as_bytes();
        out.extend_from_slice(&self.size.to_le_bytes());
        out.extend_from_slice(&self.crc32.to_le_bytes());
        out.extend_from_slice(&self.sha256);
        out.extend_from_slice(&self.blob.0);
        let len = u16::try_from(path.len()).expect("a path has at most 512 bytes");
        out.extend_from_slice(&len.to_le_bytes());
        out.extend_from_slice(path);
    }

    /// Takes one off the front.
    fn read(bytes: &mut &[u8]) -> Option<Self> {
        let (fixed, rest) = bytes.split_first_chunk::<62>()?;
        let len = usize::from(u16::from_le_bytes([fixed[60], fixed[61]]));
        let (path, rest) = rest.split_at_checked(len)?;
        *bytes = rest;
        let crc32 = fixed[8..12].first_chunk().copied()?;
        Some(Self {
            path: EntryPath::from_bytes(path).ok()?,
            size: u64_at(fixed, 0),
            crc32: u32::from_le_bytes(crc32),
            sha256: fixed[12..44].first_chunk().copied()?,
            blob: Source(fixed[44..60].first_chunk().copied()?),
        })
    }
}

impl Spool {
    pub fn new(blobs: Blobs, base: StorageKey) -> Self {
        Self {
            blobs,
            base,
            sections: Vec::new(),
            open: Vec::new(),
        }
    }

    pub async fn push(&mut self, file: &SourceFile) -> Result<()> {
        file.put(&mut self.open);
        if self.open.len() < SECTION {
            return Ok(());
        }
        let full = Bytes::from(std::mem::take(&mut self.open));
        let number = self.sections.len();
        if number < KEPT {
            self.sections.push(Section::Kept(full));
            return Ok(());
        }
        let key = self.key(number);
        let mut writer = self.blobs.writer(&key).await?;
        writer.write(full).await?;
        writer.finish().await?;
        self.sections.push(Section::Stored(key));
        Ok(())
    }

    fn key(&self, number: usize) -> StorageKey {
        derived_key(&format!("{}/{number}", self.base))
    }

    /// How many sections there are to read.
    pub fn sections(&self) -> usize {
        self.sections.len() + 1
    }

    /// The files of a section, in the order in which they were pushed.
    pub async fn section(&self, number: usize) -> Result<Vec<SourceFile>> {
        let stored;
        let mut bytes: &[u8] = match self.sections.get(number) {
            None => &self.open,
            Some(Section::Kept(bytes)) => bytes,
            Some(Section::Stored(key)) => {
                stored = self.fetch(key).await?;
                &stored
            }
        };
        let mut files = Vec::new();
        while !bytes.is_empty() {
            let file = SourceFile::read(&mut bytes);
            files.push(file.ok_or_else(|| Error::internal("a spooled section is damaged"))?);
        }
        Ok(files)
    }

    async fn fetch(&self, key: &StorageKey) -> Result<Vec<u8>> {
        let size = self.blobs.size(key).await?.unwrap_or_default();
        let blocks = self.blobs.read(key, 0..size);
        let add = |mut all: Vec<u8>, block: Bytes| async move {
            all.extend_from_slice(&block);
            Ok(all)
        };
        Ok(blocks.try_fold(Vec::new(), add).await?)
    }

    /// Deletes what was stored. After a crash the sweep does.
    pub async fn remove(self) -> Result<()> {
        for section in self.sections {
            if let Section::Stored(key) = section {
                self.blobs.delete(&key).await?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn files_come_back_in_order_from_memory_and_from_storage() {
        let blobs = Blobs::memory();
        let mut spool = Spool::new(blobs.clone(), derived_key("a test"));
        let file = |number: u64| SourceFile {
            path: EntryPath::new(format!("data/{}/{number}", "x".repeat(400))).unwrap(),
            size: number,
            crc32: 7,
            sha256: [3; 32],
            blob: Source([4; 16]),
        };
        // 2 MiB hold fewer than 4,500 of these
        for number in 0..45_000 {
            spool.push(&file(number)).await.unwrap();
        }
        assert!(spool.sections() > KEPT + 2);
        let first = spool.key(KEPT);
        assert!(blobs.size(&first).await.unwrap().is_some());
        let mut next = 0;
        for section in 0..spool.sections() {
            for read in spool.section(section).await.unwrap() {
                assert_eq!(read, file(next));
                next += 1;
            }
        }
        assert_eq!(next, 45_000);
        spool.remove().await.unwrap();
        assert!(blobs.size(&first).await.unwrap().is_none());
    }
}
