//! Any range of an archive's bytes as one stream.
//!
//! A task plans ahead of the reader: for the next entries it reads their records and headers and
//! asks once where their blobs are. Storage then reads the pieces of a plan as one stream, ahead of
//! the reader, too: about 2 MiB wait at most.

use std::collections::HashMap;
use std::ops::Range;
use std::pin::Pin;

use entrepot_blob::{BlobError, ByteStream, Piece};
use futures_util::StreamExt;
use futures_util::stream::{self as streams, Peekable};
use tokio::sync::mpsc::{self, Sender};

use super::read::{Entry, Layout, usize_of};
use crate::error::{Error, Result};
use crate::ids::BlobId;
use crate::objects::{self, Blocks, Content};

/// Entries of the first plan, so that the first byte does not wait for long …
const FIRST: u64 = 16;
/// … and of the following ones.
const MOST: u64 = 512;

type Planned = Result<Peekable<ByteStream>, BlobError>;

impl Layout {
    /// The bytes of a range of the archive. Must be called within a tokio runtime.
    pub fn stream(&self, range: Range<u64>) -> Blocks {
        let range = range.start..range.end.min(self.size);
        let (give, take) = mpsc::channel(1);
        let layout = self.clone();
        tokio::spawn(async move { layout.plan_all(range, give).await });
        let plans = streams::unfold(take, async |mut take: mpsc::Receiver<Planned>| {
            take.recv().await.map(|plan| (plan, take))
        });
        Box::pin(plans.flat_map(|plan| match plan {
            Ok(blocks) => blocks.left_stream(),
            Err(error) => streams::iter([Err(error)]).right_stream(),
        }))
    }

    /// Ends early when nobody takes the plans any more.
    async fn plan_all(&self, range: Range<u64>, give: Sender<Planned>) {
        if let Err(error) = self.plan_entries(&range, &give).await {
            let error = BlobError::Io(std::io::Error::other(error));
            let _ = give.send(Err(error)).await;
            return;
        }
        let end = self.directory_at.max(range.start)..range.end;
        if end.is_empty() {
            return;
        }
        let in_layout = |at| self.table_at - (self.size - at);
        let stored = in_layout(end.start)..in_layout(end.end);
        let piece = Piece::Stored(self.key.clone(), stored);
        let blocks = self.app.blobs.read_pieces(vec![piece]).peekable();
        let _ = give.send(Ok(blocks)).await;
    }

    async fn plan_entries(&self, range: &Range<u64>, give: &Sender<Planned>) -> Result<()> {
        if range.is_empty() || range.start >= self.directory_at {
            return Ok(());
        }
        let (mut next, mut count) = (self.locate(range.start).await?, FIRST);
        loop {
            // first room, then the next plan: no more than one waits
            let Ok(room) = give.reserve().await else {
                return Ok(());
            };
            let entries = self.entries(next, count).await?;
            let pieces = self.pieces(&entries, range).await?;
            if pieces.is_empty() {
                return Ok(());
            }
            let mut blocks = self.app.blobs.read_pieces(pieces).peekable();
            // begins to read
            Pin::new(&mut blocks).peek().await;
            room.send(Ok(blocks));
            next += entries.len() as u64;
            count = MOST;
        }
    }

    /// What the entries have within the range.
    async fn pieces(&self, entries: &[Entry], range: &Range<u64>) -> Result<Vec<Piece>> {
        let users = entries.iter().filter(|entry| entry.is_users());
        let blobs: Vec<BlobId> = users.map(|entry| entry.source.blob()).collect();
        let contents = if blobs.is_empty() {
            HashMap::new()
        } else {
            let found = self
                .app
                .db
                .snapshot(async move |tx| objects::list_contents(tx, &blobs).await);
            found.await?
        };
        let mut pieces = Vec::new();
        for entry in entries {
            self.put_pieces(entry, range, &contents, &mut pieces)?;
        }
        Ok(pieces)
    }

    fn put_pieces(
        &self,
        entry: &Entry,
        range: &Range<u64>,
        contents: &HashMap<BlobId, Content>,
        pieces: &mut Vec<Piece>,
    ) -> Result<()> {
        let header = self.local_header(&entry.meta);
        let data_at = entry.range.start + header.len() as u64;
        let wanted = within(entry.range.start..data_at, range);
        if !wanted.is_empty() {
            pieces.push(Piece::Given(
                header.slice(usize_of(wanted.start)..usize_of(wanted.end)),
            ));
        }
        let wanted = within(data_at..entry.range.end, range);
        if wanted.is_empty() {
            return Ok(());
        }
        if !entry.is_users() {
            let at = entry.source.offset();
            let stored = at + wanted.start..at + wanted.end;
            pieces.push(Piece::Stored(self.key.clone(), stored));
            return Ok(());
        }
        let blob = entry.source.blob();
        let content = contents.get(&blob);
        let content = content.filter(|content| content.size == entry.meta.size);
        let content = content.ok_or_else(|| {
            Error::internal(format!("the bytes of the pinned blob {blob} are not there"))
        })?;
        let stored = content.pieces(&wanted).into_iter();
        pieces.extend(stored.map(|(key, range)| Piece::Stored(key, range)));
        Ok(())
    }
}

/// What of `part` lies within `range`, counted from the part's beginning.
fn within(part: Range<u64>, range: &Range<u64>) -> Range<u64> {
    let from = range.start.clamp(part.start, part.end) - part.start;
    let to = range.end.clamp(part.start, part.end) - part.start;
    from..to
}
