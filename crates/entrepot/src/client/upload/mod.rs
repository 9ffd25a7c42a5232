//! `entrepot upload FILE…`

mod parts;
mod session;
mod single;

use std::path::{Path, PathBuf};

use clap::Args;
use futures_util::{StreamExt, stream};
use serde::Serialize;
use tokio::sync::Semaphore;

use self::session::Session;
use super::api::Api;
use super::failure::{Failure, Result};
use super::journal::{self, Journal, Wanted};
use super::progress::Progress;
use super::source::Source;
use super::text::{parse_size, plain, shortened, size, split_suffix};
use super::{Connection, format, plan, to_json, variable};

/// Names and labels have at most so many characters.
const MOST_NAME: usize = 256;

#[derive(Debug, Args)]
pub struct Upload {
    /// What to upload: each file becomes an asset of its own
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    connection: Connection,
    /// The assets' type, such as IMAGE or VIDEO [default: from each file's content]
    #[arg(long = "type", value_name = "TYPE")]
    asset_type: Option<String>,
    /// The asset's name, for one file [default: the file's name without its suffix]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// A tag for the assets; may be repeated
    #[arg(long = "tag", value_name = "TAG")]
    tags: Vec<String>,
    /// Activate each asset once it is complete
    #[arg(long)]
    activate: bool,
    /// Send files larger than SIZE (such as 64M) in parts of SIZE, or of a hundredth of the file
    /// where that is more [default: files above 100M in parts of 32M]
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    part_size: Option<u64>,
    /// How many files or parts are sent at a time
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=32))]
    parallel: u8,
    /// Print one JSON object: {"assets": […], "failed": […]}
    #[arg(long)]
    json: bool,
}

/// An asset that is complete.
#[derive(Debug, Serialize)]
struct Uploaded {
    file: String,
    asset_id: String,
    asset_name: String,
    asset_type: String,
    asset_state: String,
    file_id: String,
    file_size: u64,
    /// Whether an earlier upload of the file went on.
    resumed: bool,
}

#[derive(Debug, Serialize)]
struct Failed {
    file: String,
    error: String,
}

#[derive(Debug, Default, Serialize)]
struct Outcome {
    assets: Vec<Uploaded>,
    failed: Vec<Failed>,
}

/// What all files of one command share.
struct Context<'a> {
    api: Api,
    command: &'a Upload,
    journals: PathBuf,
    progress: Progress,
    /// One for each transfer that may run.
    slots: Semaphore,
}

pub async fn run(command: Upload) -> Result<()> {
    if command.name.is_some() && command.files.len() > 1 {
        return Err(Failure::Usage(
            "--name is for one file; leave it out to name each asset after its file".into(),
        ));
    }
    let context = Context {
        api: command.connection.open()?,
        journals: journal::folder("uploads", variable)?,
        progress: Progress::default(),
        slots: Semaphore::new(command.parallel.into()),
        command: &command,
    };
    let files = stream::iter(&command.files);
    let mut uploads = files
        .map(|file| {
            let context = &context;
            async move { (file, upload(context, file).await) }
        })
        .buffered(command.parallel.into());
    let mut outcome = Outcome::default();
    while let Some((file, done)) = uploads.next().await {
        report(&context, &mut outcome, file, done);
    }
    if command.json {
        context.progress.print(&to_json(&outcome)?);
    }
    match outcome.failed.len() {
        0 => Ok(()),
        failed => Err(Failure::Local(format!(
            "{failed} of {} not uploaded",
            command.files.len()
        ))),
    }
}

fn report(context: &Context<'_>, outcome: &mut Outcome, file: &Path, done: Result<Uploaded>) {
    let file = plain(&file.to_string_lossy());
    match done {
        Ok(asset) => {
            if !context.command.json {
                let (id, state) = (plain(&asset.asset_id), plain(&asset.asset_state));
                let (kind, bytes) = (&asset.asset_type, size(asset.file_size));
                let line = format!("{id}  {kind}  {state}  {bytes}  {file}");
                context.progress.print(&line);
            }
            outcome.assets.push(asset);
        }
        Err(failure) => {
            let more = if failure.may_pass() {
                "; the same command goes on from here"
            } else {
                ""
            };
            let error = format!("{failure}{more}");
            context.progress.note(&format!("{file}: {error}"));
            outcome.failed.push(Failed { file, error });
        }
    }
}

async fn upload(context: &Context<'_>, path: &Path) -> Result<Uploaded> {
    let source = Source::open(path)?;
    let key = journal::key(context.api.endpoint(), context.api.project_id(), &source);
    let (journal, left) = Journal::open(&context.journals, &key)?;
    let (wanted, file_type) = wanted(context.command, &source)?;
    let bar = context.progress.bar(&source.name());
    let session = Session {
        api: &context.api,
        slots: &context.slots,
        parallel: context.command.parallel.into(),
        part_size: plan::part_size(source.size, context.command.part_size),
        file_name: label(&source.name()),
        file_type,
        source,
        wanted,
        journal,
        bar: bar.clone(),
    };
    let done = session.run(left, context.command.activate).await;
    bar.clear();
    if done.is_ok() {
        session.journal.finish();
    }
    done
}

/// What the asset is to be, and the suffix of its file.
fn wanted(command: &Upload, source: &Source) -> Result<(Wanted, String)> {
    let name = source.name();
    let suffix = format::suffix(&source.head()?, &name);
    let asset_type = match &command.asset_type {
        Some(asset_type) => asset_type.to_ascii_uppercase(),
        None => format::asset_type(&suffix, source.size).to_owned(),
    };
    let asset_name = match &command.name {
        Some(name) => name.clone(),
        None => label(split_suffix(&name).0),
    };
    let wanted = Wanted {
        asset_name,
        asset_type,
        tags: command.tags.clone(),
    };
    Ok((wanted, suffix))
}

/// A name as a library takes it.
fn label(name: &str) -> String {
    let plain: String = name
        .chars()
        .map(|c| if c.is_control() { '_' } else { c })
        .collect();
    shortened(&plain, MOST_NAME)
}
