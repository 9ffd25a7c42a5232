//! A file of an asset as the server keeps it.

use crate::clock::Timestamp;
use crate::ids::{AssetId, BlobId, FileId, ProjectId};

#[derive(Debug, Clone)]
pub struct File {
    pub file_id: FileId,
    pub asset_id: AssetId,
    pub project_id: ProjectId,
    /// A label: never used as a path.
    pub name: String,
    /// The suffix as declared.
    pub file_type: String,
    pub category: Category,
    pub state: FileState,
    /// Base64 MD5; files sent in parts declare none.
    pub declared_md5: Option<String>,
    /// Bytes.
    pub declared_size: Option<i64>,
    /// `None` for a file sent by one PUT.
    pub part_count: Option<i64>,
    pub blob_id: Option<BlobId>,
    pub reason: Option<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl File {
    pub fn is_main(&self) -> bool {
        self.category == Category::Main
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FileState {
    /// Waiting for its bytes, or for `complete`.
    Creating,
    /// Complete, being hashed.
    Uploaded,
    Created,
    Failed,
    Cancelled,
    Deleted,
}

impl FileState {
    pub const ALL: [FileState; 6] = [
        FileState::Creating,
        FileState::Uploaded,
        FileState::Created,
        FileState::Failed,
        FileState::Cancelled,
        FileState::Deleted,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            FileState::Creating => "CREATING",
            FileState::Uploaded => "UPLOADED",
            FileState::Created => "CREATED",
            FileState::Failed => "FAILED",
            FileState::Cancelled => "CANCELLED",
            FileState::Deleted => "DELETED",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// What a file is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Category {
    Main,
    Cover,
    Page,
    Sample,
    Other,
    Temporary,
    Package,
}

impl Category {
    pub const ALL: [Category; 7] = [
        Category::Main,
        Category::Cover,
        Category::Page,
        Category::Sample,
        Category::Other,
        Category::Temporary,
        Category::Package,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Category::Main => "MAIN",
            Category::Cover => "COVER",
            Category::Page => "PAGE",
            Category::Sample => "SAMPLE",
            Category::Other => "OTHER",
            Category::Temporary => "TEMPORARY",
            Category::Package => "PACKAGE",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|c| c.as_str() == text)
    }
}
