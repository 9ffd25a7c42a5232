//! Instances, applications and tasks as the server keeps them.

use crate::assets::{AssetState, AssetType};
use crate::clock::Timestamp;
use crate::ids::{AppId, AssetId, InstanceId, ProjectId, TaskId, UserId};

/// An integration workspace of a project.
#[derive(Debug, Clone)]
pub struct Instance {
    pub instance_id: InstanceId,
    pub project_id: ProjectId,
    /// Unique in the project.
    pub name: String,
    pub description: String,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// An application of an instance; its secret is kept apart.
#[derive(Debug, Clone)]
pub struct Application {
    pub app_id: AppId,
    pub instance_id: InstanceId,
    /// Unique in the instance.
    pub name: String,
    pub remark: String,
    /// Unique in the instance.
    pub key: String,
    pub favorite: bool,
    pub created_by: UserRef,
    pub updated_by: UserRef,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// Who did something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserRef {
    pub user_id: UserId,
    /// Read with the row; writing goes by the id.
    pub name: String,
}

/// A data-integration definition; nothing runs it here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    pub task_id: TaskId,
    pub instance_id: InstanceId,
    /// Unique in the instance.
    pub name: String,
    pub task_type: TaskType,
    pub description: Option<String>,
    pub tag: Option<String>,
    pub source_datasource_id: String,
    pub target_datasource_id: String,
    /// A JSON text, given back byte for byte.
    pub detail: String,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaskType {
    Realtime,
    Timing,
}

impl TaskType {
    /// The word in answers, in packages and in the database; requests may have it in capitals.
    pub fn as_str(self) -> &'static str {
        match self {
            TaskType::Realtime => "realtime",
            TaskType::Timing => "timing",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [TaskType::Realtime, TaskType::Timing]
            .into_iter()
            .find(|kind| kind.as_str().eq_ignore_ascii_case(text))
    }
}

/// A digital asset of an application, as a list shows it.
#[derive(Debug, Clone)]
pub struct Attached {
    pub asset_id: AssetId,
    pub name: String,
    pub asset_type: AssetType,
    pub state: AssetState,
    pub attached_at: Timestamp,
}
