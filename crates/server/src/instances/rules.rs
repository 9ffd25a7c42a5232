//! What the fields of applications and tasks may hold; for their endpoints and for imports.
//!
//! "Letters" are those of any script: the vendor names Chinese and English ones.

use serde::de::IgnoredAny;

use super::model::TaskType;
use crate::assets::rules::{check_label, check_length};
use crate::error::{Error, Result};

/// Bytes of a task's definition.
pub const MAX_DETAIL: usize = 1024 * 1024;

pub fn check_instance_name(name: &str) -> Result<()> {
    check_label("name", name, 1..=64)
}

pub fn check_instance_description(text: &str) -> Result<()> {
    check_label("description", text, 0..=255)
}

pub fn check_app_name(name: &str) -> Result<()> {
    check_length("name", name, 1..=256)?;
    let allowed = |c: char| c.is_alphanumeric() || "-_. ()（）".contains(c);
    if name.chars().all(allowed) {
        return Ok(());
    }
    Err(Error::parameter(
        "name",
        "may have letters, digits, hyphens, underscores, dots, spaces and parentheses",
    ))
}

pub fn check_remark(text: &str) -> Result<()> {
    check_length("remark", text, 0..=255)?;
    refuse_nul("remark", text)
}

fn refuse_nul(field: &str, text: &str) -> Result<()> {
    if text.contains('\0') {
        return Err(Error::parameter(field, "must not contain a NUL character"));
    }
    Ok(())
}

pub fn check_key(key: &str) -> Result<()> {
    check_length("key", key, 3..=200)?;
    let allowed = |c: char| c.is_alphanumeric() || "-_@.".contains(c);
    if key.starts_with(char::is_alphanumeric) && key.chars().all(allowed) {
        return Ok(());
    }
    Err(Error::parameter(
        "key",
        "may have letters, digits, hyphens, underscores, dots and @, and begins with a letter or digit",
    ))
}

pub fn check_secret(secret: &str) -> Result<()> {
    check_length("secret", secret, 8..=128)?;
    if secret.chars().all(|c| c.is_ascii_graphic()) {
        return Ok(());
    }
    Err(Error::parameter(
        "secret",
        "may have ASCII letters, digits and punctuation, no spaces",
    ))
}

pub fn check_task_name(name: &str) -> Result<()> {
    check_length("task_name", name, 1..=100)?;
    let allowed = |c: char| c.is_alphanumeric() || "._- ".contains(c);
    if name.starts_with(char::is_alphanumeric) && name.chars().all(allowed) {
        return Ok(());
    }
    Err(Error::parameter(
        "task_name",
        "may have letters, digits, dots, underscores, hyphens and spaces, and begins with a letter or digit",
    ))
}

pub fn parse_task_type(text: &str) -> Result<TaskType> {
    let parsed = TaskType::parse(text);
    parsed.ok_or_else(|| Error::parameter("task_type", "must be REALTIME or TIMING"))
}

pub fn check_task_description(text: &str) -> Result<()> {
    check_length("description", text, 0..=1024)?;
    refuse_nul("description", text)
}

pub fn check_task_tag(tag: &str) -> Result<()> {
    check_length("task_tag", tag, 0..=64)?;
    if tag.chars().all(|c| c.is_alphanumeric() || "-_".contains(c)) {
        return Ok(());
    }
    Err(Error::parameter(
        "task_tag",
        "may have letters, digits, hyphens and underscores",
    ))
}

/// `field` is `source_datasource_id` or `target_datasource_id`.
pub fn check_datasource(field: &str, id: &str) -> Result<()> {
    check_label(field, id, 1..=64)
}

/// A JSON text of whatever content.
pub fn check_task_detail(text: &str) -> Result<()> {
    if text.len() > MAX_DETAIL {
        return Err(Error::parameter("task_detail", "may have at most 1 MiB"));
    }
    let parsed: Result<IgnoredAny, _> = serde_json::from_str(text);
    parsed
        .map(|_| ())
        .map_err(|e| Error::parameter("task_detail", format!("must be a JSON text: {e}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_hold_to_the_last_character() {
        assert!(check_app_name(&"夏".repeat(256)).is_ok());
        assert!(check_app_name(&"夏".repeat(257)).is_err());
        assert!(check_app_name("").is_err());
        assert!(check_key("abc").is_ok());
        assert!(check_key("ab").is_err());
        assert!(check_key(&"k".repeat(200)).is_ok());
        assert!(check_key(&"k".repeat(201)).is_err());
        assert!(check_secret("12345678").is_ok());
        assert!(check_secret("1234567").is_err());
        assert!(check_secret(&"s".repeat(129)).is_err());
        assert!(check_task_name(&"t".repeat(100)).is_ok());
        assert!(check_task_name(&"t".repeat(101)).is_err());
    }

    #[test]
    fn names_have_the_characters_of_the_contract() {
        for name in ["a", "应用-1_x.y (two) （三）", "-", "9"] {
            assert!(check_app_name(name).is_ok(), "{name}");
        }
        for name in ["a/b", "a\nb", "a,b", "a<b>", "🏖"] {
            assert!(check_app_name(name).is_err(), "{name}");
        }
        for key in ["-abc", "@abc", "a b c", "a/b"] {
            assert!(check_key(key).is_err(), "{key}");
        }
        assert!(check_key("夏@x.y_z-1").is_ok());
        for name in ["_x", ".x", " x", "a/b"] {
            assert!(check_task_name(name).is_err(), "{name}");
        }
    }

    #[test]
    fn a_definition_is_any_json_text_up_to_a_mebibyte() {
        for text in ["{}", " [1, 2.50] ", "null", "\"\\ud83c\\udfd6\""] {
            assert!(check_task_detail(text).is_ok(), "{text}");
        }
        for text in ["", "{", "{} {}", "nul"] {
            assert!(check_task_detail(text).is_err(), "{text}");
        }
        let most = format!("\"{}\"", "x".repeat(MAX_DETAIL - 2));
        assert!(check_task_detail(&most).is_ok());
        assert!(check_task_detail(&format!(" {most}")).is_err());
    }
}
