//! The rows of entries that have been stored, written some at a time and in the archive's order:
//! what is recorded is whole from the archive's beginning.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use super::invalid;
use crate::app::App;
use crate::db::DbError;
use crate::error::{Error, ErrorCode, Result};
use crate::ids::UploadId;
use crate::packages::store::{entries, uploads};
use crate::packages::uploads::model::{Entry, Place, Upload};

/// Rows of one transaction.
const BATCH: usize = 256;
/// An upload in which nothing ends says this often that it goes on.
const ALIVE: Duration = Duration::from_mins(1);

pub struct Rows {
    app: App,
    upload: UploadId,
    writer: i64,
    /// The first one that is not recorded.
    next: u64,
    received: u64,
    waiting: BTreeMap<u64, Entry>,
    written: Instant,
}

impl Rows {
    pub fn new(app: &App, upload: &Upload, writer: i64, next: u64) -> Self {
        Self {
            app: app.clone(),
            upload: upload.upload_id.clone(),
            writer,
            next,
            received: upload.received,
            waiting: BTreeMap::new(),
            written: Instant::now(),
        }
    }

    /// In whatever order they become durable.
    pub fn push(&mut self, entry: Entry) {
        self.waiting.insert(entry.seq, entry);
    }

    /// Writes if there is a batch, or something to write since `every`.
    pub async fn write_due(&mut self, every: Duration) -> Result<()> {
        let since = self.written.elapsed();
        let some = self.waiting.contains_key(&self.next);
        if self.waiting.len() >= BATCH || (some && since >= every) {
            self.write().await?;
        } else if since >= ALIVE {
            self.write_batch(Vec::new()).await?;
        }
        Ok(())
    }

    /// Writes all that is stored without a gap.
    pub async fn write(&mut self) -> Result<()> {
        loop {
            let ready: Vec<Entry> = (self.next..)
                .map_while(|seq| self.waiting.get(&seq).cloned())
                .take(BATCH)
                .collect();
            if ready.is_empty() {
                return Ok(());
            }
            self.write_batch(ready).await?;
        }
    }

    async fn write_batch(&mut self, batch: Vec<Entry>) -> Result<()> {
        let received = batch.last().map_or(self.received, |entry| entry.end_at);
        let (id, writer, now) = (self.upload.clone(), self.writer, self.app.clock.now());
        let rows = batch.clone();
        self.app
            .db
            .write(async move |tx| {
                if !uploads::advance(tx, &id, writer, received, now).await? {
                    return Err(overtaken());
                }
                check_live(tx, &rows).await?;
                if entries::insert(tx, &id, &rows).await? != rows.len() as u64 {
                    return Err(invalid("an entry is there twice"));
                }
                Ok(())
            })
            .await?;
        for entry in &batch {
            self.waiting.remove(&entry.seq);
            self.next = entry.seq + 1;
        }
        self.received = received;
        self.written = Instant::now();
        Ok(())
    }

    pub async fn complete(&self, size: u64) -> Result<()> {
        let (id, writer, now) = (self.upload.clone(), self.writer, self.app.clock.now());
        self.app
            .db
            .write(async move |tx| {
                if uploads::complete(tx, &id, writer, size, now).await? {
                    return Ok(());
                }
                Err(overtaken())
            })
            .await
    }

    /// Deletes what is stored and not recorded.
    pub async fn delete_rest(&mut self) {
        for entry in std::mem::take(&mut self.waiting).into_values() {
            if let Place::Own(key) = entry.place
                && let Err(error) = self.app.blobs.delete(&key).await
            {
                tracing::debug!(%error, %key, "left for the sweep");
            }
        }
    }
}

/// What was only hashed must still be there.
async fn check_live(tx: &mut crate::db::Tx, rows: &[Entry]) -> Result<()> {
    let mut held: Vec<&str> = rows
        .iter()
        .filter_map(|entry| match &entry.place {
            Place::Held(blob) => Some(blob.as_str()),
            Place::Own(_) | Place::Nowhere => None,
        })
        .collect();
    held.sort_unstable();
    held.dedup();
    if held.is_empty() || entries::count_live(tx, &held).await? == held.len() {
        return Ok(());
    }
    Err(DbError::Conflict("content of a package went while it was received".into()).into())
}

fn overtaken() -> Error {
    Error::new(
        ErrorCode::UploadOffset,
        "Another connection goes on with this upload, or it was given up.",
    )
}
