//! Fetches ranges, several at a time, each under a storage key of its own. What came of a range that
//! is cut is kept.

use std::ops::Range;
use std::time::{Duration, Instant};

use bytes::Bytes;
use entrepot_blob::{StorageKey, Writer};
use futures_util::TryStreamExt;
use futures_util::stream::FuturesUnordered;

use super::shared::Shared;
use super::{Plan, Stop};
use crate::error::{Error, ErrorCode};
use crate::objects::put::new_key;
use crate::replication::keys::RingKey;
use crate::replication::peers::{Peer, PeerError};
use crate::replication::store::segments::Segment;

/// Ranges of one copy at a time.
const AT_A_TIME: usize = 4;
/// So much of a range that was cut is worth a row.
const WORTH: u64 = 64 * 1024;
/// A stretch that has taken so long is written down, if it has so many bytes.
const MOST_TIME: Duration = Duration::from_secs(5);
const LEAST: u64 = 256 * 1024;
/// Within an attempt a range is asked for again so often without a byte of it.
const TRIES: u32 = 3;
const PAUSE: Duration = Duration::from_millis(200);

/// How the source is reached.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    pub peer: &'a Peer,
    pub key: &'a RingKey,
}

/// All ranges that are missing, in the order of files.
pub async fn fetch(shared: &Shared<'_>, source: Source<'_>, plan: &Plan) -> Result<(), Stop> {
    let mut missing = Vec::new();
    for file in &plan.files {
        missing.extend(
            file.missing()
                .into_iter()
                .map(|range| (&file.file_id, range)),
        );
    }
    let mut missing = missing.into_iter();
    let mut running = FuturesUnordered::new();
    loop {
        while running.len() < AT_A_TIME {
            let Some((file, range)) = missing.next() else {
                break;
            };
            running.push(one(shared, source, file, range));
        }
        if running.try_next().await?.is_none() {
            return Ok(());
        }
    }
}

async fn one(
    shared: &Shared<'_>,
    source: Source<'_>,
    file_id: &str,
    range: Range<u64>,
) -> Result<(), Stop> {
    let streams = &shared.context.app.replication.streams;
    let permit = streams.acquire().await;
    let _permit = permit.map_err(Error::internal)?;
    let mut from = range.start;
    let mut tries = 0;
    while from < range.end {
        let (kept, cut) = stretch(shared, source, file_id, from..range.end).await?;
        from += kept;
        let Some(cut) = cut else { continue };
        tries = if kept > 0 { 0 } else { tries + 1 };
        let PeerError::Unreachable(_) = &cut else {
            return Err(cut.into());
        };
        if tries >= TRIES {
            return Err(cut.into());
        }
        tokio::time::sleep(PAUSE * (1 << tries)).await;
    }
    Ok(())
}

/// As much of a range as comes in one answer. Answers how much was kept, and what cut it.
async fn stretch(
    shared: &Shared<'_>,
    source: Source<'_>,
    file_id: &str,
    range: Range<u64>,
) -> Result<(u64, Option<PeerError>), Stop> {
    let app = &shared.context.app;
    let (ticket, key) = (&shared.copy.copy_id, source.key);
    let asked = source
        .peer
        .file(app, key, ticket, file_id, range.clone())
        .await;
    let mut answer = match asked {
        Ok(answer) => answer,
        Err(error) => return Ok((0, Some(error))),
    };
    let mut open = Open::at(shared, range.start).await?;
    let cut = loop {
        match answer.chunk().await {
            Ok(Some(chunk)) => {
                if open.end() + chunk.len() as u64 > range.end {
                    break Some(cut_off(source, "it sent too much"));
                }
                app.replication.rate.take(chunk.len()).await;
                open.take(shared, chunk).await?;
            }
            Ok(None) if open.end() == range.end => break None,
            Ok(None) => break Some(cut_off(source, "the line was cut")),
            Err(error) => break Some(cut_off(source, error)),
        }
        if open.is_old() {
            let end = open.end();
            open.keep(shared, file_id).await?;
            open = Open::at(shared, end).await?;
        }
    };
    let start = open.start;
    let kept = if open.size > 0 && (cut.is_none() || open.size >= WORTH) {
        let end = open.end();
        open.keep(shared, file_id).await?;
        end
    } else {
        shared.uncount(open.size);
        start
    };
    Ok((kept - range.start, cut))
}

/// A stretch that is being stored.
struct Open {
    key: StorageKey,
    writer: Writer,
    start: u64,
    size: u64,
    since: Instant,
}

impl Open {
    async fn at(shared: &Shared<'_>, start: u64) -> Result<Self, Stop> {
        let app = &shared.context.app;
        let key = new_key(app)?;
        Ok(Self {
            writer: app.blobs.writer(&key).await?,
            key,
            start,
            size: 0,
            since: Instant::now(),
        })
    }

    fn end(&self) -> u64 {
        self.start + self.size
    }

    async fn take(&mut self, shared: &Shared<'_>, chunk: Bytes) -> Result<(), Stop> {
        let length = chunk.len() as u64;
        self.writer.write(chunk).await?;
        self.size += length;
        shared.count(length);
        Ok(())
    }

    /// On a slow line a stretch ends early, so that a crash costs little of it.
    fn is_old(&self) -> bool {
        self.size >= LEAST && self.since.elapsed() >= MOST_TIME
    }

    async fn keep(self, shared: &Shared<'_>, file_id: &str) -> Result<(), Stop> {
        self.writer.finish().await?;
        metrics::counter!("entrepot_copy_bytes_total").increment(self.size);
        shared.add(Segment {
            storage_key: self.key,
            file_id: file_id.to_owned(),
            start: self.start,
            size: self.size,
        });
        Ok(())
    }
}

fn cut_off(source: Source<'_>, why: impl std::fmt::Display) -> PeerError {
    let region = source.peer.region();
    PeerError::Unreachable(format!(
        "The line to the region {region} broke while bytes came: {why}"
    ))
}

/// No more than there is room for.
pub async fn check_room(shared: &Shared<'_>, plan: &Plan) -> Result<(), Stop> {
    let wanted = plan.bytes_total() - plan.bytes_here();
    let room = shared.context.app.blobs.free_space().await?;
    if wanted <= room {
        return Ok(());
    }
    Err(Stop::later(
        ErrorCode::StorageFull,
        format!("{wanted} bytes are missing, and the storage has room for {room}."),
    ))
}
