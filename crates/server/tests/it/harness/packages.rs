//! Asset packages, in the words of their users.

use std::ops::Range;

use entrepot_archive::reader::DigestReader;
use entrepot_server::ids::{ArchiveId, InstanceId, ProjectId};
use entrepot_server::packages::{Archive, Layout, store};
use futures_util::TryStreamExt;
use serde_json::{Value, json};

use super::{Answer, Library};

impl Library {
    /// `/v2/{project_id}/instances/{instance_id}/assets` of the owner, and what follows.
    pub fn packages(&self, rest: &str) -> String {
        let owner = &self.owner;
        let instance = owner.instance_id.as_ref().unwrap();
        format!("/v2/{}/instances/{instance}/assets{rest}", owner.project_id)
    }

    pub async fn export(&self, apps: &[&str], tasks: &[&str]) -> Answer {
        let body = json!({"apps": apps, "tasks": tasks});
        self.post(&self.packages("/export"), &body).await
    }

    /// Begins a job by `/export` or `/delete`, runs what is due, and answers the job.
    pub async fn run_asset_job(&self, call: &str, apps: &[&str], tasks: &[&str]) -> Value {
        let body = json!({"apps": apps, "tasks": tasks});
        let begun = self.post(&self.packages(call), &body).await.ok();
        self.run_due_jobs().await;
        self.asset_job(begun["job_id"].as_str().unwrap()).await
    }

    pub async fn asset_job(&self, id: &str) -> Value {
        self.get(&self.packages(&format!("/jobs/{id}"))).await.ok()
    }

    /// An export that must succeed.
    pub async fn exported(&self, apps: &[&str], tasks: &[&str]) -> Archive {
        let job = self.run_asset_job("/export", apps, tasks).await;
        assert_eq!(job["status"], "SUCCEEDED", "{job:#}");
        self.archive(job["archive_id"].as_str().unwrap()).await
    }

    pub async fn archive(&self, id: &str) -> Archive {
        let project = ProjectId::new(&self.owner.project_id);
        let instance = InstanceId::new(self.owner.instance_id.as_ref().unwrap());
        let id = ArchiveId::new(id);
        let found = self
            .app
            .db
            .read(async move |tx| store::archives::find(tx, &project, &instance, &id).await);
        found.await.unwrap().unwrap()
    }

    pub async fn layout(&self, archive: &Archive) -> Layout {
        Layout::open(&self.app, archive).await.unwrap()
    }

    pub async fn read_archive(&self, archive: &Archive, range: Range<u64>) -> Vec<u8> {
        let layout = self.layout(archive).await;
        let blocks: Vec<_> = layout.stream(range).try_collect().await.unwrap();
        blocks.concat()
    }

    /// All of it; size and digest must be those of its row.
    pub async fn whole_archive(&self, archive: &Archive) -> Vec<u8> {
        let bytes = self.read_archive(archive, 0..archive.size).await;
        assert_eq!(bytes.len() as u64, archive.size);
        let mut digest = DigestReader::new();
        digest.push(&bytes).unwrap();
        let digest = digest.finish().unwrap();
        assert_eq!(entrepot_archive::hex(&digest), archive.digest);
        bytes
    }

    /// Runs a statement of the test's own.
    pub async fn sql(&self, sql: &str) -> u64 {
        let sql = sql.to_owned();
        let done = self
            .app
            .db
            .write(async move |tx| Ok(tx.execute(&sql, &[]).await?));
        done.await.unwrap()
    }
}
