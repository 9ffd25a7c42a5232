//! Asset packages: bodies and answers of `/v2/{project_id}/instances/{instance_id}/assets/…`.

use serde::{Deserialize, Serialize};
#[cfg(feature = "openapi")]
use utoipa::ToSchema;

/// Body of `POST …/assets/export` and `…/assets/delete`: 1 to 100 items in all.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct AssetOperateRequest {
    #[serde(default)]
    pub apps: Vec<AppItem>,
    #[serde(default)]
    pub tasks: Vec<TaskItem>,
}

/// An application: `{"id": …}`, `{"app_id": …}` or its id alone.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[serde(untagged)]
pub enum AppItem {
    Object {
        /// At most 64 characters.
        #[serde(alias = "app_id")]
        id: String,
    },
    Id(String),
}

/// A task: `{"id": …}`, `{"task_id": …}` or its id alone.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[serde(untagged)]
pub enum TaskItem {
    Object {
        /// At most 64 characters.
        #[serde(alias = "task_id")]
        id: String,
    },
    Id(String),
}

impl AppItem {
    #[must_use]
    pub fn into_id(self) -> String {
        match self {
            Self::Object { id } | Self::Id(id) => id,
        }
    }
}

impl TaskItem {
    #[must_use]
    pub fn into_id(self) -> String {
        match self {
            Self::Object { id } | Self::Id(id) => id,
        }
    }
}

/// Answer of a call that began a job.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct AssetJobResponse {
    pub job_id: String,
}

/// Answer of `GET …/assets/jobs/{job_id}`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct AssetJobInfo {
    pub id: String,
    /// exportAsset, importAsset or deleteAsset.
    #[serde(rename = "type")]
    pub job_type: String,
    /// RUNNING, SUCCEEDED or FAILED.
    pub status: String,
    /// Why items failed, at most 10; empty otherwise.
    #[serde(default)]
    pub reasons: Vec<AssetJobReason>,
    /// The same once more, by the name that examples show.
    #[serde(default)]
    pub reason: Vec<AssetJobReason>,
    /// 0 to 1.
    pub progress_percent: f64,
    /// Of an export that succeeded: the package to download.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archive_id: Option<String>,
    /// `2019-12-06T06:49:04Z`
    pub begin_time: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_time: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct AssetJobReason {
    /// application or task.
    pub resource_type: String,
    /// A name, or the id where no name is known; 1 to 64 characters.
    pub resource_name: String,
    pub error_code: String,
    /// 1 to 64 characters.
    pub error_msg: String,
}
