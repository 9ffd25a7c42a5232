//! Importing packages, in the words of their users.

use std::collections::BTreeMap;

use entrepot_server::http::signature::{CONTENT_HEADER, UNSIGNED_PAYLOAD};
use serde_json::{Value, json};

use super::{Answer, Call, Library};

const BOUNDARY: &str = "a-boundary-of-the-tests";

impl Library {
    /// A form as the vendor's client sends it.
    pub fn import_call(&self, name: &str, bytes: &[u8], query: &str) -> Call<'_> {
        let mut form = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"ImportAssetRequestBody\"; \
             filename=\"{name}\"\r\n\r\n"
        )
        .into_bytes();
        form.extend_from_slice(bytes);
        form.extend_from_slice(format!("\r\n--{BOUNDARY}--\r\n").as_bytes());
        let content_type = format!("multipart/form-data; boundary={BOUNDARY}");
        self.call("POST", &self.packages(&format!("/import{query}")))
            .header(CONTENT_HEADER, UNSIGNED_PAYLOAD)
            .header("content-type", &content_type)
            .header("content-length", &form.len().to_string())
            .body(form)
    }

    pub async fn import(&self, bytes: &[u8], query: &str) -> Answer {
        self.import_call("package.zip", bytes, query).send().await
    }

    /// Begins an import, runs it, and answers the job.
    pub async fn run_import(&self, bytes: &[u8], query: &str) -> Value {
        let begun = self.import(bytes, query).await.ok();
        self.run_due_jobs().await;
        self.asset_job(begun["job_id"].as_str().unwrap()).await
    }

    /// An import that must succeed: the report.
    pub async fn imported(&self, bytes: &[u8], query: &str) -> Report {
        let job = self.run_import(bytes, query).await;
        assert_eq!(job["status"], "SUCCEEDED", "{job:#}");
        assert_eq!(job["progress_percent"], 1.0);
        self.report(job["id"].as_str().unwrap()).await
    }

    pub async fn report(&self, job: &str) -> Report {
        let path = self.packages(&format!("/jobs/{job}/entrepot/items?limit=1000"));
        let page = self.get(&path).await.ok();
        assert_eq!(page["total"], page["size"]);
        Report(page["items"].as_array().unwrap().clone())
    }

    pub async fn create_upload(&self, size: usize) -> String {
        let body = json!({"file_name": "package.zip", "size": size});
        let created = self.post(&self.packages("/entrepot/uploads"), &body).await;
        created.ok()["upload_id"].as_str().unwrap().to_owned()
    }

    pub fn put_call(&self, upload: &str, offset: usize, bytes: &[u8]) -> Call<'_> {
        let path = format!("/entrepot/uploads/{upload}?offset={offset}");
        self.call("PUT", &self.packages(&path))
            .header(CONTENT_HEADER, UNSIGNED_PAYLOAD)
            .header("content-length", &bytes.len().to_string())
            .body(bytes)
    }

    pub async fn show_upload(&self, upload: &str) -> Answer {
        self.get(&self.packages(&format!("/entrepot/uploads/{upload}")))
            .await
    }

    pub async fn import_upload(&self, upload: &str, query: &str) -> Answer {
        let path = format!("/entrepot/uploads/{upload}/import{query}");
        self.call("POST", &self.packages(&path)).send().await
    }

    /// All rows and objects that an import could leave behind or change.
    pub async fn census(&self) -> BTreeMap<&'static str, i64> {
        let mut census = BTreeMap::new();
        for table in [
            "apps",
            "app_assets",
            "tasks",
            "assets",
            "files",
            "blobs",
            "segments",
            "package_uploads",
            "package_entries",
            "asset_jobs",
            "import_items",
        ] {
            census.insert(table, self.rows(table).await);
        }
        census.insert("stored", i64::try_from(self.stored().await).unwrap());
        census
    }
}

/// What became of each item.
#[derive(Debug, Clone)]
pub struct Report(pub Vec<Value>);

impl Report {
    /// The id that something has here.
    pub fn new_id(&self, old: &str) -> String {
        let item = self.0.iter().find(|item| item["old_id"] == old);
        item.unwrap()["new_id"].as_str().unwrap().to_owned()
    }

    /// Kind and outcome of each, in order.
    pub fn outcomes(&self) -> Vec<String> {
        let word = |item: &Value, key: &str| item[key].as_str().unwrap().to_owned();
        let pairs = self.0.iter();
        pairs
            .map(|item| format!("{} {}", word(item, "kind"), word(item, "outcome")))
            .collect()
    }
}
