//! Hears the child, and stores what it made as soon as it is there.

use std::io::Read;
use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use entrepot_blob::StorageKey;
use entrepot_media::task::{COVER, Code, Facts, Page, Part, THUMBNAIL, jpeg, page, webp};
use entrepot_media::{Program, Reason, Running, Step, Task, open_output};
use tokio::task::spawn_blocking;

use super::model::Stored;
use crate::app::App;
use crate::error::{Error, Result};
use crate::jobs::{Context, JobError};
use crate::objects::Digests;
use crate::objects::put::new_key;

/// So often the lease is renewed.
const RENEW: Duration = Duration::from_secs(5);
/// Of one picture that the child makes.
const PICTURE_MOST: u64 = 32 * 1024 * 1024;

/// A picture that becomes a file of the asset.
#[derive(Debug, Clone)]
pub struct Made {
    pub storage_key: StorageKey,
    pub digests: Digests,
}

/// Everything that came of a file.
#[derive(Debug, Clone, Default)]
pub struct Looked {
    pub facts: Option<Facts>,
    pub thumbnail: Option<Stored>,
    /// The JPEG, and the WebP beside it.
    pub cover: Option<(Made, Stored)>,
    pub pages: Vec<(Page, Made)>,
    pub refused: Vec<(Part, Reason)>,
    /// All that was stored, for the case that nobody wants it.
    pub keys: Vec<StorageKey>,
}

impl Looked {
    /// Why a part did not come.
    pub fn why_not(&self, part: Part) -> Option<&Reason> {
        let refused = self.refused.iter().find(|(refused, _)| *refused == part);
        refused.map(|(_, reason)| reason)
    }
}

/// Runs a task to its end. The lease is renewed meanwhile; pages that are done are its progress.
pub async fn look(context: &Context, program: &Program, task: &Task) -> Result<Looked, JobError> {
    let started = program.start(task).await;
    let mut running =
        started.map_err(|e| JobError::Retry(format!("the program that looks at files: {e}")))?;
    let mut looked = Looked::default();
    let heard = hear(context, task, &mut running, &mut looked).await;
    running.close().await;
    match heard {
        Ok(()) => Ok(looked),
        Err(error) => {
            discard(&context.app, &looked.keys).await;
            Err(error)
        }
    }
}

/// Removes stored bytes that came to nothing; what fails, the sweep finds.
pub async fn discard(app: &App, keys: &[StorageKey]) {
    for key in keys {
        if let Err(error) = app.blobs.delete(key).await {
            tracing::warn!(%error, "the sweep will remove bytes that media work left");
        }
    }
}

async fn hear(
    context: &Context,
    task: &Task,
    running: &mut Running,
    looked: &mut Looked,
) -> Result<(), JobError> {
    let mut renew = tokio::time::interval(RENEW);
    // the first tick comes at once
    renew.tick().await;
    let mut coming = 0;
    loop {
        tokio::select! {
            step = running.next() => {
                let Some(step) = step else { return Ok(()) };
                if let Step::Pages { coming: pages } = step {
                    coming = pages.into();
                }
                take(&context.app, task, step, looked).await?;
            }
            _ = renew.tick() => {
                context.progress(looked.pages.len() as u64, coming).await?;
            }
        }
    }
}

async fn take(app: &App, task: &Task, step: Step, looked: &mut Looked) -> Result<()> {
    match step {
        Step::Facts(facts) => looked.facts = Some(facts),
        Step::Thumbnail(_) => {
            let (webp, jpeg) = (webp(&task.folder, THUMBNAIL), jpeg(&task.folder, THUMBNAIL));
            let Some([webp, jpeg]) = read_all([webp, jpeg], Part::Thumbnail, looked).await? else {
                return Ok(());
            };
            looked.thumbnail = Some(store_forms(app, webp, Some(jpeg), looked).await?);
        }
        Step::Cover(_) => {
            let (webp, jpeg) = (webp(&task.folder, COVER), jpeg(&task.folder, COVER));
            let Some([webp, jpeg]) = read_all([webp, jpeg], Part::Cover, looked).await? else {
                return Ok(());
            };
            let made = store_file(app, jpeg, looked).await?;
            looked.cover = Some((made, store_forms(app, webp, None, looked).await?));
        }
        Step::Page(told) => {
            let path = page(&task.folder, told.number);
            let Some([bytes]) = read_all([path.clone()], Part::Pages, looked).await? else {
                return Ok(());
            };
            let made = store_file(app, bytes, looked).await?;
            looked.pages.push((told, made));
            // fifty of them would fill the folder
            let _ = tokio::fs::remove_file(path).await;
        }
        Step::Refused { part, reason } => looked.refused.push((part, reason)),
        Step::Pages { .. } | Step::Done => {}
    }
    Ok(())
}

/// The files of a part; where one is not what it should be, the part is refused.
async fn read_all<const N: usize>(
    paths: [PathBuf; N],
    part: Part,
    looked: &mut Looked,
) -> Result<Option<[Bytes; N]>> {
    let read = move || {
        let mut files = [const { Bytes::new() }; N];
        for (path, file) in paths.iter().zip(files.iter_mut()) {
            let mut bytes = Vec::new();
            open_output(path, PICTURE_MOST)?.read_to_end(&mut bytes)?;
            *file = bytes.into();
        }
        Ok::<_, std::io::Error>(files)
    };
    match spawn_blocking(read).await.map_err(Error::internal)? {
        Ok(files) => Ok(Some(files)),
        Err(error) => {
            tracing::warn!(%error, ?part, "a media worker made no proper file");
            let message = "the program that looks at files made no proper picture of it";
            let reason = Reason::new(Code::Crashed, message);
            looked.refused.push((part, reason));
            Ok(None)
        }
    }
}

/// One stored object with all forms of a picture, WebP first.
async fn store_forms(
    app: &App,
    webp: Bytes,
    jpeg: Option<Bytes>,
    looked: &mut Looked,
) -> Result<Stored> {
    let key = new_key(app)?;
    let mut writer = app.blobs.writer(&key).await?;
    let webp_size = webp.len() as u64;
    let jpeg_size = jpeg.as_ref().map_or(0, |jpeg| jpeg.len() as u64);
    writer.write(webp).await?;
    writer.write(jpeg.unwrap_or_default()).await?;
    writer.finish().await?;
    looked.keys.push(key.clone());
    Ok(Stored {
        storage_key: key.to_string(),
        webp_size,
        jpeg_size,
    })
}

async fn store_file(app: &App, bytes: Bytes, looked: &mut Looked) -> Result<Made> {
    let key = new_key(app)?;
    let mut ingest = app.blobs.ingest(&key).await?;
    ingest.write(bytes).await?;
    let digests = ingest.finish().await?;
    looked.keys.push(key.clone());
    Ok(Made {
        storage_key: key,
        digests,
    })
}
