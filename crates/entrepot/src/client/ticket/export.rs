//! `entrepot ticket export`: a ticket, the manifest and all bytes of each asset, as files.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;

use clap::Args;
use entrepot_api::replication::ReplicationAssetInfo;
use entrepot_archive::model::File as AssetFile;
use futures_util::{StreamExt, TryStreamExt, stream};
use serde::Serialize;

use super::folder::{Folder, Manifest, expected, read_manifest};
use crate::client::api::Api;
use crate::client::copy::report::Failed;
use crate::client::download::fetch::{Wanted, fetch};
use crate::client::download::matches;
use crate::client::download::partial::{Partial, tidy};
use crate::client::failure::{Failure, Result};
use crate::client::progress::Progress;
use crate::client::replication::Issued;
use crate::client::text::{plain, size};
use crate::client::transfer::patiently;
use crate::client::{Connection, to_json};

#[derive(Debug, Args)]
pub struct Export {
    /// Ids of the assets
    #[arg(required = true, value_name = "ASSET")]
    assets: Vec<String>,
    #[command(flatten)]
    connection: Connection,
    /// The region that they are for, by the name that it gives itself
    #[arg(long, value_name = "REGION")]
    to: String,
    /// The only project there that they are for
    #[arg(long, value_name = "ID")]
    to_project: Option<String>,
    /// Where to put a folder for each asset; made if it is not there
    #[arg(long, short, value_name = "DIR")]
    output: PathBuf,
    /// How many files of an asset are received at a time
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=32))]
    parallel: u8,
    /// Print one JSON object: {"tickets": […], "failed": […]}
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Exported {
    asset_id: String,
    asset_name: String,
    version: i64,
    folder: String,
    files: usize,
    bytes: u64,
    /// Of those, bytes that were there already.
    bytes_kept: u64,
    /// Until when the ticket can be imported.
    expires_at: String,
}

#[derive(Debug, Default, Serialize)]
struct Outcome {
    tickets: Vec<Exported>,
    failed: Vec<Failed>,
}

struct Context<'a> {
    api: Api,
    command: &'a Export,
    progress: Progress,
}

pub async fn run(command: Export) -> Result<()> {
    let context = Context {
        api: command.connection.open()?,
        progress: Progress::default(),
        command: &command,
    };
    let mut outcome = Outcome::default();
    let mut asked = HashSet::new();
    for asset_id in command.assets.iter().filter(|id| asked.insert(*id)) {
        match export(&context, asset_id).await {
            Ok(exported) => {
                if !command.json {
                    context.progress.print(&line(&exported));
                }
                outcome.tickets.push(exported);
            }
            Err(failure) => {
                let failed = Failed::of(asset_id, &failure);
                let text = format!("asset {}: {}", failed.asset_id, failed.error);
                context.progress.note(&text);
                outcome.failed.push(failed);
            }
        }
    }
    if command.json {
        context.progress.print(&to_json(&outcome)?);
    }
    match outcome.failed.len() {
        0 => Ok(()),
        1 => Err(Failure::Local("1 asset not exported".into())),
        failed => Err(Failure::Local(format!("{failed} assets not exported"))),
    }
}

fn line(exported: &Exported) -> String {
    format!(
        "{}  {} in {}  {}  (import it until {})",
        plain(&exported.folder),
        size(exported.bytes),
        if exported.files == 1 {
            "1 file".to_owned()
        } else {
            format!("{} files", exported.files)
        },
        plain(&exported.asset_name),
        plain(&exported.expires_at),
    )
}

async fn export(context: &Context<'_>, asset_id: &str) -> Result<Exported> {
    let (api, command) = (&context.api, context.command);
    let folder = Folder::of(&command.output, asset_id)?;
    let project_id = command.to_project.as_deref();
    let Issued { ticket, copy } = api.issue_ticket(asset_id, &command.to, project_id).await?;
    let told: ReplicationAssetInfo = api.read(&ticket)?;
    let manifest = patiently(|| api.get_manifest(asset_id, &copy.copy_id)).await?;
    let Manifest { version, asset } = read_manifest(&manifest).map_err(|why| garbled(api, &why))?;
    if asset.asset_id != asset_id || told.asset_id.as_deref() != Some(asset_id) {
        return Err(garbled(api, "ticket and manifest are not of this asset"));
    }
    let files = folder.files();
    std::fs::create_dir_all(&files)
        .map_err(|e| Failure::io("can't make the folder", &files, &e))?;
    let bytes_kept = receive(context, &folder, asset_id, &asset.files).await?;
    folder.write(&ticket, &manifest)?;
    Ok(Exported {
        asset_id: asset.asset_id,
        asset_name: asset.name,
        version,
        folder: folder.path().to_string_lossy().into_owned(),
        files: asset.files.len(),
        bytes: asset.files.iter().map(|file| file.size).sum(),
        bytes_kept,
        expires_at: copy.expires_at,
    })
}

/// Brings every file; answers how many bytes were there.
async fn receive(
    context: &Context<'_>,
    folder: &Folder,
    asset_id: &str,
    files: &[AssetFile],
) -> Result<u64> {
    let asset = patiently(|| context.api.get_asset(asset_id)).await?;
    let urls = asset.files.into_iter();
    let urls: HashMap<String, Option<String>> =
        urls.map(|file| (file.file_id, file.download_url)).collect();
    let urls = &urls;
    let kept = stream::iter(files)
        .map(|file| async move {
            let url = urls.get(&file.file_id).and_then(Option::as_deref);
            let url =
                url.ok_or_else(|| Failure::Job("it was changed meanwhile; export it again".into()));
            receive_file(context, folder, asset_id, file, url?).await
        })
        .buffer_unordered(context.command.parallel.into());
    kept.try_fold(0, |sum, kept| async move { Ok(sum + kept) })
        .await
}

/// Answers how many bytes were there.
async fn receive_file(
    context: &Context<'_>,
    folder: &Folder,
    asset_id: &str,
    file: &AssetFile,
    url: &str,
) -> Result<u64> {
    let (path, expected) = (folder.file(file), expected(file));
    let bar = context.progress.bar(&file.name);
    bar.stage("comparing", file.size);
    if matches(&path, &expected, &bar).await.unwrap_or(false) {
        return Ok(file.size);
    }
    bar.stage("receiving", file.size);
    let mut partial = Partial::open(&folder.files(), &file.file_id, &expected, &bar).await?;
    let kept = partial.length;
    let wanted = Wanted {
        asset_id,
        file_id: &file.file_id,
        expected: &expected,
    };
    fetch(&context.api, &wanted, url, &mut partial, &bar).await?;
    let part = partial.finish(&expected).await?;
    std::fs::rename(&part, &path).map_err(|e| Failure::io("can't name the file", &path, &e))?;
    tidy(&part);
    bar.clear();
    Ok(kept)
}

fn garbled(api: &Api, why: &str) -> Failure {
    Failure::Garbled {
        server: api.endpoint().to_owned(),
        reason: plain(why),
    }
}
