//! Tickets issued here, and copies that come here.

use crate::clock::Timestamp;
use crate::ids::{AssetId, ProjectId};

/// How far a copy is; see `docs/API.md` for what each state means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CopyState {
    /// Of a ticket only: not presented yet, as far as is known.
    Issued,
    Waiting,
    Copying,
    Done,
    Failed,
    Cancelled,
    /// A newer ticket took its place before it was done.
    Replaced,
}

impl CopyState {
    pub const ALL: [CopyState; 7] = [
        CopyState::Issued,
        CopyState::Waiting,
        CopyState::Copying,
        CopyState::Done,
        CopyState::Failed,
        CopyState::Cancelled,
        CopyState::Replaced,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            CopyState::Issued => "ISSUED",
            CopyState::Waiting => "WAITING",
            CopyState::Copying => "COPYING",
            CopyState::Done => "DONE",
            CopyState::Failed => "FAILED",
            CopyState::Cancelled => "CANCELLED",
            CopyState::Replaced => "REPLACED",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }

    pub fn is_under_way(self) -> bool {
        matches!(self, CopyState::Waiting | CopyState::Copying)
    }
}

/// How far, in numbers; what one region tells the other.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Progress {
    pub bytes_done: u64,
    /// 0 until the manifest is there.
    pub bytes_total: u64,
    /// Not transferred, because the project has them.
    pub bytes_held: u64,
    /// Bytes a second.
    pub rate: u64,
    pub attempts: u64,
    pub error_code: Option<String>,
    pub error: Option<String>,
    pub next_try_at: Option<Timestamp>,
}

/// A ticket that was issued here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    pub ticket_id: String,
    pub project_id: ProjectId,
    pub asset_id: AssetId,
    pub asset_name: String,
    pub version: i64,
    /// Of the manifest.
    pub digest: String,
    pub key_id: String,
    /// The region that it is for: the one that shares the key.
    pub peer: String,
    pub to_project: Option<String>,
    pub issued_by: String,
    pub issued_at: Timestamp,
    pub expires_at: Timestamp,
    /// When the peer last came with it.
    pub used_at: Option<Timestamp>,
    pub revoked_at: Option<Timestamp>,
    /// What the peer has told.
    pub state: CopyState,
    pub revision: i64,
    pub progress: Progress,
    pub updated_at: Timestamp,
    pub finished_at: Option<Timestamp>,
}

/// A copy that comes here, by the ticket that brings it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copy {
    /// The ticket's id.
    pub copy_id: String,
    pub project_id: ProjectId,
    pub asset_id: AssetId,
    pub asset_name: String,
    /// The region that it comes from.
    pub peer: String,
    pub key_id: String,
    /// Of the asset there.
    pub version: i64,
    /// Of the manifest.
    pub digest: String,
    pub expires_at: Timestamp,
    /// The bytes come by hand, not over the network.
    pub by_hand: bool,
    /// An earlier copy is here and stays as it is until this one is whole.
    pub is_update: bool,
    pub state: CopyState,
    pub progress: Progress,
    /// Attempts since the last byte came.
    pub stalled: u64,
    /// The version of the asset here after the copy was applied.
    pub local_version: Option<i64>,
    pub created_by: String,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub finished_at: Option<Timestamp>,
    /// Grows with every change.
    pub revision: i64,
}
