//! What is made of which assets.

use entrepot_media::task::Family;

use crate::assets::AssetType;
use crate::ids::{AssetId, FileId};

/// What the main file of an asset must be; `None` for types that nothing is made of.
pub fn family_of(kind: AssetType) -> Option<Family> {
    match kind {
        AssetType::Image => Some(Family::Picture),
        AssetType::Video => Some(Family::Film),
        AssetType::Audio | AssetType::Music => Some(Family::Sound),
        AssetType::Ppt => Some(Family::Deck),
        AssetType::HumanModel
        | AssetType::VoiceModel
        | AssetType::Scene
        | AssetType::Animation
        | AssetType::Material
        | AssetType::NormalModel
        | AssetType::CommonFile
        | AssetType::HumanModel2d
        | AssetType::BusinessCardTemplet => None,
    }
}

/// What became of the thumbnail of an asset's main file.
#[derive(Debug, Clone)]
pub struct Preview {
    pub asset_id: AssetId,
    /// Part of its URL: a new one for each that is made.
    pub id: String,
    /// The main file that it was made of.
    pub file_id: FileId,
    pub outcome: Outcome,
}

#[derive(Debug, Clone)]
pub enum Outcome {
    Ready(Stored),
    /// A code of `reasons` and a sentence.
    None {
        code: String,
        message: String,
    },
}

/// Both forms of a picture in one stored object: WebP first, JPEG after it.
#[derive(Debug, Clone)]
pub struct Stored {
    pub storage_key: String,
    pub webp_size: u64,
    /// 0 where the JPEG is a file of the asset.
    pub jpeg_size: u64,
}
