//! What the manifest says of the entries to come, read along with them: content that the library
//! has already is known before its bytes arrive.

use std::collections::VecDeque;

use data_encoding::HEXLOWER;
use entrepot_archive::bag::{ManifestKind, ManifestLine, ManifestReader};
use entrepot_archive::layout::MANIFEST;
use entrepot_archive::reader::Begin;
use futures_util::StreamExt;

use super::invalid;
use crate::app::App;
use crate::error::Result;
use crate::ids::{BlobId, UploadId};
use crate::objects::Blocks;
use crate::packages::store::entries;
use crate::packages::unpacked;
use crate::packages::uploads::model::Entry;

/// Lines that are looked up together.
const AHEAD: usize = 100;

pub struct Declared {
    app: App,
    blocks: Blocks,
    /// `None` at the manifest's end.
    reader: Option<ManifestReader>,
    read: VecDeque<ManifestLine>,
    /// Looked up.
    known: VecDeque<(ManifestLine, Vec<(u64, BlobId)>)>,
}

/// What is known of an entry before it comes.
pub struct Expected {
    pub sha256: [u8; 32],
    /// Has the same content.
    pub held: Option<BlobId>,
}

impl Declared {
    /// `entry` is the manifest; `skip` lines of it are of entries that have come before.
    pub async fn open(app: &App, entry: &Entry, skip: u64) -> Result<Self> {
        let mut declared = Self {
            app: app.clone(),
            blocks: unpacked::stream(app, entry).await?,
            reader: Some(ManifestReader::new(ManifestKind::Payload)),
            read: VecDeque::new(),
            known: VecDeque::new(),
        };
        for _ in 0..skip {
            declared.fill(1).await?;
            declared.read.pop_front();
        }
        Ok(declared)
    }

    /// For an upload that goes on.
    pub async fn resume(app: &App, upload: &UploadId, payload: u64) -> Result<Option<Self>> {
        let id = upload.clone();
        let found = app
            .db
            .read(async move |tx| entries::list_by_path(tx, &id, &[MANIFEST]).await)
            .await?;
        match found.first() {
            Some(entry) => Self::open(app, entry, payload).await.map(Some),
            None => Ok(None),
        }
    }

    /// What is said of the entry that comes now; `None` when the manifest has another one next.
    pub async fn next(&mut self, begin: &Begin) -> Result<Option<Expected>> {
        if self.known.is_empty() {
            self.look_up().await?;
        }
        let Some((line, held)) = self.known.pop_front() else {
            return Ok(None);
        };
        if line.path != begin.path {
            return Ok(None);
        }
        let same = held.into_iter().find(|(size, _)| Some(*size) == begin.size);
        Ok(Some(Expected {
            sha256: line.sha256,
            held: same.map(|(_, blob)| blob),
        }))
    }

    async fn look_up(&mut self) -> Result<()> {
        self.fill(AHEAD).await?;
        let count = self.read.len().min(AHEAD);
        let lines: Vec<ManifestLine> = self.read.drain(..count).collect();
        if lines.is_empty() {
            return Ok(());
        }
        let digests: Vec<String> = lines.iter().map(|l| HEXLOWER.encode(&l.sha256)).collect();
        let asked = digests.clone();
        let held = self
            .app
            .db
            .read(async move |tx| {
                let asked: Vec<&str> = asked.iter().map(String::as_str).collect();
                entries::list_held(tx, &asked).await
            })
            .await?;
        for (line, digest) in lines.into_iter().zip(digests) {
            let same = held.iter().filter(|(sha256, ..)| *sha256 == digest);
            let same = same.map(|(_, size, blob)| (*size, blob.clone())).collect();
            self.known.push_back((line, same));
        }
        Ok(())
    }

    /// Reads until there are so many lines, or no more.
    async fn fill(&mut self, lines: usize) -> Result<()> {
        while self.read.len() < lines {
            let Some(reader) = &mut self.reader else {
                return Ok(());
            };
            if let Some(block) = self.blocks.next().await {
                self.read.extend(reader.push(&block?).map_err(invalid)?);
            } else {
                let last = self.reader.take().map(ManifestReader::finish);
                let last = last.transpose().map_err(invalid)?.flatten();
                self.read.extend(last);
            }
        }
        Ok(())
    }
}
