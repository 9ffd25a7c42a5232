//! Files of assets: bodies and answers of `/v1/{project_id}/files…` and `…/large-files`.

use serde::{Deserialize, Serialize};
#[cfg(feature = "openapi")]
use utoipa::ToSchema;

/// Body of `POST /v1/{project_id}/files`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct FilesCreateReq {
    /// 1 to 256 characters, a label only.
    pub file_name: String,
    /// Base64 of the MD5 of the bytes: 24 characters.
    pub file_md5: String,
    /// 1 to 5368709120 bytes.
    pub file_size: i64,
    /// Suffix such as `mp4`, 1 to 64 characters.
    pub file_type: String,
    pub asset_id: String,
    /// MAIN, COVER, PAGE, SAMPLE, OTHER, TEMPORARY or PACKAGE.
    pub asset_file_category: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct CreateFileResponse {
    pub file_id: String,
    /// Signed for 24 h: PUT the bytes with the declared `Content-MD5` and `Content-Type`.
    pub upload_url: String,
}

/// Body of `POST /v1/{project_id}/large-files`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct LargeFilesCreateReq {
    /// 1 to 256 characters, a label only.
    pub file_name: String,
    /// Suffix such as `mp4`, 1 to 64 characters.
    pub file_type: String,
    pub asset_id: String,
    /// MAIN, OTHER or PACKAGE.
    pub asset_file_category: String,
    /// 1 to 536870912000 bytes; where given, the parts must add up to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_size: Option<i64>,
    /// 1 to 100, 1 by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_multipart_count: Option<i64>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct CreateLargeFileResponse {
    pub file_id: String,
    /// One signed URL a part, in order; each may be used again, in any order, until `complete`.
    pub upload_urls: Vec<String>,
}

/// Answer of the extension `POST /v1/{project_id}/entrepot/files/{file_id}/part-urls`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct PartUrlsResponse {
    pub file_id: String,
    /// One freshly signed URL a part, in order.
    pub upload_urls: Vec<String>,
    /// Parts that have arrived: an upload that was cut goes on with the others.
    pub parts: Vec<UploadedPart>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct UploadedPart {
    /// From 1.
    pub part_number: i64,
    /// Bytes.
    pub size: i64,
    /// Hexadecimal MD5, the part's `ETag`.
    pub etag: String,
}

/// Body of `POST /v1/{project_id}/files/{file_id}/complete`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct ConfirmFileUploadRequestBody {
    /// CREATED, FAILED or CANCELLED.
    pub state: String,
}

/// A file of an asset.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct AssetFileInfo {
    pub file_id: String,
    pub file_name: String,
    /// Base64 MD5; absent for a file sent in parts until it has been hashed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_md5: Option<String>,
    /// Bytes; absent where it is not known yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_size: Option<i64>,
    pub file_type: String,
    pub asset_file_category: String,
    /// Signed, in windows of some hours, for at least 24 h; only while the bytes may be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub download_url: Option<String>,
    /// CREATING, UPLOADED, CREATED, FAILED or CANCELLED.
    pub state: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Extension: hexadecimal SHA-256, once known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entrepot_sha256: Option<String>,
    /// Extension: how far the server is with a file that was sent in parts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entrepot_progress: Option<FileProgress>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct FileProgress {
    /// QUEUED, RUNNING or FAILED.
    pub state: String,
    pub bytes_done: i64,
    pub bytes_total: i64,
    /// Why the last attempt failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}
