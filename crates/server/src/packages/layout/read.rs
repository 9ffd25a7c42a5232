//! Reads a layout object: its entries by their numbers, and what can be asked about them.

use std::cmp::Ordering;
use std::ops::Range;

use bytes::Bytes;
use entrepot_archive::model::Package;
use entrepot_archive::{DosTime, EntryMeta, Method, local_header};
use entrepot_blob::StorageKey;
use futures_util::TryStreamExt;

use super::record::{RECORD, Record, Source, read_central};
use crate::app::App;
use crate::error::{Error, Result};
use crate::ids::{ArchiveId, AssetId};
use crate::packages::Archive;

/// A search that has come down to so many records reads them at once.
const FEW: u64 = 128;

/// The layout of an archive. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Layout {
    pub(super) app: App,
    pub(super) key: StorageKey,
    pub(super) time: DosTime,
    /// What the package says of itself: where it is from, its applications and tasks.
    pub package: std::sync::Arc<Package>,
    /// Bytes of the archive.
    pub size: u64,
    pub entry_count: u64,
    pub(super) directory_at: u64,
    pub(super) table_at: u64,
}

/// An entry of an archive.
#[derive(Debug, Clone)]
pub struct Entry {
    pub meta: EntryMeta,
    /// In the archive, from its local header to the end of its data.
    pub range: Range<u64>,
    pub(super) source: Source,
}

impl Entry {
    /// The asset whose file this is.
    pub fn asset_id(&self) -> Option<&str> {
        let path = self.meta.path.as_str();
        let (asset, _) = path.strip_prefix("data/assets/")?.split_once('/')?;
        Some(asset)
    }
}

impl Layout {
    pub async fn open(app: &App, archive: &Archive) -> Result<Self> {
        let key = archive.layout_key.as_deref();
        let key = key.ok_or_else(|| gone(&archive.archive_id))?;
        let key = StorageKey::parse(key).map_err(Error::internal)?;
        let size = app.blobs.size(&key).await?;
        let size = size.ok_or_else(|| gone(&archive.archive_id))?;
        let table_end = archive.table_at + archive.piece_count * RECORD;
        let json = fetch(app, &key, table_end..size.max(table_end)).await?;
        let package = Package::parse(&json).map_err(Error::internal)?;
        Ok(Self {
            app: app.clone(),
            key,
            time: DosTime::from_unix(package.created_at.unix_seconds()),
            package: std::sync::Arc::new(package),
            size: archive.size,
            entry_count: archive.piece_count,
            directory_at: archive.directory_at,
            table_at: archive.table_at,
        })
    }

    /// Entries in the archive's order, from the one with this number (from 0) on.
    pub async fn entries(&self, offset: u64, limit: u64) -> Result<Vec<Entry>> {
        let end = self.entry_count.min(offset.saturating_add(limit));
        if offset >= end {
            return Ok(Vec::new());
        }
        // one more, where there is one, tells where the last one ends
        let records = self.records(offset..self.entry_count.min(end + 1)).await?;
        let last = records.get(usize_of(end - offset));
        let headers_end = last.map_or(self.table_at, |next| next.central_at);
        let headers_at = records
            .first()
            .map_or(headers_end, |first| first.central_at);
        let headers = self.fetch(headers_at..headers_end).await?;
        let wanted = &records[..usize_of(end - offset)];
        let ends = records.iter().skip(1).map(|next| next.header_at);
        let ends = ends.chain([self.directory_at]);
        let entries = wanted.iter().zip(ends).map(|(record, end)| {
            let at = record.central_at.checked_sub(headers_at).map(usize_of);
            let header = at.and_then(|at| headers.get(at..)).unwrap_or_default();
            let entry = Entry {
                meta: read_central(header)?,
                range: record.header_at..end,
                source: record.source,
            };
            self.check(entry)
        });
        entries.collect()
    }

    /// That the table agrees with the directory: otherwise bytes would be sent in wrong places.
    fn check(&self, entry: Entry) -> Result<Entry> {
        let header = local_header(&entry.meta, self.time).len() as u64;
        if entry.range.start + header + entry.meta.compressed_size != entry.range.end {
            let path = &entry.meta.path;
            return Err(Error::internal(format!(
                "the layout's table is damaged at {path}"
            )));
        }
        Ok(entry)
    }

    /// Whether the archive has files of an asset.
    pub async fn contains_asset(&self, asset: &AssetId) -> Result<bool> {
        let package = &self.package;
        // in front: four of the bag, package.json, assets.jsonl
        let made = 6 + package.apps.len() as u64 + package.tasks.len() as u64;
        let before = |entry: &Entry| entry.asset_id().cmp(&Some(asset.as_str()));
        let (mut low, mut high) = (made, self.entry_count);
        while high - low > FEW {
            let middle = low + (high - low) / 2;
            match self.entries(middle, 1).await?.first().map(before) {
                Some(Ordering::Less) => low = middle,
                Some(Ordering::Equal) => return Ok(true),
                Some(Ordering::Greater) | None => high = middle,
            }
        }
        let few = self.entries(low, high - low).await?;
        Ok(few.iter().any(|entry| before(entry) == Ordering::Equal))
    }

    /// The number of the entry that an offset in front of the central directory falls in.
    pub(super) async fn locate(&self, offset: u64) -> Result<u64> {
        let (mut low, mut high) = (0, self.entry_count);
        while high - low > FEW {
            let middle = low + (high - low) / 2;
            let probe = self.records(middle..middle + 1).await?;
            if probe.iter().any(|record| record.header_at <= offset) {
                low = middle;
            } else {
                high = middle;
            }
        }
        let few = self.records(low..high).await?;
        let passed = few.partition_point(|record| record.header_at <= offset);
        Ok((low + passed as u64).saturating_sub(1))
    }

    async fn records(&self, numbers: Range<u64>) -> Result<Vec<Record>> {
        let at = |number| self.table_at + number * RECORD;
        let bytes = self.fetch(at(numbers.start)..at(numbers.end)).await?;
        let records = bytes.chunks_exact(usize_of(RECORD)).map(Record::read);
        Ok(records.collect())
    }

    async fn fetch(&self, range: Range<u64>) -> Result<Vec<u8>> {
        fetch(&self.app, &self.key, range).await
    }

    pub(super) fn local_header(&self, meta: &EntryMeta) -> Bytes {
        local_header(meta, self.time).into()
    }
}

impl Entry {
    pub(super) fn is_users(&self) -> bool {
        self.meta.method == Method::Stored
    }
}

async fn fetch(app: &App, key: &StorageKey, range: Range<u64>) -> Result<Vec<u8>> {
    let add = |mut all: Vec<u8>, block: Bytes| async move {
        all.extend_from_slice(&block);
        Ok(all)
    };
    let room = Vec::with_capacity(usize_of(range.end.saturating_sub(range.start)));
    Ok(app.blobs.read(key, range).try_fold(room, add).await?)
}

pub(super) fn usize_of(n: u64) -> usize {
    usize::try_from(n).unwrap_or(usize::MAX)
}

fn gone(archive: &ArchiveId) -> Error {
    Error::internal(format!("the layout of the archive {archive} is gone"))
}
