//! Importing packages: answers of `/v2/{project_id}/instances/{instance_id}/assets/import` and of
//! the calls around it.

use serde::{Deserialize, Serialize};
#[cfg(feature = "openapi")]
use utoipa::ToSchema;

/// The form of an import: one file. The part may have any name.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct ImportAssetForm {
    /// The package; the file's name ends in `.zip`.
    #[cfg_attr(feature = "openapi", schema(rename = "ImportAssetRequestBody", value_type = String, format = Binary))]
    pub import_asset_request_body: Vec<u8>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct ImportAssetResponse {
    pub job_id: String,
}

/// Body of `POST …/assets/entrepot/uploads`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct CreateUploadRequestBody {
    /// Ends in `.zip`; letters, digits, `+`, `-` and `_` before that.
    pub file_name: String,
    /// Of the whole package, in bytes.
    pub size: u64,
}

/// A package on its way in.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct UploadInfo {
    pub upload_id: String,
    pub file_name: String,
    /// Of the whole package, in bytes.
    pub size: u64,
    /// Where to go on: so many bytes from the beginning are stored.
    pub offset: u64,
    /// RECEIVING, RECEIVED (all of it is there), IMPORTING or IMPORTED.
    pub state: String,
    /// Of its import, once that has begun.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job_id: Option<String>,
    /// `2019-12-06T06:49:04Z`
    pub create_time: String,
    /// `2019-12-06T06:49:04Z`
    pub update_time: String,
}

/// A page of what became of a package's items.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct ListImportItemsResponse {
    /// How many items the import has dealt with by now.
    pub total: i64,
    /// How many this page has.
    pub size: i64,
    pub items: Vec<ImportItem>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct ImportItem {
    /// application, task, asset or file.
    pub kind: String,
    /// The id in the package.
    pub old_id: String,
    /// The id here; absent where the item failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new_id: Option<String>,
    /// As it is here.
    pub name: String,
    /// added, updated, unchanged or failed.
    pub outcome: String,
}
