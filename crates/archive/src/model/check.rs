//! What can be checked of a package's JSON without a database. Sentences name the field.

use std::collections::HashSet;

use serde::de::DeserializeOwned;

/// Why a file of a package is refused: the entry (and line), and what is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {problem}")]
pub struct Invalid {
    /// The entry's name, with the line or the asset where that helps.
    pub place: String,
    pub problem: String,
}

impl Invalid {
    pub fn new(place: impl Into<String>, problem: impl Into<String>) -> Self {
        Self {
            place: place.into(),
            problem: problem.into(),
        }
    }
}

pub(super) fn json<T: DeserializeOwned>(place: &str, bytes: &[u8]) -> Result<T, Invalid> {
    if bytes.len() > super::MAX_JSON {
        return Err(Invalid::new(place, "it is longer than 16 MiB"));
    }
    serde_json::from_slice(bytes)
        .map_err(|error| Invalid::new(place, format!("not the JSON that is expected: {error}")))
}

/// 1 to 64 letters, digits, `-` and `_`.
pub(super) fn check_id(field: &str, id: &str) -> Result<(), String> {
    let plain = id
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    if plain && (1..=64).contains(&id.len()) {
        return Ok(());
    }
    Err(format!(
        "{field} is not 1 to 64 letters, digits, “-” and “_”"
    ))
}

/// One line of text that is not empty.
pub(super) fn check_name(field: &str, name: &str, most: usize) -> Result<(), String> {
    if name.is_empty() {
        return Err(format!("{field} is empty"));
    }
    check_label(field, name, most)
}

/// One line of text.
pub(super) fn check_label(field: &str, label: &str, most: usize) -> Result<(), String> {
    if label.chars().any(char::is_control) {
        return Err(format!("{field} has a control character"));
    }
    check_length(field, label, most)
}

/// Text of any kind.
pub(super) fn check_text(field: &str, text: Option<&str>, most: usize) -> Result<(), String> {
    let text = text.unwrap_or_default();
    if text.contains('\0') {
        return Err(format!("{field} has a NUL character"));
    }
    check_length(field, text, most)
}

fn check_length(field: &str, text: &str, most: usize) -> Result<(), String> {
    if text.chars().nth(most).is_some() {
        return Err(format!("{field} has more than {most} characters"));
    }
    Ok(())
}

pub(super) fn check_hex(field: &str, text: &str, digits: usize) -> Result<(), String> {
    let plain = text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    if plain && text.len() == digits {
        return Ok(());
    }
    Err(format!(
        "{field} is not {digits} lower-case hexadecimal digits"
    ))
}

pub(super) fn check_unique<'a>(
    field: &str,
    ids: impl Iterator<Item = &'a String>,
) -> Result<(), String> {
    let mut seen = HashSet::new();
    for id in ids {
        if !seen.insert(id) {
            return Err(format!("{field} has {id} twice"));
        }
    }
    Ok(())
}
