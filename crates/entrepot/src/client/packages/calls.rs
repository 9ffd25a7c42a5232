//! The calls of the package family that the commands make.

use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use reqwest::RequestBuilder;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::client::api::{Api, encode, id, json, refused, unreachable};
use crate::client::failure::Result;
use crate::client::source::{Blocks, Sent};
use crate::client::transfer::whole_body;

/// One instance of the library, as seen from here.
#[derive(Debug, Clone)]
pub struct Instance {
    pub api: Api,
    pub instance_id: String,
}

#[derive(Debug, Deserialize)]
pub struct Instances {
    pub instances: Vec<Named>,
}

/// An instance or application.
#[derive(Debug, Deserialize)]
pub struct Named {
    pub id: String,
    pub name: String,
}

#[derive(Debug, Deserialize)]
pub struct Apps {
    pub apps: Vec<Named>,
}

#[derive(Debug, Deserialize)]
pub struct Tasks {
    pub entities: Vec<Task>,
}

#[derive(Debug, Deserialize)]
pub struct Task {
    pub task_id: String,
    pub task_name: String,
}

/// What a job is about, by ids.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Items {
    pub apps: Vec<Item>,
    pub tasks: Vec<Item>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    pub id: String,
}

#[derive(Debug, Deserialize)]
pub struct Begun {
    pub job_id: String,
}

#[derive(Debug, Deserialize)]
pub struct Job {
    pub status: String,
    #[serde(default)]
    pub reasons: Vec<Reason>,
    #[serde(default)]
    pub progress_percent: f64,
    pub archive_id: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Reason {
    pub resource_type: String,
    pub resource_name: String,
    pub error_code: String,
    pub error_msg: String,
}

/// What is known of an archive without downloading it.
#[derive(Debug, Deserialize)]
pub struct Record {
    pub file_name: String,
    pub size: u64,
    pub digest: String,
}

#[derive(Debug, Deserialize)]
pub struct Upload {
    pub upload_id: String,
    /// Where the package goes on.
    pub offset: u64,
}

#[derive(Debug, Deserialize)]
pub struct Report {
    pub total: u64,
    pub items: Vec<Imported>,
}

/// What became of one item of an import.
#[derive(Debug, Serialize, Deserialize)]
pub struct Imported {
    pub kind: String,
    pub old_id: String,
    pub new_id: String,
    pub name: String,
    pub outcome: String,
}

pub async fn list_instances(api: &Api) -> Result<Vec<Named>> {
    let url = api.url("v2", "instances", "limit=100")?;
    let answer = api.send_to(Method::GET, url, Vec::new()).await?;
    Ok(api.read::<Instances>(&answer)?.instances)
}

impl Instance {
    async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        tail: &str,
        query: &str,
        body: Vec<u8>,
    ) -> Result<T> {
        let tail = format!("instances/{}/{tail}", id(&self.instance_id)?);
        let url = self.api.url("v2", &tail, query)?;
        self.api.read(&self.api.send_to(method, url, body).await?)
    }

    /// Applications whose name has the text in it.
    pub async fn find_apps(&self, name: &str) -> Result<Vec<Named>> {
        let query = format!("limit=100&name={}", encode(name));
        let found: Apps = self.call(Method::GET, "apps", &query, Vec::new()).await?;
        Ok(found.apps)
    }

    /// Tasks whose name has the text in it.
    pub async fn find_tasks(&self, name: &str) -> Result<Vec<Task>> {
        let tail = format!("fdi/instances/{}/tasks", id(&self.instance_id)?);
        let query = format!("limit=100&name={}", encode(name));
        let url = self.api.url("v2", &tail, &query)?;
        let answer = self.api.send_to(Method::GET, url, Vec::new()).await?;
        Ok(self.api.read::<Tasks>(&answer)?.entities)
    }

    /// Begins an `export` or `delete`; answers the job.
    pub async fn begin(&self, verb: &str, items: &Items) -> Result<String> {
        let tail = format!("assets/{verb}");
        let begun: Begun = self.call(Method::POST, &tail, "", json(items)?).await?;
        Ok(begun.job_id)
    }

    pub async fn get_job(&self, job_id: &str) -> Result<Job> {
        let tail = format!("assets/jobs/{}", id(job_id)?);
        self.call(Method::GET, &tail, "", Vec::new()).await
    }

    /// A page of what an import did.
    pub async fn list_items(&self, job_id: &str, offset: u64, limit: u64) -> Result<Report> {
        let tail = format!("assets/jobs/{}/entrepot/items", id(job_id)?);
        let query = format!("limit={limit}&offset={offset}");
        self.call(Method::GET, &tail, &query, Vec::new()).await
    }

    pub async fn get_record(&self, archive_id: &str) -> Result<Record> {
        let tail = format!("assets/archives/{}/entrepot/record", id(archive_id)?);
        self.call(Method::GET, &tail, "", Vec::new()).await
    }

    /// A download that is used up by [`Instance::acknowledge`] alone.
    pub fn download(&self, archive_id: &str) -> Result<RequestBuilder> {
        let instance = id(&self.instance_id)?;
        let tail = format!("instances/{instance}/assets/archives/{}", id(archive_id)?);
        let url = self.api.url("v2", &tail, "")?;
        let mut headers = self.api.signed_without_body(&Method::GET, &url)?;
        let receipt = HeaderName::from_static("x-entrepot-receipt");
        headers.insert(receipt, HeaderValue::from_static("required"));
        Ok(self.api.http.get(url).headers(headers))
    }

    /// Says that the package has arrived whole; it can't be downloaded again.
    pub async fn acknowledge(&self, archive_id: &str, digest: &str) -> Result<()> {
        let tail = format!("assets/archives/{}/entrepot/receipt", id(archive_id)?);
        let body = json(&serde_json::json!({ "digest": digest }))?;
        let _: serde_json::Value = self.call(Method::POST, &tail, "", body).await?;
        Ok(())
    }

    pub async fn create_upload(&self, file_name: &str, size: u64) -> Result<Upload> {
        let body = json(&serde_json::json!({ "file_name": file_name, "size": size }))?;
        self.call(Method::POST, "assets/entrepot/uploads", "", body)
            .await
    }

    pub async fn get_upload(&self, upload_id: &str) -> Result<Upload> {
        let tail = format!("assets/entrepot/uploads/{}", id(upload_id)?);
        self.call(Method::GET, &tail, "", Vec::new()).await
    }

    /// Sends the package from `offset` to its end.
    pub async fn send_package(
        &self,
        upload_id: &str,
        offset: u64,
        body: (Blocks, Sent),
    ) -> Result<()> {
        let instance = id(&self.instance_id)?;
        let upload = id(upload_id)?;
        let tail = format!("instances/{instance}/assets/entrepot/uploads/{upload}");
        let url = self.api.url("v2", &tail, &format!("offset={offset}"))?;
        let mut headers: HeaderMap = self.api.signed_for_stream(&Method::PUT, &url)?;
        let (blocks, sent) = body;
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(sent.length));
        let request = self.api.http.put(url).headers(headers);
        let request = request.body(reqwest::Body::wrap_stream(blocks));
        let server = self.api.endpoint().to_owned();
        let exchange = async {
            let answer = request.send().await.map_err(|e| unreachable(&server, e))?;
            let (status, headers) = (answer.status(), answer.headers().clone());
            let body = answer.bytes().await.map_err(|e| unreachable(&server, e))?;
            if status.is_success() {
                return Ok(());
            }
            Err(refused(status.as_u16(), &headers, &body))
        };
        whole_body(&server, exchange, &sent).await
    }

    /// Begins the import of a package that has arrived; answers the job.
    pub async fn import(&self, upload_id: &str, query: &str) -> Result<String> {
        let tail = format!("assets/entrepot/uploads/{}/import", id(upload_id)?);
        let begun: Begun = self.call(Method::POST, &tail, query, Vec::new()).await?;
        Ok(begun.job_id)
    }
}
