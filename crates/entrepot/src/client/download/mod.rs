//! `entrepot download ASSET…`

pub(super) mod fetch;
pub(super) mod name;
pub(super) mod partial;

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use clap::Args;
use entrepot_api::assets::DigitalAssetInfo;
use entrepot_api::files::AssetFileInfo;
use futures_util::{StreamExt, stream};
use serde::Serialize;

use self::fetch::{Wanted, fetch};
use self::partial::{Expected, Partial, tidy};
use super::api::Api;
use super::failure::{Failure, Result};
use super::progress::{Bar, Progress};
use super::text::{plain, size};
use super::{Connection, to_json};

#[derive(Debug, Args)]
pub struct Download {
    /// Ids of the assets
    #[arg(required = true, value_name = "ASSET")]
    assets: Vec<String>,
    #[command(flatten)]
    connection: Connection,
    /// Where to put the files; made if it is not there
    #[arg(long, short, value_name = "DIR", default_value = ".")]
    output: PathBuf,
    /// Every file of each asset, not only the main one
    #[arg(long)]
    all: bool,
    /// Replace files that have the same name, instead of adding a number
    #[arg(long)]
    force: bool,
    /// How many files are received at a time
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=32))]
    parallel: u8,
    /// Print one JSON object: {"files": […], "failed": […]}
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Downloaded {
    asset_id: String,
    file_id: String,
    file: String,
    file_size: u64,
    /// The file was there already, with this very content.
    kept: bool,
}

#[derive(Debug, Serialize)]
struct Failed {
    asset_id: String,
    error: String,
}

#[derive(Debug, Default, Serialize)]
struct Outcome {
    files: Vec<Downloaded>,
    failed: Vec<Failed>,
}

struct Context<'a> {
    api: Api,
    command: &'a Download,
    progress: Progress,
    /// What this command has put there: even --force does not replace that.
    placed: Mutex<HashSet<PathBuf>>,
}

impl Context<'_> {
    fn note(&self, path: &Path) -> bool {
        let mut placed = self.placed.lock().unwrap_or_else(PoisonError::into_inner);
        placed.insert(path.to_owned())
    }

    /// Gives a finished file its name.
    fn place(&self, part: &Path, name: &str) -> io::Result<PathBuf> {
        let folder = &self.command.output;
        let target = folder.join(name);
        if self.command.force && self.note(&target) {
            std::fs::rename(part, &target)?;
            return Ok(target);
        }
        name::place(part, folder, name)
    }
}

pub async fn run(command: Download) -> Result<()> {
    let context = Context {
        api: command.connection.open()?,
        progress: Progress::default(),
        command: &command,
        placed: Mutex::default(),
    };
    std::fs::create_dir_all(&command.output)
        .map_err(|e| Failure::io("can't make the folder", &command.output, &e))?;
    let mut outcome = Outcome::default();
    let mut files = Vec::new();
    let mut asked: Vec<&String> = Vec::new();
    for asset_id in &command.assets {
        if asked.contains(&asset_id) {
            continue;
        }
        asked.push(asset_id);
        match list_files(&context, asset_id).await {
            Ok(found) => files.extend(found.into_iter().map(|file| (asset_id.as_str(), file))),
            Err(failure) => report(&context, &mut outcome, asset_id, Err(failure)),
        }
    }
    let mut downloads = stream::iter(&files)
        .map(|(asset_id, file)| async { (*asset_id, download(&context, asset_id, file).await) })
        .buffered(command.parallel.into());
    while let Some((asset_id, done)) = downloads.next().await {
        report(&context, &mut outcome, asset_id, done);
    }
    if command.json {
        context.progress.print(&to_json(&outcome)?);
    }
    match outcome.failed.len() {
        0 => Ok(()),
        1 => Err(Failure::Local("1 file not downloaded".into())),
        failed => Err(Failure::Local(format!("{failed} files not downloaded"))),
    }
}

fn report(context: &Context<'_>, outcome: &mut Outcome, asset_id: &str, done: Result<Downloaded>) {
    match done {
        Ok(file) => {
            if !context.command.json {
                let kept = if file.kept { "  (was there)" } else { "" };
                let (name, bytes) = (plain(&file.file), size(file.file_size));
                context.progress.print(&format!("{name}  {bytes}{kept}"));
            }
            outcome.files.push(file);
        }
        Err(failure) => {
            let more = if failure.may_pass() {
                "; the same command goes on from here"
            } else {
                ""
            };
            let asset_id = plain(asset_id);
            let error = format!("{failure}{more}");
            context.progress.note(&format!("asset {asset_id}: {error}"));
            outcome.failed.push(Failed { asset_id, error });
        }
    }
}

/// The files of an asset that were asked for and can be read.
async fn list_files(context: &Context<'_>, asset_id: &str) -> Result<Vec<AssetFileInfo>> {
    let asset = context.api.get_asset(asset_id).await?;
    let all = context.command.all;
    let state = plain(&asset.asset_state);
    let DigitalAssetInfo { files, .. } = asset;
    let wanted = files
        .into_iter()
        .filter(|file| (all || file.asset_file_category == "MAIN") && file.download_url.is_some());
    let wanted: Vec<AssetFileInfo> = wanted.collect();
    if wanted.is_empty() {
        let which = if all { "no file" } else { "no main file" };
        return Err(Failure::Local(format!(
            "it is {state} and has {which} that can be read"
        )));
    }
    Ok(wanted)
}

async fn download(
    context: &Context<'_>,
    asset_id: &str,
    file: &AssetFileInfo,
) -> Result<Downloaded> {
    let folder = &context.command.output;
    let (name, expected) = (name::safe(&file.file_name), Expected::of(file));
    let done = |path: PathBuf, size, kept| Downloaded {
        asset_id: asset_id.to_owned(),
        file_id: file.file_id.clone(),
        file: path.to_string_lossy().into_owned(),
        file_size: size,
        kept,
    };
    let bar = context.progress.bar(&name);
    let total = expected.size.unwrap_or(0);
    bar.stage("comparing", total);
    if let Some(path) = already_there(folder, &name, &expected, &bar).await {
        context.note(&path);
        return Ok(done(path, total, true));
    }
    let Some(url) = file.download_url.as_deref() else {
        return Err(Failure::Local("it has no link to download from".into()));
    };
    bar.stage("receiving", total);
    let stem = name::safe(&file.file_id);
    let mut partial = Partial::open(folder, &stem, &expected, &bar).await?;
    let wanted = Wanted {
        asset_id,
        file_id: &file.file_id,
        expected: &expected,
    };
    fetch(&context.api, &wanted, url, &mut partial, &bar).await?;
    let length = partial.length;
    let part = partial.finish(&expected).await?;
    let placed = context
        .place(&part, &name)
        .map_err(|e| Failure::io("can't name the file", &folder.join(&name), &e))?;
    tidy(&part);
    bar.clear();
    Ok(done(placed, length, false))
}

/// The file, if an earlier run finished it.
async fn already_there(
    folder: &Path,
    name: &str,
    expected: &Expected,
    bar: &Bar,
) -> Option<PathBuf> {
    let path = folder.join(name);
    let there = matches(&path, expected, bar).await.ok()?;
    there.then_some(path)
}

/// [`Expected::matches`] on a thread of its own.
pub(super) async fn matches(path: &Path, expected: &Expected, bar: &Bar) -> io::Result<bool> {
    let (path, expected, bar) = (path.to_owned(), expected.clone(), bar.clone());
    let compared = tokio::task::spawn_blocking(move || expected.matches(&path, &bar)).await;
    compared.map_err(io::Error::other).flatten()
}
