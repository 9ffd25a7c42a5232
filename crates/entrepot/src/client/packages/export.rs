//! `entrepot export`: makes a package and downloads it, once and whole.
//!
//! What is remembered of an export under way is in a journal, the bytes that have come are beside
//! where the package goes. The server uses the package up only when this command has it on disk,
//! with the right digest, and says so.

use std::path::{Path, PathBuf};

use clap::Args;
use data_encoding::HEXLOWER;
use entrepot_api::archives::ArchiveRecord;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::calls::{Instance, Items};
use super::{InstanceArgs, Selection, failed, wait};
use crate::client::download::fetch::rest;
use crate::client::download::name;
use crate::client::download::partial::{Expected, Partial, Sum, tidy};
use crate::client::failure::{Failure, Result};
use crate::client::journal::{self, Journal};
use crate::client::progress::Progress;
use crate::client::text::{plain, size};
use crate::client::transfer::{Patience, patiently};
use crate::client::{Connection, to_json, variable};

#[derive(Debug, Args)]
pub struct Export {
    #[command(flatten)]
    selection: Selection,
    #[command(flatten)]
    instance: InstanceArgs,
    #[command(flatten)]
    connection: Connection,
    /// Where to put the package [default: its own name, in this folder]
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Print one JSON object: {"file", "size", "digest", "job_id", "archive_id"}
    #[arg(long)]
    json: bool,
}

/// An export under way.
#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    /// For people who look into the folder.
    items: Items,
    job_id: String,
    archive_id: Option<String>,
}

pub async fn run(command: Export) -> Result<()> {
    let instance = command.instance.open(command.connection.open()?).await?;
    let progress = Progress::default();
    let items = command.selection.resolve(&instance).await?;
    let folder = journal::folder("exports", variable)?;
    let key = key(&instance, &items, command.output.as_deref())?;
    let (journal, left) = Journal::open::<Entry>(&folder, &key)?;
    let (mut entry, is_new) = match left {
        Some(entry) => (entry, false),
        None => (begin(&instance, items).await?, true),
    };
    journal.write(&entry)?;
    let outcome = deliver(&command, &instance, &progress, &journal, &mut entry).await;
    if let Err(failure) = &outcome
        && is_over(failure)
    {
        journal.finish();
        if !is_new {
            progress
                .note("the earlier export can't be gone on with; the same command makes a new one");
        }
    }
    outcome?;
    journal.finish();
    Ok(())
}

async fn begin(instance: &Instance, items: Items) -> Result<Entry> {
    // not patiently: a lost answer may have begun a job
    let job_id = instance.begin("export", &items).await?;
    Ok(Entry {
        items,
        job_id,
        archive_id: None,
    })
}

/// The same command, wherever it is given.
fn key(instance: &Instance, items: &Items, output: Option<&Path>) -> Result<String> {
    let here = std::env::current_dir()
        .map_err(|e| Failure::Local(format!("this folder has no name: {e}")))?;
    let output = output.map_or_else(|| here.clone(), |output| here.join(output));
    let parts = json!([
        instance.api.endpoint(),
        instance.api.project_id(),
        instance.instance_id,
        items,
        output.to_string_lossy(),
    ]);
    let digest = Sha256::digest(parts.to_string().as_bytes());
    Ok(HEXLOWER.encode(&digest[..16]))
}

/// Whether the same export can never succeed.
fn is_over(failure: &Failure) -> bool {
    match failure {
        Failure::Job(_) => true,
        Failure::Refused(refused) => matches!(refused.status, 403 | 404),
        _ => false,
    }
}

async fn deliver(
    command: &Export,
    instance: &Instance,
    progress: &Progress,
    journal: &Journal,
    entry: &mut Entry,
) -> Result<()> {
    if entry.archive_id.is_none() {
        let bar = progress.share("exporting");
        let job = wait(instance, &entry.job_id, &bar).await?;
        bar.clear();
        let Some(archive_id) = job.archive_id.filter(|_| job.status == "SUCCEEDED") else {
            return Err(failed(progress, "export", &job.reasons));
        };
        entry.archive_id = Some(archive_id);
        journal.write(entry)?;
    }
    let archive_id = entry.archive_id.clone().unwrap_or_default();
    let record = patiently(|| instance.get_record(&archive_id)).await?;
    let part = download(command, instance, progress, &archive_id, &record).await?;
    // from here on the package is here, and is used up there
    patiently(|| instance.acknowledge(&archive_id, &record.digest)).await?;
    let path = place(command, &part, &record)?;
    report(command, progress, entry, &archive_id, &record, &path)
}

fn folder(output: Option<&Path>) -> PathBuf {
    let parent = output.and_then(Path::parent);
    let parent = parent.filter(|parent| !parent.as_os_str().is_empty());
    parent.unwrap_or(Path::new(".")).to_owned()
}

async fn download(
    command: &Export,
    instance: &Instance,
    progress: &Progress,
    archive_id: &str,
    record: &ArchiveRecord,
) -> Result<PathBuf> {
    let expected = Expected {
        size: Some(record.size),
        sum: Sum::Package(record.digest.clone()),
    };
    let folder = folder(command.output.as_deref());
    let stem: String = archive_id
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .collect();
    let bar = progress.bar(&record.file_name);
    bar.stage("download", record.size);
    let mut partial = Partial::open(&folder, &stem, &expected, &bar).await?;
    let mut patience = Patience::default();
    loop {
        let before = partial.length;
        let request = instance.download(archive_id)?;
        let server = instance.api.endpoint();
        let outcome = rest(request, server, &expected, &mut partial, &bar).await;
        partial.flush().await?;
        let Err(failure) = outcome else { break };
        if partial.length > before {
            patience.renew();
        }
        if failure.code() == Some("ROMA.19003") {
            // the server has not yet seen that our last line broke
            patience.wait_for(failure).await?;
            continue;
        }
        patience.wait(failure).await?;
    }
    let part = partial.finish(&expected).await?;
    bar.clear();
    Ok(part)
}

/// Gives the package its name.
fn place(command: &Export, part: &Path, record: &ArchiveRecord) -> Result<PathBuf> {
    let placed = match &command.output {
        Some(output) => std::fs::rename(part, output).map(|()| output.clone()),
        None => name::place(part, Path::new("."), &record.file_name),
    };
    let path =
        placed.map_err(|e| Failure::io("the package can't be given its name; it is", part, &e))?;
    tidy(part);
    Ok(path)
}

fn report(
    command: &Export,
    progress: &Progress,
    entry: &Entry,
    archive_id: &str,
    record: &ArchiveRecord,
    path: &Path,
) -> Result<()> {
    if command.json {
        return to_json(&json!({
            "file": path, "size": record.size, "digest": record.digest,
            "job_id": entry.job_id, "archive_id": archive_id,
        }))
        .map(|line| progress.print(&line));
    }
    let name = plain(&path.to_string_lossy());
    progress.print(&format!("{name}  {}", size(record.size)));
    Ok(())
}
