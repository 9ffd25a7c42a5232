//! The job that hashes a file which was sent in parts; only then its asset goes on.

use std::collections::HashMap;

use entrepot_api::files::FileProgress;
use futures_util::StreamExt;
use serde::{Deserialize, Serialize};

use super::complete::ready;
use super::model::{File, FileState};
use super::store;
use crate::assets::{self, Step};
use crate::clock::Timestamp;
use crate::db::Tx;
use crate::error::Result;
use crate::ids::{FileId, ProjectId};
use crate::jobs::{Context, Job, JobError, queue};
use crate::objects::{self, Digests};

#[derive(Debug, Serialize, Deserialize)]
pub struct HashFile {
    pub project_id: ProjectId,
    pub file_id: FileId,
    /// Bytes.
    pub size: u64,
}

/// Progress is written, and the lease renewed, this often.
const REPORT_EVERY: u64 = 256 * 1024 * 1024;
/// Bytes that can't be read after so many attempts will not come back.
const ATTEMPTS: i64 = 8;

impl Job for HashFile {
    const KIND: &'static str = "hash-file";

    fn subject(&self) -> &str {
        self.file_id.as_str()
    }

    fn total(&self) -> u64 {
        self.size
    }

    async fn run(&self, context: &Context) -> Result<(), JobError> {
        let (project, file) = (self.project_id.clone(), self.file_id.clone());
        let found = context
            .app
            .db
            .read(async move |tx| store::find(tx, &project, &file).await)
            .await?;
        let Some(file) = found.filter(|file| file.state == FileState::Uploaded) else {
            // completed by an earlier attempt, or deleted meanwhile
            return Ok(());
        };
        match digest(context, &file).await {
            Ok(digests) => settle(context, digests, &file).await,
            Err(JobError::Retry(reason)) if context.job.attempt >= ATTEMPTS => {
                fail(context, &file, &reason).await
            }
            Err(other) => Err(other),
        }
    }
}

async fn digest(context: &Context, file: &File) -> Result<Digests, JobError> {
    let blob = file.blob_id.clone();
    let Some(blob) = blob else {
        return Err(JobError::Retry("the file has no blob".into()));
    };
    let app = &context.app;
    let stored = app
        .db
        .read(async move |tx| objects::require_content(tx, &blob).await)
        .await?;
    let total = stored.size;
    let mut stream = objects::stream(app, &stored, 0..total);
    let mut hasher = objects::Hasher::new();
    let (mut done, mut reported) = (0, 0);
    context.progress(0, total).await?;
    while let Some(block) = stream.next().await {
        let block = block.map_err(|e| JobError::Retry(format!("the bytes can't be read: {e}")))?;
        done += block.len() as u64;
        let pushed = hasher.push(block).await;
        pushed.map_err(|e| JobError::Retry(format!("hashing stopped: {e}")))?;
        if done - reported >= REPORT_EVERY {
            reported = done;
            context.progress(done, total).await?;
        }
    }
    let digests = hasher.finish().await;
    digests.map_err(|e| JobError::Retry(format!("hashing stopped: {e}")))
}

/// Writes the digests, shares the bytes with equal content, and lets the asset go on: all or nothing.
async fn settle(context: &Context, digests: Digests, file: &File) -> Result<(), JobError> {
    let (owned, wanted) = (context.clone(), file.clone());
    let now = owned.app.clock.now();
    let app = context.app.clone();
    app.db
        .write(async move |tx| {
            if !owned.succeed(tx).await? {
                return Ok(());
            }
            let file = store::require(tx, &wanted.project_id, &wanted.file_id).await?;
            let Some(blob) = &file.blob_id else {
                return Ok(());
            };
            let kept = objects::identify(tx, blob, &digests, now).await?;
            store::set_blob(tx, &file, Some(&kept), now).await?;
            let asset = assets::require(tx, &file.project_id, &file.asset_id).await?;
            ready(tx, &owned.app, &file, asset, now).await
        })
        .await?;
    context.app.bell.ring();
    Ok(())
}

async fn fail(context: &Context, file: &File, why: &str) -> Result<(), JobError> {
    let (owned, wanted, why) = (context.clone(), file.clone(), why.to_owned());
    let now = owned.app.clock.now();
    let app = context.app.clone();
    app.db
        .write(async move |tx| {
            if !owned.fail(tx, "ContentUnreadable", &why).await? {
                return Ok(());
            }
            let file = store::require(tx, &wanted.project_id, &wanted.file_id).await?;
            let reason = "The bytes that were uploaded can't be read back; upload the file again.";
            store::discard(tx, &file, FileState::Failed, Some(reason), now).await?;
            let asset = assets::require(tx, &file.project_id, &file.asset_id).await?;
            if file.is_main() && asset.standing.awaits_main_file() {
                assets::take_main_file_step(tx, asset, Step::MainFileFailed, now).await?;
            }
            Ok(())
        })
        .await?;
    Ok(())
}

pub async fn cancel(tx: &mut Tx, file: &FileId, now: Timestamp) -> Result<()> {
    queue::cancel(tx, HashFile::KIND, file.as_str(), now).await
}

/// How far files are with being hashed, by file id.
pub async fn list_progress(tx: &mut Tx, files: &[&str]) -> Result<HashMap<String, FileProgress>> {
    if files.is_empty() {
        return Ok(HashMap::new());
    }
    let jobs = queue::list_progress(tx, HashFile::KIND, files).await?;
    Ok(jobs
        .into_iter()
        .map(|job| {
            let progress = FileProgress {
                state: job.state,
                bytes_done: job.done,
                bytes_total: job.total,
                error: job.error,
            };
            (job.subject, progress)
        })
        .collect())
}
