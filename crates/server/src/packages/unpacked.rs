//! The content of a package that has been received: its entries' bytes, its assets one by one.

use std::collections::VecDeque;

use entrepot_archive::model::{Asset, AssetLines};
use futures_util::StreamExt;

use super::receive::invalid;
use super::uploads::model::{Entry, Place};
use crate::app::App;
use crate::error::Result;
use crate::objects::{self, Blocks};

pub async fn stream(app: &App, entry: &Entry) -> Result<Blocks> {
    let size = entry.digests.size;
    match &entry.place {
        Place::Own(key) => Ok(Box::pin(app.blobs.read(key, 0..size))),
        Place::Held(blob) => {
            let blob = blob.clone();
            let content = app
                .db
                .read(async move |tx| objects::require_content(tx, &blob).await)
                .await?;
            Ok(objects::stream(app, &content, 0..size))
        }
        Place::Nowhere => Ok(Box::pin(futures_util::stream::empty())),
    }
}

/// All of an entry that must be small.
pub async fn read(app: &App, entry: &Entry, most: usize) -> Result<Vec<u8>> {
    if entry.digests.size > most as u64 {
        let path = &entry.path;
        let problem = format!("entry “{path}” is longer than {most} bytes");
        return Err(invalid(problem));
    }
    let mut blocks = stream(app, entry).await?;
    let mut bytes = Vec::new();
    while let Some(block) = blocks.next().await {
        bytes.extend_from_slice(&block?);
    }
    Ok(bytes)
}

/// `data/assets.jsonl`, a line at a time.
pub struct Assets {
    blocks: Blocks,
    /// `None` at the end.
    lines: Option<AssetLines>,
    ready: VecDeque<Asset>,
}

impl Assets {
    pub async fn open(app: &App, entry: &Entry) -> Result<Self> {
        Ok(Self {
            blocks: stream(app, entry).await?,
            lines: Some(AssetLines::new()),
            ready: VecDeque::new(),
        })
    }

    pub async fn next(&mut self) -> Result<Option<Asset>> {
        loop {
            if let Some(asset) = self.ready.pop_front() {
                return Ok(Some(asset));
            }
            let Some(lines) = &mut self.lines else {
                return Ok(None);
            };
            if let Some(block) = self.blocks.next().await {
                self.ready.extend(lines.push(&block?).map_err(invalid)?);
            } else {
                let last = self.lines.take().map(AssetLines::finish);
                let last = last.transpose().map_err(invalid)?.flatten();
                self.ready.extend(last);
            }
        }
    }
}
