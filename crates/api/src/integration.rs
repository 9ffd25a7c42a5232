//! Instances, applications and tasks: bodies and answers of `/v2/{project_id}/instances…` and
//! `/v2/{project_id}/fdi/instances…`.

use serde::{Deserialize, Serialize};
#[cfg(feature = "openapi")]
use utoipa::ToSchema;

/// A page of instances.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct ListInstancesResponse {
    /// How many there are in all.
    pub total: i64,
    /// How many this page has.
    pub size: i64,
    pub instances: Vec<InstanceInfo>,
}

/// An integration workspace of a project.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct InstanceInfo {
    pub id: String,
    pub name: String,
    pub description: String,
    /// RUNNING.
    pub status: String,
    pub project_id: String,
    /// `2019-12-06T06:49:04Z`
    pub create_time: String,
    /// `2019-12-06T06:49:04Z`
    pub update_time: String,
}

/// Body of `POST /v2/{project_id}/instances/{instance_id}/apps`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct CreateAppRequestBody {
    /// 1 to 256 characters: letters, digits, hyphens, underscores, dots, spaces and parentheses.
    /// Unique in the instance.
    pub name: String,
    /// 0 to 255 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remark: Option<String>,
    /// 3 to 200 characters: letters, digits, hyphens, underscores, dots and @, beginning with a
    /// letter or digit. Unique in the instance; random when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// 8 to 128 ASCII letters, digits and punctuation; random when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    /// Whether it comes first in lists; false by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub favorite: Option<bool>,
}

/// Body of `PUT …/apps/{app_id}`; what is absent stays as it is.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct UpdateAppRequestBody {
    /// As at creation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// 0 to 255 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remark: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub favorite: Option<bool>,
}

/// An application. Its secret is answered by the calls for the secret only.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct AppInfo {
    pub id: String,
    pub name: String,
    pub remark: String,
    /// What the caller may do with it: of read, access, delete, modify, admin.
    pub roles: Vec<String>,
    /// `2019-12-06T06:49:04Z`
    pub create_time: String,
    /// `2019-12-06T06:49:04Z`
    pub update_time: String,
    pub created_user: AppUser,
    pub last_updated_user: AppUser,
    /// Whether the caller created it.
    pub owner: bool,
    pub key: String,
    pub favorite: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct AppUser {
    pub user_id: String,
    pub user_name: String,
}

/// A page of applications.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct ListAppsResponse {
    /// How many match in all.
    pub total: i64,
    /// How many this page has.
    pub size: i64,
    pub apps: Vec<AppInfo>,
}

/// What is said of an application to those who only ask whether it is there.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct ValidateAppResponse {
    pub id: String,
    pub name: String,
    pub remark: String,
}

/// Body of `PUT …/apps/{app_id}/secret`; it may be left out.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct UpdateAppSecretRequestBody {
    /// 8 to 128 ASCII letters, digits and punctuation; random when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct AppSecretResponse {
    /// The application's id.
    pub id: String,
    pub secret: String,
}

/// Digital assets by their ids.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct AppAssetsRequestBody {
    /// 1 to 1000 ids of the project's digital assets.
    pub asset_ids: Vec<String>,
}

/// What attaching did.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct AttachAssetsResponse {
    /// How many of those named were not attached before.
    pub attached: u64,
    /// How many the application has now.
    pub total: i64,
}

/// What detaching did.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct DetachAssetsResponse {
    /// How many of those named were attached.
    pub detached: u64,
    /// How many the application has now.
    pub total: i64,
}

/// A page of the digital assets of an application.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct ListAppAssetsResponse {
    /// How many there are in all.
    pub total: i64,
    /// How many this page has.
    pub size: i64,
    pub assets: Vec<AppAsset>,
}

/// A digital asset of an application.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct AppAsset {
    pub asset_id: String,
    pub asset_name: String,
    pub asset_type: String,
    pub asset_state: String,
    /// `2019-12-06T06:49:04Z`
    pub attached_at: String,
}

/// Body that creates or updates a task.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct TaskRequestBody {
    pub task: TaskFields,
    /// A JSON text of at most 1 MiB, kept and given back as it is.
    pub task_detail: String,
}

/// What its author says of a task.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct TaskFields {
    /// 1 to 100 characters: letters, digits, dots, underscores, hyphens and spaces, beginning with
    /// a letter or digit. Unique in the instance.
    pub task_name: String,
    /// REALTIME or TIMING.
    pub task_type: String,
    /// 1 to 64 characters.
    pub source_datasource_id: String,
    /// 1 to 64 characters.
    pub target_datasource_id: String,
    /// 0 to 1024 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// 0 to 64 letters, digits, hyphens and underscores.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_tag: Option<String>,
}

/// A task with its definition.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct TaskResponse {
    pub task: TaskInfo,
    /// The JSON text as it was sent.
    pub task_detail: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct TaskInfo {
    pub task_id: String,
    pub task_name: String,
    /// realtime or timing.
    pub task_type: String,
    /// stop: nothing runs tasks here.
    pub status: String,
    pub project_id: String,
    pub source_datasource_id: String,
    pub target_datasource_id: String,
    /// Unix milliseconds.
    pub created_date: i64,
    /// Unix milliseconds.
    pub last_modified_date: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_tag: Option<String>,
}

/// A page of tasks.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct ListTasksResponse {
    /// How many match in all.
    pub total: i64,
    /// How many this page has.
    pub size: i64,
    pub entities: Vec<BriefTask>,
}

/// A task as a list shows it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct BriefTask {
    pub task_id: String,
    pub task_name: String,
    /// REALTIME or TIMING.
    pub task_type: String,
    /// 0, stopped.
    pub status: i64,
    /// `2019-12-06T06:49:04Z`
    pub created_date: String,
    /// Unix milliseconds.
    pub last_modified_time: i64,
    /// UNSTARTED.
    pub execute_status: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_tag: Option<String>,
}

/// An error of the `/v2` family.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct RomaErrorResponse {
    pub error_code: String,
    /// At most 128 characters.
    pub error_msg: String,
    /// The whole sentence.
    pub error_details: String,
    pub request_id: String,
}
