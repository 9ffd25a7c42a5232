//! Packages: export, import and delete, each as one command that goes on where it stopped.

mod calls;
pub mod delete;
pub mod export;
pub mod import;

use std::time::Duration;

use clap::Args;
use entrepot_api::packages::{AssetJobInfo, AssetJobReason};

use self::calls::{Instance, Item, Items, list_instances};
use super::api::Api;
use super::failure::{Failure, Result};
use super::progress::{Bar, Progress};
use super::text::plain;
use super::transfer::patiently;

const GLANCE_FIRST: Duration = Duration::from_millis(50);
const GLANCE_MOST: Duration = Duration::from_secs(1);

/// Which instance of the library.
#[derive(Debug, Args)]
pub struct InstanceArgs {
    /// Id of the instance [default: instance_id of the credentials, else the project's only one]
    #[arg(long, value_name = "ID", env = "ENTREPOT_INSTANCE_ID")]
    instance: Option<String>,
}

impl InstanceArgs {
    async fn open(&self, api: Api) -> Result<Instance> {
        let named = self.instance.as_deref().or(api.instance_id());
        if let Some(id) = named {
            let instance_id = id.to_owned();
            return Ok(Instance { api, instance_id });
        }
        let found = patiently(|| list_instances(&api)).await?;
        match <[_; 1]>::try_from(found) {
            Ok([only]) => Ok(Instance {
                api,
                instance_id: only.id,
            }),
            Err(found) => Err(Failure::Usage(format!(
                "the project has {} instances; choose one with --instance",
                found.len()
            ))),
        }
    }
}

/// Which applications and tasks.
#[derive(Debug, Args)]
pub struct Selection {
    /// Applications, by id or name; may be given several times
    #[arg(long = "app", value_name = "APP", required_unless_present = "tasks")]
    apps: Vec<String>,
    /// Tasks, by id or name; may be given several times
    #[arg(long = "task", value_name = "TASK")]
    tasks: Vec<String>,
}

impl Selection {
    /// The ids; a text that is nobody's name is taken for an id.
    async fn resolve(&self, instance: &Instance) -> Result<Items> {
        let mut items = Items {
            apps: Vec::new(),
            tasks: Vec::new(),
        };
        for text in &self.apps {
            let found = patiently(|| instance.find_apps(text)).await?;
            let named = found.into_iter().find(|app| app.name == *text);
            let id = named.map_or_else(|| text.clone(), |app| app.id);
            items.apps.push(Item { id });
        }
        for text in &self.tasks {
            let found = patiently(|| instance.find_tasks(text)).await?;
            let named = found.into_iter().find(|task| task.task_name == *text);
            let id = named.map_or_else(|| text.clone(), |task| task.task_id);
            items.tasks.push(Item { id });
        }
        for list in [&mut items.apps, &mut items.tasks] {
            list.sort_by(|a, b| a.id.cmp(&b.id));
            list.dedup();
        }
        Ok(items)
    }
}

/// Watches a job to its end.
async fn wait(instance: &Instance, job_id: &str, bar: &Bar) -> Result<AssetJobInfo> {
    let mut glance = GLANCE_FIRST;
    loop {
        let job = patiently(|| instance.get_job(job_id)).await?;
        bar.set_share(job.progress_percent);
        if job.status != "RUNNING" {
            return Ok(job);
        }
        tokio::time::sleep(glance).await;
        glance = (glance * 2).min(GLANCE_MOST);
    }
}

/// One line for each item that failed; the failure of the whole.
fn failed(progress: &Progress, doing: &str, reasons: &[AssetJobReason]) -> Failure {
    for reason in reasons {
        progress.note(&format!(
            "{} {}: {}: {}",
            plain(&reason.resource_type),
            plain(&reason.resource_name),
            plain(&reason.error_code),
            plain(&reason.error_msg)
        ));
    }
    Failure::Job(format!("the {doing} failed; the reasons are above"))
}

/// `1 task`, `2 tasks`
fn counted(n: usize, noun: &str) -> String {
    let plural = if n == 1 { "" } else { "s" };
    format!("{n} {noun}{plural}")
}
