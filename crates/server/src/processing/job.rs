//! One attempt at a main file, from the queue to the transaction that ends it.
//!
//! Pictures, films and sound are in one lane, decks in another: converting one takes as long as a
//! hundred thumbnails.

use entrepot_media::task::{Code, Family, Limits, Part};
use entrepot_media::{Program, Reason, Task};
use serde::{Deserialize, Serialize};

use super::look::{self, Looked};
use super::model::family_of;
use super::{apply, lend, meta, scratch, store};
use crate::app::App;
use crate::assets::{self, Asset, AssetState};
use crate::error::Result;
use crate::files::{self, Category, File, FileState};
use crate::ids::{AssetId, FileId, ProjectId};
use crate::jobs::{Context, Job, JobError, Lane};
use crate::objects::{self, Content};

/// A file that took the server down so many times, or as good as, is not tried again.
const ATTEMPTS: i64 = 6;
const MIB: u64 = 1024 * 1024;
/// What the tools write at most: the PDF of a deck, the pictures of its pages.
const FILE_MOST: u64 = 512 * MIB;

/// The main file that a job is about.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Subject {
    pub project_id: ProjectId,
    pub asset_id: AssetId,
    pub file_id: FileId,
    /// Everything else came with the asset.
    pub thumbnail_only: bool,
}

impl Subject {
    pub fn of(asset: &Asset, file: &FileId, thumbnail_only: bool) -> Self {
        Self {
            project_id: asset.project_id.clone(),
            asset_id: asset.asset_id.clone(),
            file_id: file.clone(),
            thumbnail_only,
        }
    }
}

/// A picture, a film or sound.
#[derive(Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ProcessMedia(pub Subject);

/// Slides or a PDF.
#[derive(Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ProcessDeck(pub Subject);

impl Job for ProcessMedia {
    const KIND: &'static str = "process-media";
    const LANE: Lane = Lane::Media;

    fn subject(&self) -> &str {
        self.0.file_id.as_str()
    }

    async fn run(&self, context: &Context) -> Result<(), JobError> {
        run(&self.0, context).await
    }
}

impl Job for ProcessDeck {
    const KIND: &'static str = "process-deck";
    const LANE: Lane = Lane::Decks;

    fn subject(&self) -> &str {
        self.0.file_id.as_str()
    }

    async fn run(&self, context: &Context) -> Result<(), JobError> {
        run(&self.0, context).await
    }
}

/// What an attempt works on.
#[derive(Debug)]
struct Found {
    asset: Asset,
    family: Family,
    content: Content,
    /// A cover that the user gave.
    has_own_cover: bool,
}

async fn run(subject: &Subject, context: &Context) -> Result<(), JobError> {
    let app = &context.app;
    let Some(found) = find(app, subject).await? else {
        // deleted, or replaced by another main file, which has a job of its own
        return Ok(());
    };
    let folder = scratch::folder(&app.config.data)
        .map_err(|e| JobError::Retry(format!("the folder for media work: {e}")))?;
    let task = Task {
        family: found.family,
        input: lend::lend(app, &found.content, found.family, folder.path()).await?,
        size: found.content.size,
        folder: folder.path().to_owned(),
        facts: !subject.thumbnail_only,
        thumbnail: true,
        cover: wants_cover(subject, &found),
        pages: wants_pages(subject, &found),
        limits: limits(app, found.family),
    };
    if task.pages {
        apply::note_converting(context, subject).await?;
    }
    let looked = if context.job.attempt > ATTEMPTS {
        given_up(&task)
    } else {
        look::look(context, &program(app)?, &task).await?
    };
    apply::apply(context, subject, found.family, &task, looked).await
}

fn wants_cover(subject: &Subject, found: &Found) -> bool {
    !subject.thumbnail_only
        && found.family == Family::Film
        && found.asset.needs_cover
        && !found.has_own_cover
}

fn wants_pages(subject: &Subject, found: &Found) -> bool {
    !subject.thumbnail_only
        && found.family == Family::Deck
        && meta::wants_pages(found.asset.extra_meta.as_ref())
}

/// This very program, unless the settings name another one.
fn program(app: &App) -> Result<Program, JobError> {
    let path = match &app.config.media_program {
        Some(path) => path.clone(),
        None => std::env::current_exe()
            .map_err(|e| JobError::Retry(format!("the path of this program: {e}")))?,
    };
    Ok(Program {
        path,
        args: vec!["media-worker".into()],
    })
}

fn limits(app: &App, family: Family) -> Limits {
    let seconds = match family {
        Family::Deck => app.config.slides_seconds,
        Family::Picture | Family::Film | Family::Sound => app.config.media_seconds,
    };
    Limits {
        memory: u64::from(app.config.media_memory_mib) * MIB,
        cpu: seconds.into(),
        time: seconds.into(),
        file: FILE_MOST,
        pixels: u64::from(app.config.media_megapixels) * 1_000_000,
    }
}

fn given_up(task: &Task) -> Looked {
    let reason = Reason::new(
        Code::Crashed,
        format!("looking at the file was begun {ATTEMPTS} times and never came to an end"),
    );
    let parts: [Part; 4] = [Part::Facts, Part::Thumbnail, Part::Cover, Part::Pages];
    let wanted = parts.into_iter().filter(|part| task.wants(*part));
    Looked {
        refused: wanted.map(|part| (part, reason.clone())).collect(),
        ..Looked::default()
    }
}

async fn find(app: &App, subject: &Subject) -> Result<Option<Found>> {
    let wanted = subject.clone();
    app.db
        .snapshot(async move |tx| {
            let asset = assets::find_anywhere(tx, &wanted.asset_id).await?;
            let there = |asset: &Asset| {
                asset.project_id == wanted.project_id && asset.state() != AssetState::Deleted
            };
            let Some(asset) = asset.filter(there) else {
                return Ok(None);
            };
            let Some(family) = family_of(asset.asset_type) else {
                return Ok(None);
            };
            let files = files::list_with_digests(tx, &[&asset]).await?;
            let files: Vec<File> = files.into_iter().map(|(file, _)| file).collect();
            let main = files.iter().find(|file| {
                file.file_id == wanted.file_id && file.state == FileState::Created && file.is_main()
            });
            let Some(blob) = main.and_then(|main| main.blob_id.clone()) else {
                return Ok(None);
            };
            let covers = files.iter().filter(|file| {
                file.category == Category::Cover
                    && !matches!(file.state, FileState::Failed | FileState::Cancelled)
            });
            let made = store::list_made(tx, &asset.asset_id).await?;
            let has_own_cover = covers
                .into_iter()
                .any(|cover| !made.contains(&cover.file_id));
            Ok(Some(Found {
                family,
                content: objects::require_content(tx, &blob).await?,
                has_own_cover,
                asset,
            }))
        })
        .await
}
