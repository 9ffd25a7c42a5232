//! Asset jobs and archives as the server keeps them.

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::ids::{ArchiveId, AssetJobId, InstanceId, ProjectId, UserId};

/// An export, import or delete as its caller sees it.
#[derive(Debug, Clone)]
pub struct AssetJob {
    pub job_id: AssetJobId,
    pub project_id: ProjectId,
    pub instance_id: InstanceId,
    pub user_id: UserId,
    pub job_type: AssetJobType,
    pub status: AssetJobStatus,
    pub reasons: Vec<Reason>,
    /// Of an export that succeeded.
    pub archive_id: Option<ArchiveId>,
    pub begin_at: Timestamp,
    pub end_at: Option<Timestamp>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AssetJobType {
    Export,
    Import,
    Delete,
}

impl AssetJobType {
    pub const ALL: [AssetJobType; 3] = [
        AssetJobType::Export,
        AssetJobType::Import,
        AssetJobType::Delete,
    ];

    /// The word on the wire and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            AssetJobType::Export => "exportAsset",
            AssetJobType::Import => "importAsset",
            AssetJobType::Delete => "deleteAsset",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AssetJobStatus {
    Running,
    Succeeded,
    Failed,
}

impl AssetJobStatus {
    pub const ALL: [AssetJobStatus; 3] = [
        AssetJobStatus::Running,
        AssetJobStatus::Succeeded,
        AssetJobStatus::Failed,
    ];

    /// The word on the wire and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            AssetJobStatus::Running => "RUNNING",
            AssetJobStatus::Succeeded => "SUCCEEDED",
            AssetJobStatus::Failed => "FAILED",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }
}

/// Why an item of a job failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    pub resource_type: ResourceType,
    /// A name, or the id where no name is known; 1 to 64 characters.
    pub resource_name: String,
    pub error_code: String,
    /// 1 to 64 characters.
    pub error_msg: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ResourceType {
    Application,
    Task,
}

impl ResourceType {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            ResourceType::Application => "application",
            ResourceType::Task => "task",
        }
    }
}

/// The most reasons that an answer has.
const REASONS: usize = 10;
/// The longest name and message of a [`Reason`].
const REASON_TEXT: usize = 64;

impl Reason {
    pub fn new(resource_type: ResourceType, name: &str, error_code: &str, message: &str) -> Self {
        Self {
            resource_type,
            resource_name: cut(name),
            error_code: error_code.to_owned(),
            error_msg: cut(message),
        }
    }
}

/// As many reasons as an answer has; the last one says how many are left out.
pub fn few(mut reasons: Vec<Reason>) -> Vec<Reason> {
    let rest = reasons.len().saturating_sub(REASONS);
    reasons.truncate(REASONS);
    if rest > 0
        && let Some(last) = reasons.last_mut()
    {
        last.error_msg = format!("this item and {rest} more failed");
    }
    reasons
}

fn cut(text: &str) -> String {
    if text.chars().count() <= REASON_TEXT {
        return text.to_owned();
    }
    let mut cut: String = text.chars().take(REASON_TEXT - 1).collect();
    cut.push('…');
    cut
}

/// A package that can be downloaded once; afterwards the record of who got it.
#[derive(Debug, Clone)]
pub struct Archive {
    pub archive_id: ArchiveId,
    pub project_id: ProjectId,
    pub instance_id: InstanceId,
    pub job_id: AssetJobId,
    pub state: ArchiveState,
    /// What the importer takes as a file's name.
    pub file_name: String,
    /// Bytes.
    pub size: u64,
    /// The package's digest, hexadecimal; see `docs/PACKAGE-FORMAT.md`.
    pub digest: String,
    pub entry_count: u64,
    /// The stored object with all that is not users' bytes; gone when the archive's life is over.
    pub layout_key: Option<String>,
    /// Where in it the table of pieces begins.
    pub table_at: u64,
    pub piece_count: u64,
    /// Where in the archive the central directory begins.
    pub directory_at: u64,
    pub created_by: UserId,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    pub lease: Option<Lease>,
    pub receipt_required: bool,
    pub delivery: Delivery,
    /// So many bytes from the beginning have been sent to the holder.
    pub covered: u64,
    /// In all deliveries together.
    pub sent_bytes: u64,
    /// When it was delivered, or given up.
    pub ended_at: Option<Timestamp>,
}

/// Whose an archive is from its first download on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    pub holder_id: UserId,
    pub holder_name: String,
    pub holder_address: Option<String>,
    pub leased_at: Timestamp,
    pub until: Timestamp,
}

/// The latest attempt at sending an archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delivery {
    /// Counts from 1; 0 before the first one.
    pub number: i64,
    /// Until then it may send without saying so again; `None` when it has ended.
    pub until: Option<Timestamp>,
    /// The range of the archive that it sends.
    pub from: u64,
    pub to: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArchiveState {
    /// Waits for its first caller.
    Ready,
    /// Belongs to the caller who began to download it.
    Leased,
    /// Delivered.
    Consumed,
    /// Given up.
    Expired,
}

impl ArchiveState {
    pub const ALL: [ArchiveState; 4] = [
        ArchiveState::Ready,
        ArchiveState::Leased,
        ArchiveState::Consumed,
        ArchiveState::Expired,
    ];

    /// The word in answers and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            ArchiveState::Ready => "READY",
            ArchiveState::Leased => "LEASED",
            ArchiveState::Consumed => "CONSUMED",
            ArchiveState::Expired => "EXPIRED",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}
