//! What a file may be, by the type of its asset; pure.

use super::model::Category;
use crate::assets::AssetType;
use crate::error::{Error, ErrorCode, Result};

pub const MAX_SIZE: i64 = 5 * GIB;
pub const MAX_LARGE_SIZE: i64 = 500 * GIB;
pub const MAX_PARTS: i64 = 100;
const GIB: i64 = 1024 * 1024 * 1024;
const MIB: i64 = 1024 * 1024;

pub fn parse_category(text: &str) -> Result<Category> {
    Category::parse(text).ok_or_else(|| {
        let names: Vec<_> = Category::ALL.iter().map(|c| c.as_str()).collect();
        let problem = format!("must be one of {}", names.join(", "));
        Error::parameter("asset_file_category", problem)
    })
}

/// The suffix of a file, which tells its format.
pub fn check_file_type(file_type: &str) -> Result<()> {
    if file_type.is_empty() {
        return Err(Error::new(
            ErrorCode::FileTypeEmpty,
            "The file type is empty; give the suffix, such as mp4.",
        ));
    }
    crate::assets::rules::check_label("file_type", file_type, 1..=64)
}

/// The categories that the files of an asset may have; all where nothing narrower is published.
fn categories(kind: AssetType) -> &'static [Category] {
    use Category as C;
    match kind {
        AssetType::Ppt => &[C::Main, C::Cover, C::Page, C::Other],
        AssetType::VoiceModel => &[C::Main, C::Sample, C::Other],
        AssetType::HumanModel2d => &[C::Main, C::Cover, C::Sample, C::Other],
        AssetType::BusinessCardTemplet | AssetType::Video => &[C::Main, C::Cover],
        AssetType::Image => &[C::Main],
        AssetType::HumanModel
        | AssetType::Scene
        | AssetType::Animation
        | AssetType::Material
        | AssetType::NormalModel
        | AssetType::CommonFile
        | AssetType::Music
        | AssetType::Audio => &Category::ALL,
    }
}

/// The suffixes of a main file, in lower case, and its size at most; `None` means any.
fn main_format(kind: AssetType) -> Option<(&'static [&'static str], i64)> {
    match kind {
        AssetType::Video => Some((
            &[
                "mp4", "m4v", "mkv", "mov", "flv", "3gp", "wmv", "avi", "webm",
            ],
            // larger ones come in parts
            MAX_LARGE_SIZE,
        )),
        AssetType::Image => Some((&["jpeg", "jpg", "png", "bmp", "gif", "webp"], 50 * MIB)),
        AssetType::Music | AssetType::Audio => Some((&["wav", "mp3", "m4a"], 100 * MIB)),
        AssetType::Ppt => Some((&["ppt", "pptx", "pdf"], 100 * MIB)),
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

pub fn check_category(kind: AssetType, category: Category) -> Result<()> {
    let allowed = categories(kind);
    if allowed.contains(&category) {
        return Ok(());
    }
    let names: Vec<_> = allowed.iter().map(|c| c.as_str()).collect();
    Err(Error::new(
        ErrorCode::CategoryNotAllowed,
        format!(
            "An asset of type {} has files of category {}, not {}.",
            kind.as_str(),
            names.join(", "),
            category.as_str()
        ),
    ))
}

/// Suffix and, where it is known, size of a file.
pub fn check_format(
    kind: AssetType,
    category: Category,
    file_type: &str,
    size: Option<i64>,
) -> Result<()> {
    let Some((suffixes, most)) = main_format(kind).filter(|_| category == Category::Main) else {
        return Ok(());
    };
    if !suffixes.contains(&file_type.to_lowercase().as_str()) {
        return Err(Error::new(
            ErrorCode::ExtensionNotAllowed,
            format!(
                "The main file of an asset of type {} must be one of {}.",
                kind.as_str(),
                suffixes.join(", ")
            ),
        ));
    }
    if size.is_some_and(|size| size > most) {
        return Err(too_large(most));
    }
    Ok(())
}

pub fn too_large(most: i64) -> Error {
    Error::new(
        ErrorCode::FileTooLarge,
        format!("Asset file too large, please do not exceed {most} bytes"),
    )
}

pub fn check_size(size: i64, most: i64) -> Result<()> {
    if size < 1 {
        return Err(Error::parameter("file_size", "must be at least 1 byte"));
    }
    if size > most {
        return Err(Error::parameter(
            "file_size",
            format!("must be at most {most} bytes"),
        ));
    }
    Ok(())
}

/// Base64 of the 16 bytes of an MD5.
pub fn check_md5(md5: &str) -> Result<()> {
    let decoded = data_encoding::BASE64.decode(md5.as_bytes());
    if md5.len() == 24 && decoded.is_ok_and(|bytes| bytes.len() == 16) {
        return Ok(());
    }
    Err(Error::parameter(
        "file_md5",
        "must be the MD5 of the bytes in base64, 24 characters",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_has_one_kind_of_file() {
        assert!(check_category(AssetType::Image, Category::Main).is_ok());
        let error = check_category(AssetType::Image, Category::Cover).unwrap_err();
        assert_eq!(error.code, ErrorCode::CategoryNotAllowed);
    }

    #[test]
    fn suffixes_are_compared_without_case() {
        let png = |size| check_format(AssetType::Image, Category::Main, "PNG", Some(size));
        assert!(png(50 * MIB).is_ok());
        assert_eq!(png(50 * MIB + 1).unwrap_err().code, ErrorCode::FileTooLarge);
        let gone = check_format(AssetType::Image, Category::Main, "exe", None).unwrap_err();
        assert_eq!(gone.code, ErrorCode::ExtensionNotAllowed);
    }

    #[test]
    fn a_digest_is_24_characters_of_base64() {
        assert!(check_md5("1B2M2Y8AsgTpgAmY7PhCfg==").is_ok());
        assert!(check_md5("d41d8cd98f00b204e9800998ecf8427e").is_err());
        assert!(check_md5("1B2M2Y8AsgTpgAmY7PhCfgg=").is_err());
    }
}
