//! The calls of the package family that the commands make.

use entrepot_api::archives::{ArchiveRecord, ReceiptRequest};
use entrepot_api::imports::{
    CreateUploadRequestBody, ImportAssetResponse, ListImportItemsResponse, UploadInfo,
};
use entrepot_api::integration::{
    AppInfo, BriefTask, InstanceInfo, ListAppsResponse, ListInstancesResponse, ListTasksResponse,
};
use entrepot_api::packages::{AssetJobInfo, AssetJobResponse};
use http::{HeaderName, HeaderValue, Method};
use reqwest::RequestBuilder;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::client::api::{Api, encode, id, json};
use crate::client::failure::Result;
use crate::client::source::{Blocks, Sent};
use crate::client::transfer::put_streamed;

/// One instance of the library, as seen from here.
#[derive(Debug, Clone)]
pub struct Instance {
    pub api: Api,
    pub instance_id: String,
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

pub async fn list_instances(api: &Api) -> Result<Vec<InstanceInfo>> {
    let url = api.url("v2", "instances", "limit=100")?;
    let answer = api.send_to(Method::GET, url, Vec::new()).await?;
    Ok(api.read::<ListInstancesResponse>(&answer)?.instances)
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
    pub async fn find_apps(&self, name: &str) -> Result<Vec<AppInfo>> {
        let query = format!("limit=100&name={}", encode(name));
        let found: ListAppsResponse = self.call(Method::GET, "apps", &query, Vec::new()).await?;
        Ok(found.apps)
    }

    /// Tasks whose name has the text in it.
    pub async fn find_tasks(&self, name: &str) -> Result<Vec<BriefTask>> {
        let tail = format!("fdi/instances/{}/tasks", id(&self.instance_id)?);
        let query = format!("limit=100&name={}", encode(name));
        let url = self.api.url("v2", &tail, &query)?;
        let answer = self.api.send_to(Method::GET, url, Vec::new()).await?;
        Ok(self.api.read::<ListTasksResponse>(&answer)?.entities)
    }

    /// Begins an `export` or `delete`; answers the job.
    pub async fn begin(&self, verb: &str, items: &Items) -> Result<String> {
        let tail = format!("assets/{verb}");
        let begun: AssetJobResponse = self.call(Method::POST, &tail, "", json(items)?).await?;
        Ok(begun.job_id)
    }

    pub async fn get_job(&self, job_id: &str) -> Result<AssetJobInfo> {
        let tail = format!("assets/jobs/{}", id(job_id)?);
        self.call(Method::GET, &tail, "", Vec::new()).await
    }

    /// A page of what an import did.
    pub async fn list_items(
        &self,
        job_id: &str,
        offset: u64,
        limit: u64,
    ) -> Result<ListImportItemsResponse> {
        let tail = format!("assets/jobs/{}/entrepot/items", id(job_id)?);
        let query = format!("limit={limit}&offset={offset}");
        self.call(Method::GET, &tail, &query, Vec::new()).await
    }

    pub async fn get_record(&self, archive_id: &str) -> Result<ArchiveRecord> {
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
        let digest = digest.to_owned();
        let body = json(&ReceiptRequest { digest })?;
        let _: ArchiveRecord = self.call(Method::POST, &tail, "", body).await?;
        Ok(())
    }

    pub async fn create_upload(&self, file_name: &str, size: u64) -> Result<UploadInfo> {
        let file_name = file_name.to_owned();
        let body = json(&CreateUploadRequestBody { file_name, size })?;
        self.call(Method::POST, "assets/entrepot/uploads", "", body)
            .await
    }

    pub async fn get_upload(&self, upload_id: &str) -> Result<UploadInfo> {
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
        put_streamed(&self.api, url, body).await.map(|_| ())
    }

    /// Begins the import of a package that has arrived; answers the job.
    pub async fn import(&self, upload_id: &str, query: &str) -> Result<String> {
        let tail = format!("assets/entrepot/uploads/{}/import", id(upload_id)?);
        let begun: ImportAssetResponse = self.call(Method::POST, &tail, query, Vec::new()).await?;
        Ok(begun.job_id)
    }
}
