//! Calls of an instance: applications, jobs and packages.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use serde_json::{Value, json};

use crate::client::Connection;
use crate::library::{Library, text};
use crate::load;
use crate::server::Server;

/// How many assets one call attaches.
const ATTACHED: usize = 1000;
const POLL_EVERY: Duration = Duration::from_millis(20);
const JOB_WITHIN: Duration = Duration::from_mins(10);

/// The instance that a library has from its first start.
#[derive(Debug)]
pub struct Workspace {
    pub library: Library,
    /// Of the targets of its calls.
    prefix: String,
}

/// A package that waits for its download.
#[derive(Debug)]
pub struct Exported {
    /// From the call to the poll that said SUCCEEDED.
    pub took: f64,
    /// Where it can be had.
    pub target: String,
}

impl Workspace {
    pub fn of(server: &Server, data: &Path) -> anyhow::Result<Self> {
        let library = Library::of(server, data)?;
        let instances = format!("/v2/{}/instances", library.credentials.project_id);
        let listed = load::block_on(library.call("GET", &instances, &Value::Null))?;
        let instance = text(&listed["instances"][0], "id")?;
        Ok(Self {
            library,
            prefix: format!("{instances}/{instance}"),
        })
    }

    async fn call(&self, method: &str, path: &str, body: &Value) -> anyhow::Result<Value> {
        let target = format!("{}{path}", self.prefix);
        self.library.call(method, &target, body).await
    }

    /// An application of these assets; its id.
    pub async fn create_app(&self, name: &str, assets: &[String]) -> anyhow::Result<String> {
        let app = self.call("POST", "/apps", &json!({"name": name})).await?;
        let app = text(&app, "id")?;
        let path = format!("/apps/{app}/entrepot/digital-assets");
        for assets in assets.chunks(ATTACHED) {
            self.call("PUT", &path, &json!({"asset_ids": assets}))
                .await?;
        }
        Ok(app)
    }

    /// How many assets the only application has.
    pub async fn count_assets(&self) -> anyhow::Result<u64> {
        let listed = self.call("GET", "/apps", &Value::Null).await?;
        let app = text(&listed["apps"][0], "id")?;
        let path = format!("/apps/{app}/entrepot/digital-assets?limit=1");
        let attached = self.call("GET", &path, &Value::Null).await?;
        attached["total"].as_u64().context("no total")
    }

    pub async fn export(&self, app: &str) -> anyhow::Result<Exported> {
        let began = Instant::now();
        let body = json!({"apps": [{"id": app}], "tasks": []});
        let job = self.call("POST", "/assets/export", &body).await?;
        let job = self.succeeded(&text(&job, "job_id")?).await?;
        let took = began.elapsed().as_secs_f64();
        let archive = text(&job, "archive_id")?;
        let target = format!("{}/assets/archives/{archive}", self.prefix);
        Ok(Exported { took, target })
    }

    /// Where a package is imported.
    pub fn import_target(&self) -> String {
        format!("{}/assets/import?type=AddNew", self.prefix)
    }

    /// Polls until the job has ended.
    pub async fn succeeded(&self, job: &str) -> anyhow::Result<Value> {
        let (began, target) = (Instant::now(), format!("{}/assets/jobs/{job}", self.prefix));
        let mut connection = Connection::open(self.library.address).await?;
        loop {
            let job = self
                .library
                .call_on(&mut connection, "GET", &target, &Value::Null)
                .await?;
            match job["status"].as_str() {
                Some("SUCCEEDED") => return Ok(job),
                Some("RUNNING") => {}
                _ => bail!("the job ended so: {job}"),
            }
            ensure!(
                began.elapsed() < JOB_WITHIN,
                "the job takes too long: {job}"
            );
            tokio::time::sleep(POLL_EVERY).await;
        }
    }
}
