//! `entrepot delete`: applications and tasks, never the digital assets attached to them.

use clap::Args;
use serde_json::json;

use super::{InstanceArgs, Selection, counted, failed, wait};
use crate::client::failure::Result;
use crate::client::progress::Progress;
use crate::client::{Connection, to_json};

#[derive(Debug, Args)]
pub struct Delete {
    #[command(flatten)]
    selection: Selection,
    #[command(flatten)]
    instance: InstanceArgs,
    #[command(flatten)]
    connection: Connection,
    /// Print one JSON object: {"job_id": …, "apps": […], "tasks": […], "failed": […]}
    #[arg(long)]
    json: bool,
}

pub async fn run(command: Delete) -> Result<()> {
    let instance = command.instance.open(command.connection.open()?).await?;
    let progress = Progress::default();
    let items = command.selection.resolve(&instance).await?;
    let bar = progress.share("deleting");
    let job_id = instance.begin("delete", &items).await?;
    let job = wait(&instance, &job_id, &bar).await?;
    bar.clear();
    if command.json {
        let outcome = json!({
            "job_id": job_id, "apps": items.apps, "tasks": items.tasks, "failed": job.reasons,
        });
        progress.print(&to_json(&outcome)?);
    }
    if job.status != "SUCCEEDED" {
        return Err(failed(&progress, "deletion", &job.reasons));
    }
    if !command.json {
        progress.print(&format!(
            "deleted {} and {}; digital assets are still there",
            counted(items.apps.len(), "application"),
            counted(items.tasks.len(), "task")
        ));
    }
    Ok(())
}
