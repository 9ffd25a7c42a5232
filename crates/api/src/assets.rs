//! Digital assets: bodies and answers of `/v1/{project_id}/digital-assets…`.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
#[cfg(feature = "openapi")]
use utoipa::ToSchema;

use crate::files::AssetFileInfo;

/// Body of `POST /v1/{project_id}/digital-assets`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct CreateDigitalAssetRequestBody {
    /// 1 to 256 characters.
    pub asset_name: String,
    /// 0 to 4096 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asset_description: Option<String>,
    /// HUMAN_MODEL, VOICE_MODEL, SCENE, ANIMATION, VIDEO, IMAGE, PPT, MATERIAL, NORMAL_MODEL,
    /// COMMON_FILE, HUMAN_MODEL_2D, BUSINESS_CARD_TEMPLET, MUSIC or AUDIO.
    pub asset_type: String,
    /// At most 50 tags of 1 to 128 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<String>>,
    /// At most 50 entries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system_properties: Option<Vec<SystemProperty>>,
    /// What is known of the media, by kind (`image_meta`, `voice_model_meta`, …).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub asset_extra_meta: Option<Map<String, Value>>,
    /// VIDEO only; false by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_need_generate_cover: Option<bool>,
    /// 0 to 32767.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asset_order: Option<i64>,
    /// At most 10 of VIDEO_2D, LIVE_2D, CHAT_2D.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supported_service: Option<Vec<String>>,
    /// Not supported yet: refused when present.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub shared_config: Option<Value>,
    /// Not supported yet: refused when present.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub review_config: Option<Value>,
    /// Not supported yet: refused when present.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub auto_operation_config: Option<Value>,
}

/// Body of `PUT /v1/{project_id}/digital-assets/{asset_id}`; what is absent stays as it is.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct UpdateDigitalAssetRequestBody {
    /// 1 to 256 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asset_name: Option<String>,
    /// 0 to 4096 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asset_description: Option<String>,
    /// Only while the asset has no files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asset_type: Option<String>,
    /// UNACTIVED, ACTIVED or WAITING_DELETE.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asset_state: Option<String>,
    /// Replaces all tags: at most 50 of 1 to 128 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<String>>,
    /// At most 50 entries, each added or deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system_properties: Option<Vec<SystemProperty>>,
    /// Replaces the kinds of metadata that it names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub asset_extra_meta: Option<Map<String, Value>>,
    /// 0 to 32767.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asset_order: Option<i64>,
    /// Replaces all: at most 10 of VIDEO_2D, LIVE_2D, CHAT_2D.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supported_service: Option<Vec<String>>,
    /// Not supported yet: refused when present.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub shared_config: Option<Value>,
    /// Not supported yet: refused when present.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub review_config: Option<Value>,
    /// Not supported yet: refused when present.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub auto_operation_config: Option<Value>,
    /// Not supported yet: refused when present.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asset_owner: Option<String>,
}

/// A property that services act on, such as `BACKGROUND_IMG` = `Yes`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct SystemProperty {
    /// ADD (the default) or DELETE; only in requests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    pub key: String,
    /// 1 to 1024 characters; for DELETE it may be left out and then means any value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct CreateDigitalAssetResponse {
    pub asset_id: String,
}

/// An asset with all that is known of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct DigitalAssetInfo {
    pub project_id: String,
    pub asset_id: String,
    pub asset_name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asset_description: Option<String>,
    /// Third-party user id, from `X-App-UserId` at creation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app_user_id: Option<String>,
    /// `2021-10-30T12:30:35Z`
    pub create_time: String,
    /// `2021-10-30T12:30:35Z`
    pub update_time: String,
    pub asset_type: String,
    /// CREATING, FAILED, UNACTIVED, ACTIVED, DELETING, DELETED, BLOCK or WAITING_DELETE.
    pub asset_state: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub block_reason_code: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    #[serde(default)]
    pub tags: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub asset_extra_meta: Option<Map<String, Value>>,
    #[serde(default)]
    pub system_properties: Vec<SystemProperty>,
    #[serde(default)]
    pub files: Vec<AssetFileInfo>,
    pub asset_order: i64,
    #[serde(default)]
    pub supported_service: Vec<String>,
    /// Extension: grows with every change of the asset.
    #[serde(default)]
    pub entrepot_version: i64,
}

/// Answer of `GET /v1/{project_id}/digital-assets`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct ListAssetsResponse {
    /// All that match, not only those of this page; exact.
    pub count: i64,
    pub assets: Vec<DigitalAssetInfo>,
}

/// Body of `POST /v1/{project_id}/digital-assets/summarys`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct ListAssetSummarysReq {
    /// 1 to 1000 ids.
    pub asset_ids: Vec<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct ListAssetSummarysResponse {
    /// In the order of the request; unknown ids are left out, a repeated one is answered once.
    pub asset_list: Vec<DigitalAssetSummary>,
}

/// The short form of an asset.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct DigitalAssetSummary {
    pub asset_id: String,
    pub asset_name: String,
    pub asset_state: String,
    pub asset_type: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub block_reason_code: Option<String>,
    /// Signed; only for UNACTIVED, ACTIVED and WAITING_DELETE.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cover_url: Option<String>,
    /// Signed; only for UNACTIVED, ACTIVED and WAITING_DELETE.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thumbnail_url: Option<String>,
}

/// Body of `POST /v1/{project_id}/digital-assets/batch-action`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct BatchAssetActionReq {
    /// DELETE, DELETE_FORCE, RESTORE, UNACTIVE, ACTIVE, SHARE or UNSHARE.
    pub action: String,
    /// 1 to 100 ids.
    pub asset_ids: Vec<String>,
    /// 0 to 4096 characters; no action uses it yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub params: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct BatchAssetActionResponse {
    pub results: Vec<AssetActionResult>,
}

/// The assets of a batch that had the same outcome.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct AssetActionResult {
    /// SUCCESS or FAILED.
    pub ret_status: String,
    pub asset_ids: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_info: Option<ErrorResponse>,
}

/// An error of the `/v1` family.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct ErrorResponse {
    pub error_code: String,
    pub error_msg: String,
}
