//! An asset as the server keeps it.

use entrepot_api::assets::SystemProperty;
use serde_json::{Map, Value};

use super::state::{AssetState, Standing};
use crate::clock::Timestamp;
use crate::ids::{AssetId, ProjectId};

#[derive(Debug, Clone, PartialEq)]
pub struct Asset {
    pub asset_id: AssetId,
    pub project_id: ProjectId,
    /// Grows with every change.
    pub version: i64,
    /// Part of every signed URL: growing it kills the links that are out.
    pub url_epoch: i64,
    pub name: String,
    pub description: Option<String>,
    pub asset_type: AssetType,
    pub standing: Standing,
    pub app_user_id: Option<String>,
    pub order: i64,
    pub needs_cover: bool,
    pub block_reason_code: Option<String>,
    pub reason: Option<String>,
    pub tags: Vec<String>,
    pub properties: Vec<SystemProperty>,
    pub services: Vec<String>,
    pub extra_meta: Option<Map<String, Value>>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// When it went into the recycle bin or was deleted for good.
    pub deleted_at: Option<Timestamp>,
}

impl Asset {
    pub fn state(&self) -> AssetState {
        self.standing.state
    }
}

/// What kind of media an asset is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AssetType {
    HumanModel,
    VoiceModel,
    Scene,
    Animation,
    Video,
    Image,
    Ppt,
    Material,
    NormalModel,
    CommonFile,
    HumanModel2d,
    BusinessCardTemplet,
    Music,
    Audio,
}

impl AssetType {
    pub const ALL: [AssetType; 14] = [
        AssetType::HumanModel,
        AssetType::VoiceModel,
        AssetType::Scene,
        AssetType::Animation,
        AssetType::Video,
        AssetType::Image,
        AssetType::Ppt,
        AssetType::Material,
        AssetType::NormalModel,
        AssetType::CommonFile,
        AssetType::HumanModel2d,
        AssetType::BusinessCardTemplet,
        AssetType::Music,
        AssetType::Audio,
    ];

    /// The word on the wire and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            AssetType::HumanModel => "HUMAN_MODEL",
            AssetType::VoiceModel => "VOICE_MODEL",
            AssetType::Scene => "SCENE",
            AssetType::Animation => "ANIMATION",
            AssetType::Video => "VIDEO",
            AssetType::Image => "IMAGE",
            AssetType::Ppt => "PPT",
            AssetType::Material => "MATERIAL",
            AssetType::NormalModel => "NORMAL_MODEL",
            AssetType::CommonFile => "COMMON_FILE",
            AssetType::HumanModel2d => "HUMAN_MODEL_2D",
            // the wire's spelling
            AssetType::BusinessCardTemplet => "BUSINESS_CARD_TEMPLET",
            AssetType::Music => "MUSIC",
            AssetType::Audio => "AUDIO",
        }
    }

    /// Takes the English page's spelling of the business card too.
    pub fn parse(text: &str) -> Option<Self> {
        if text == "BUSINESS_CARD_TEMPLATE" {
            return Some(AssetType::BusinessCardTemplet);
        }
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}
