//! Packages that can be downloaded once: bodies and answers of the calls beside the download.

use serde::{Deserialize, Serialize};
#[cfg(feature = "openapi")]
use utoipa::ToSchema;

/// Body of `POST …/archives/{archive_id}/entrepot/receipt`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct ReceiptRequest {
    /// The digest that was computed over the package that arrived, as in its `ETag` without the
    /// quotes: 64 hexadecimal digits in lower case.
    pub digest: String,
}

/// What became of a package; the answer to a receipt, too.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct ArchiveRecord {
    pub archive_id: String,
    /// The export that made it.
    pub job_id: String,
    /// `READY`, `LEASED`, `CONSUMED` or `EXPIRED`
    pub state: String,
    pub file_name: String,
    /// In bytes.
    pub size: u64,
    /// 64 hexadecimal digits.
    pub digest: String,
    pub entry_count: u64,
    /// Times are RFC 3339.
    pub created_at: String,
    /// Until then somebody must have begun to download it.
    pub expires_at: String,
    /// Who began to download it, and is the only one who may.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holder: Option<ArchiveHolder>,
    /// Whether it is used up by a receipt, not by the last byte's arrival.
    pub receipt_required: bool,
    /// How many downloads were begun.
    pub deliveries: u64,
    /// Whether one is under way.
    pub delivering: bool,
    /// In all of them together.
    pub sent_bytes: u64,
    /// When it was delivered or given up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct ArchiveHolder {
    pub user_id: String,
    pub user_name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    pub leased_at: String,
    /// Until then they must have it whole.
    pub lease_until: String,
}

/// What is inside a package.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct ArchiveContents {
    /// All entries.
    pub total: u64,
    /// Those of this page, in the archive's order.
    pub entries: Vec<ArchiveEntry>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct ArchiveEntry {
    pub path: String,
    /// Unpacked, in bytes.
    pub size: u64,
    /// 8 hexadecimal digits.
    pub crc32: String,
    /// Of a file of an asset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asset_id: Option<String>,
}
