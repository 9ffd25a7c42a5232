//! The bytes of a blob: segments in order, any range of them as one stream.

use std::ops::Range;
use std::pin::Pin;

use bytes::Bytes;
use entrepot_blob::{BlobError, Digests, Hasher, StorageKey};
use futures_util::{Stream, StreamExt, stream as streams};

use crate::app::App;

/// Where a blob's bytes are.
#[derive(Debug, Clone, Default)]
pub struct Content {
    pub size: u64,
    pub segments: Vec<Segment>,
}

#[derive(Debug, Clone)]
pub struct Segment {
    pub storage_key: StorageKey,
    pub size: u64,
}

pub type Blocks = Pin<Box<dyn Stream<Item = Result<Bytes, BlobError>> + Send>>;

impl Content {
    /// The pieces of segments that make up a range.
    pub fn pieces(&self, range: &Range<u64>) -> Vec<(StorageKey, Range<u64>)> {
        let mut pieces = Vec::new();
        let mut begin = 0;
        for segment in &self.segments {
            let end = begin + segment.size;
            let (from, to) = (range.start.max(begin), range.end.min(end));
            if from < to {
                pieces.push((segment.storage_key.clone(), from - begin..to - begin));
            }
            begin = end;
        }
        pieces
    }
}

/// Streams a range; segments are opened one after the other.
pub fn stream(app: &App, content: &Content, range: Range<u64>) -> Blocks {
    let blobs = app.blobs.clone();
    let mut pieces = content.pieces(&range);
    if pieces.len() == 1 {
        let (key, range) = pieces.remove(0);
        return Box::pin(blobs.read(&key, range));
    }
    let blocks = streams::iter(pieces).flat_map(move |(key, range)| blobs.read(&key, range));
    Box::pin(blocks)
}

/// What the rest of a stream is.
pub async fn digest(
    mut blocks: impl Stream<Item = Result<Bytes, BlobError>> + Unpin,
) -> Result<Digests, BlobError> {
    let mut hasher = Hasher::new();
    while let Some(block) = blocks.next().await {
        hasher.push(block?).await?;
    }
    hasher.finish().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_cut_from_the_segments_it_touches() {
        let key = |n: u8| StorageKey::parse(&format!("{n:032x}")).unwrap();
        let segments = (1..=3)
            .map(|n| Segment {
                storage_key: key(n),
                size: 10,
            })
            .collect();
        let content = Content { size: 30, segments };
        assert_eq!(
            content.pieces(&(8..21)),
            [(key(1), 8..10), (key(2), 0..10), (key(3), 0..1)]
        );
        assert_eq!(content.pieces(&(10..20)), [(key(2), 0..10)]);
        assert_eq!(content.pieces(&(5..5)), []);
    }
}
