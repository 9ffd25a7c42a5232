//! What an asset's fields may hold; shared by creating and updating.

use entrepot_api::assets::SystemProperty;
use serde_json::{Map, Value};

use super::model::AssetType;
use crate::error::{Error, ErrorCode, Result};

const MAX_TAGS: usize = 50;
const MAX_PROPERTIES: usize = 50;
const MAX_SERVICES: usize = 10;
pub const MAX_ORDER: i64 = 32767;
/// Serialized; fifty pages of 2048 characters fit. Nothing published bounds it, and every answer
/// carries it.
const MAX_EXTRA_META: usize = 512 * 1024;
const SERVICES: [&str; 3] = ["VIDEO_2D", "LIVE_2D", "CHAT_2D"];

/// Keys of system properties (the spellings are the contract's).
const PROPERTY_KEYS: [&str; 22] = [
    "STYLE_ID",
    "DH_ID",
    "PLATFORM_AVAILABLE",
    "RENDER_ENGINE",
    "BACKGROUND_IMG",
    "BACKGROUND_SCENE",
    "CREATED_BY_PLATFORM",
    "MATERIAL_IMG",
    "MATERIAL_VIDEO",
    "DIGITAL_HUMAN_2D_VIDEO",
    "DIGITAL_HUMAN_3D_VIDEO",
    "BUSSINESS_CARD_VIDEO",
    "BUSINESS_CARD_VIDEO",
    "PHOTO_VIDEO",
    "TO_BE_TRANSLATED_VIDEO",
    "TRANSLATED_VIDEO",
    "LAYER_CONFIG_ENABLE",
    "MEITUAN_MATERIAL_APPROVED",
    "IS_CONTROLLED",
    "LIVE_IS_AUTHORIZED",
    "VIDEO_IS_AUTHORIZED",
    "CHAT_IS_AUTHORIZED",
];

pub fn check_length(field: &str, text: &str, range: std::ops::RangeInclusive<usize>) -> Result<()> {
    if range.contains(&text.chars().count()) {
        return Ok(());
    }
    let (from, to) = (range.start(), range.end());
    Err(Error::parameter(
        field,
        format!("must have {from} to {to} characters"),
    ))
}

/// A label of one line.
pub fn check_label(field: &str, text: &str, range: std::ops::RangeInclusive<usize>) -> Result<()> {
    check_length(field, text, range)?;
    if text.chars().any(char::is_control) {
        return Err(Error::parameter(
            field,
            "must not contain control characters",
        ));
    }
    Ok(())
}

pub fn check_name(name: &str) -> Result<()> {
    check_label("asset_name", name, 0..=256)
}

pub fn check_description(text: &str) -> Result<()> {
    check_length("asset_description", text, 0..=4096)?;
    if text.contains('\0') {
        return Err(Error::parameter(
            "asset_description",
            "must not contain a NUL character",
        ));
    }
    Ok(())
}

pub fn parse_type(text: &str) -> Result<AssetType> {
    AssetType::parse(text).ok_or_else(|| {
        let names: Vec<_> = AssetType::ALL.iter().map(|kind| kind.as_str()).collect();
        Error::parameter("asset_type", format!("must be one of {}", names.join(", ")))
    })
}

/// Tags in order, each once; empty ones mean nothing.
pub fn checked_tags(tags: Vec<String>) -> Result<Vec<String>> {
    if tags.len() > MAX_TAGS {
        return Err(Error::parameter("tags", "may have at most 50 entries"));
    }
    let mut unique: Vec<String> = Vec::with_capacity(tags.len());
    for tag in tags {
        check_label("tags", &tag, 0..=128)?;
        if !tag.is_empty() && !unique.contains(&tag) {
            unique.push(tag);
        }
    }
    Ok(unique)
}

pub fn checked_services(services: Vec<String>) -> Result<Vec<String>> {
    if services.len() > MAX_SERVICES {
        return Err(Error::parameter(
            "supported_service",
            "may have at most 10 entries",
        ));
    }
    let mut unique: Vec<String> = Vec::new();
    for service in services {
        if !SERVICES.contains(&service.as_str()) {
            return Err(Error::parameter(
                "supported_service",
                "must be of VIDEO_2D, LIVE_2D, CHAT_2D",
            ));
        }
        if !unique.contains(&service) {
            unique.push(service);
        }
    }
    Ok(unique)
}

pub fn check_order(order: i64) -> Result<()> {
    if (0..=MAX_ORDER).contains(&order) {
        return Ok(());
    }
    Err(Error::parameter("asset_order", "must be 0 to 32767"))
}

pub fn check_extra_meta(meta: &Map<String, Value>) -> Result<()> {
    if let Some((kind, _)) = meta.iter().find(|(_, value)| !value.is_object()) {
        let field = format!("asset_extra_meta.{kind}");
        return Err(Error::parameter(&field, "must be an object"));
    }
    let size = serde_json::to_vec(meta).map_err(Error::internal)?.len();
    if size > MAX_EXTRA_META {
        return Err(Error::parameter(
            "asset_extra_meta",
            "must not be longer than 524288 bytes",
        ));
    }
    Ok(())
}

pub fn check_properties(properties: &[SystemProperty]) -> Result<()> {
    if properties.len() > MAX_PROPERTIES {
        return Err(too_many_properties());
    }
    for property in properties {
        if !PROPERTY_KEYS.contains(&property.key.as_str()) {
            let key: String = property.key.chars().take(64).collect();
            return Err(Error::parameter(
                "system_properties.key",
                format!("is not known: {key}"),
            ));
        }
        match (property.action.as_deref(), &property.value) {
            (None | Some("ADD"), Some(_)) | (Some("DELETE"), _) => {}
            (None | Some("ADD"), None) => {
                return Err(Error::parameter("system_properties.value", "is missing"));
            }
            (Some(_), _) => {
                return Err(Error::parameter(
                    "system_properties.action",
                    "must be ADD or DELETE",
                ));
            }
        }
        if let Some(value) = &property.value {
            check_label("system_properties.value", value, 1..=1024)?;
        }
    }
    Ok(())
}

fn too_many_properties() -> Error {
    Error::parameter("system_properties", "may have at most 50 entries")
}

/// Applies ADD and DELETE, in order, to the pairs that an asset has.
pub fn apply_properties(
    mut have: Vec<SystemProperty>,
    changes: Vec<SystemProperty>,
) -> Result<Vec<SystemProperty>> {
    check_properties(&changes)?;
    for change in changes {
        let same = |p: &SystemProperty| {
            p.key == change.key && (change.value.is_none() || p.value == change.value)
        };
        if change.action.as_deref() == Some("DELETE") {
            have.retain(|p| !same(p));
        } else if !have.iter().any(same) {
            have.push(SystemProperty {
                action: None,
                ..change
            });
        }
    }
    if have.len() > MAX_PROPERTIES {
        return Err(too_many_properties());
    }
    Ok(have)
}

/// Refuses what nothing acts on yet: a stored promise that nobody keeps is worse than an error.
pub fn refuse_unsupported(fields: &[(&str, bool)]) -> Result<()> {
    match fields.iter().find(|(_, given)| *given) {
        None => Ok(()),
        Some((field, _)) => Err(Error::new(
            ErrorCode::NotSupported,
            format!("{field} is not supported yet; leave it out."),
        )),
    }
}

/// Case and width do not count in a fuzzy search.
pub fn folded(text: &str) -> String {
    text.to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn property(action: Option<&str>, key: &str, value: Option<&str>) -> SystemProperty {
        SystemProperty {
            action: action.map(str::to_owned),
            key: key.into(),
            value: value.map(str::to_owned),
        }
    }

    #[test]
    fn properties_are_pairs_that_come_and_go() {
        let have = apply_properties(
            Vec::new(),
            vec![
                property(None, "STYLE_ID", Some("a")),
                property(Some("ADD"), "STYLE_ID", Some("b")),
                property(Some("ADD"), "STYLE_ID", Some("a")),
                property(Some("ADD"), "DH_ID", Some("x")),
            ],
        )
        .unwrap();
        assert_eq!(have.len(), 3);
        let have = apply_properties(
            have,
            vec![
                property(Some("DELETE"), "STYLE_ID", Some("a")),
                property(Some("DELETE"), "DH_ID", None),
            ],
        )
        .unwrap();
        assert_eq!(have, [property(None, "STYLE_ID", Some("b"))]);
    }

    #[test]
    fn limits_hold_to_the_last_character() {
        assert!(check_name(&"ä".repeat(256)).is_ok());
        assert!(check_name(&"ä".repeat(257)).is_err());
        assert!(checked_tags(vec!["t".into(); 51]).is_err());
        assert!(check_order(32768).is_err());
    }
}
