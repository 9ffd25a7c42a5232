//! `entrepot import`: sends a package and applies it; a line that breaks costs at most one entry.

use std::path::PathBuf;

use clap::Args;
use entrepot_api::imports::{ImportItem, UploadInfo};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::calls::Instance;
use super::{InstanceArgs, failed, wait};
use crate::client::api::encode;
use crate::client::failure::{Failure, Result};
use crate::client::journal::{self, Journal};
use crate::client::progress::{Bar, Progress};
use crate::client::source::Source;
use crate::client::text::plain;
use crate::client::transfer::{Patience, patiently};
use crate::client::{Connection, to_json, variable};

const PAGE: u64 = 1000;

#[derive(Debug, Args)]
pub struct Import {
    /// The package
    #[arg(value_name = "FILE")]
    package: PathBuf,
    #[command(flatten)]
    instance: InstanceArgs,
    #[command(flatten)]
    connection: Connection,
    /// Update what is there already, by id or name, instead of adding everything
    #[arg(long)]
    merge: bool,
    /// Put this before the name of each application and task; all ids are then new
    #[arg(long, value_name = "TEXT")]
    prefix: Option<String>,
    /// With --merge: tasks take over the data sources of the package
    #[arg(long)]
    datasource_overwrite: bool,
    /// Print one JSON object: {"job_id": …, "items": […], "failed": […]}
    #[arg(long)]
    json: bool,
}

/// An import under way.
#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    /// For people who look into the folder.
    path: PathBuf,
    upload_id: String,
    job_id: Option<String>,
}

pub async fn run(command: Import) -> Result<()> {
    let source = Source::open(&command.package)?;
    let instance = command.instance.open(command.connection.open()?).await?;
    let progress = Progress::default();
    let folder = journal::folder("imports", variable)?;
    let scope = format!(
        "{}/{}?{}",
        instance.api.project_id(),
        instance.instance_id,
        command.query()
    );
    let key = journal::key(instance.api.endpoint(), &scope, &source);
    let (journal, left) = Journal::open::<Entry>(&folder, &key)?;
    let outcome = import(&command, &instance, &progress, &source, &journal, left).await;
    match &outcome {
        Err(failure) if !is_over(failure) => {}
        _ => journal.finish(),
    }
    outcome
}

/// Whether the same import can never succeed.
fn is_over(failure: &Failure) -> bool {
    match failure {
        Failure::Job(_) | Failure::Changed(_) => true,
        Failure::Refused(refused) => matches!(refused.status, 400 | 403 | 404),
        _ => false,
    }
}

impl Import {
    fn query(&self) -> String {
        let kind = if self.merge { "Merge" } else { "AddNew" };
        let mut query = format!(
            "datasource_overwrite={}&type={kind}",
            self.datasource_overwrite
        );
        if let Some(prefix) = &self.prefix {
            query = format!("{query}&prefix={}", encode(prefix));
        }
        query
    }
}

async fn import(
    command: &Import,
    instance: &Instance,
    progress: &Progress,
    source: &Source,
    journal: &Journal,
    left: Option<Entry>,
) -> Result<()> {
    let job_id = match left.as_ref().and_then(|entry| entry.job_id.clone()) {
        Some(job_id) => job_id,
        None => send(command, instance, progress, source, journal, left).await?,
    };
    let bar = progress.share("importing");
    let job = wait(instance, &job_id, &bar).await?;
    bar.clear();
    let items = list_items(instance, &job_id).await?;
    if command.json {
        let outcome = json!({"job_id": job_id, "items": items, "failed": job.reasons});
        progress.print(&to_json(&outcome)?);
    }
    if job.status != "SUCCEEDED" {
        return Err(failed(progress, "import", &job.reasons));
    }
    if !command.json {
        summarize(progress, &items);
    }
    Ok(())
}

/// Brings the package over and begins its import; answers the job.
async fn send(
    command: &Import,
    instance: &Instance,
    progress: &Progress,
    source: &Source,
    journal: &Journal,
    left: Option<Entry>,
) -> Result<String> {
    let bar = progress.bar(&source.name());
    bar.stage("upload", source.size);
    let upload = resume(instance, source, left).await?;
    let mut entry = Entry {
        path: source.absolute.clone(),
        upload_id: upload.upload_id.clone(),
        job_id: None,
    };
    journal.write(&entry)?;
    send_bytes(instance, source, &upload, &bar).await?;
    source.check_unchanged()?;
    let begin = || async { instance.import(&upload.upload_id, &command.query()).await };
    let job_id = patiently(begin).await?;
    entry.job_id = Some(job_id.clone());
    journal.write(&entry)?;
    bar.clear();
    Ok(job_id)
}

async fn resume(instance: &Instance, source: &Source, left: Option<Entry>) -> Result<UploadInfo> {
    if let Some(entry) = left {
        let known = patiently(|| instance.get_upload(&entry.upload_id)).await;
        match known {
            // given up by the server
            Err(failure) if failure.code() == Some("ROMA.19016") => {}
            known => return known,
        }
    }
    let name = source.name();
    patiently(|| instance.create_upload(&name, source.size)).await
}

async fn send_bytes(
    instance: &Instance,
    source: &Source,
    upload: &UploadInfo,
    bar: &Bar,
) -> Result<()> {
    let mut patience = Patience::default();
    let mut offset = upload.offset;
    while offset < source.size {
        bar.set(offset);
        let body = source.outgoing(offset..source.size, bar);
        let sent = instance.send_package(&upload.upload_id, offset, body).await;
        let Err(failure) = sent else { return Ok(()) };
        if failure.code() != Some("ROMA.19017") && !failure.may_pass() {
            return Err(failure);
        }
        let known = patiently(|| instance.get_upload(&upload.upload_id)).await?;
        if known.offset > offset {
            patience.renew();
        }
        offset = known.offset;
        patience.wait_for(failure).await?;
    }
    Ok(())
}

async fn list_items(instance: &Instance, job_id: &str) -> Result<Vec<ImportItem>> {
    let mut items = Vec::new();
    loop {
        let offset = items.len() as u64;
        let page = patiently(|| instance.list_items(job_id, offset, PAGE)).await?;
        let is_last = page.items.is_empty();
        items.extend(page.items);
        if is_last {
            return Ok(items);
        }
    }
}

fn summarize(progress: &Progress, items: &[ImportItem]) {
    for kind in ["application", "task", "asset", "file"] {
        let of = |outcome: &str| {
            let same = |item: &&ImportItem| item.kind == kind && item.outcome == outcome;
            items.iter().filter(same).count()
        };
        let counts = ["added", "updated", "unchanged"].map(|outcome| (outcome, of(outcome)));
        if counts.iter().all(|(_, n)| *n == 0) {
            continue;
        }
        let counts = counts
            .map(|(outcome, n)| format!("{n} {outcome}"))
            .join(", ");
        progress.print(&format!("{kind}s: {counts}"));
    }
    for item in items.iter().filter(|item| item.kind != "file") {
        let Some(new) = item.new_id.as_ref().filter(|new| **new != item.old_id) else {
            continue;
        };
        let [kind, old, new, name] = [&item.kind, &item.old_id, new, &item.name].map(|t| plain(t));
        progress.print(&format!("{kind} {name}: {old} is now {new}"));
    }
}
