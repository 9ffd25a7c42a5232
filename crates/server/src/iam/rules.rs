//! What names, descriptions and passwords may be, and how many keys a user may have.

use crate::error::{Error, Result};
use crate::keys::Secret;

/// Permanent access keys of a user.
pub const MAX_KEYS: usize = 20;

pub fn check_name(field: &str, name: &str) -> Result<()> {
    check_text(field, name, 1..=64)?;
    if name.trim() != name {
        return Err(Error::parameter(
            field,
            "must not begin or end with a space",
        ));
    }
    Ok(())
}

pub fn check_description(text: &str) -> Result<()> {
    check_text("description", text, 0..=255)
}

/// Policies are named where the name of a file may stand too.
pub fn check_policy_name(name: &str) -> Result<()> {
    check_name("name", name)?;
    let suffix = std::path::Path::new(name).extension();
    if name.contains('/') || suffix.is_some_and(|suffix| suffix.eq_ignore_ascii_case("json")) {
        return Err(Error::parameter(
            "name",
            "must not look like a file: no slash, and no .json at the end",
        ));
    }
    Ok(())
}

pub fn check_password(password: &Secret) -> Result<()> {
    check_text("password", password.expose(), 8..=128)
}

fn check_text(field: &str, text: &str, length: std::ops::RangeInclusive<usize>) -> Result<()> {
    if !length.contains(&text.chars().count()) {
        let (from, to) = (length.start(), length.end());
        return Err(Error::parameter(
            field,
            format!("must have {from} to {to} characters"),
        ));
    }
    if text.chars().any(char::is_control) {
        return Err(Error::parameter(
            field,
            "must not contain control characters",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_1_to_64_characters_of_any_script() {
        for good in ["a", "夏", "a b", &"夏".repeat(64)] {
            assert!(check_name("name", good).is_ok(), "{good}");
        }
        for bad in ["", " a", "a ", "a\nb", "a\u{0}", &"夏".repeat(65)] {
            assert!(check_name("name", bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn policies_are_told_from_files_by_their_names() {
        assert!(check_policy_name("editors.v2").is_ok());
        for bad in ["a.json", "a.JSON", "a/b", ""] {
            assert!(check_policy_name(bad).is_err(), "{bad}");
        }
    }
}
