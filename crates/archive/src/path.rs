//! Names of entries. What a package may call an entry is so narrow that every zip tool and file
//! system takes it for the same name.

use std::fmt;

/// A name may have at most this many bytes.
pub const MAX_PATH_BYTES: usize = 512;

/// The name of an entry: segments of `[A-Za-z0-9._-]` divided by `/`, none of them empty, `.` or
/// `..`, at most [`MAX_PATH_BYTES`] in all.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryPath(Box<str>);

/// Why a name is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPath {
    #[error("the name is empty")]
    Empty,
    #[error("the name is longer than {MAX_PATH_BYTES} bytes")]
    TooLong,
    #[error("the name is not UTF-8")]
    NotUtf8,
    #[error("the name has a control character")]
    Control,
    #[error("the name has a backslash")]
    Backslash,
    #[error("the name begins with a drive letter")]
    Drive,
    #[error("the name is absolute")]
    Absolute,
    #[error("the name has an empty segment")]
    EmptySegment,
    #[error("the name has a segment “.” or “..”")]
    DotSegment,
    #[error("the name has a character other than letters, digits, “.”, “_”, “-” and “/”")]
    Character,
}

impl EntryPath {
    pub fn new(path: impl Into<String>) -> Result<Self, InvalidPath> {
        let path = path.into();
        check(&path)?;
        Ok(Self(path.into_boxed_str()))
    }

    pub fn from_bytes(bytes: &[u8]) -> Result<Self, InvalidPath> {
        if bytes.len() > MAX_PATH_BYTES {
            return Err(InvalidPath::TooLong);
        }
        let path = std::str::from_utf8(bytes).map_err(|_| InvalidPath::NotUtf8)?;
        Self::new(path)
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn check(path: &str) -> Result<(), InvalidPath> {
    if path.is_empty() {
        return Err(InvalidPath::Empty);
    }
    if path.len() > MAX_PATH_BYTES {
        return Err(InvalidPath::TooLong);
    }
    if path.chars().any(char::is_control) {
        return Err(InvalidPath::Control);
    }
    if path.contains('\\') {
        return Err(InvalidPath::Backslash);
    }
    if path.as_bytes().get(1) == Some(&b':') {
        return Err(InvalidPath::Drive);
    }
    if path.starts_with('/') {
        return Err(InvalidPath::Absolute);
    }
    path.split('/').try_for_each(check_segment)
}

fn check_segment(segment: &str) -> Result<(), InvalidPath> {
    if segment.is_empty() {
        return Err(InvalidPath::EmptySegment);
    }
    if segment == "." || segment == ".." {
        return Err(InvalidPath::DotSegment);
    }
    if !segment.bytes().all(is_name_byte) {
        return Err(InvalidPath::Character);
    }
    Ok(())
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-')
}

impl fmt::Display for EntryPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for EntryPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EntryPath({})", self.0)
    }
}

impl AsRef<str> for EntryPath {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for EntryPath {
    type Error = InvalidPath;

    fn try_from(path: String) -> Result<Self, InvalidPath> {
        Self::new(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_wrong_name_has_its_reason() {
        let long = "a".repeat(MAX_PATH_BYTES + 1);
        for (path, why) in [
            ("", InvalidPath::Empty),
            (long.as_str(), InvalidPath::TooLong),
            ("a\0b", InvalidPath::Control),
            ("a\nb", InvalidPath::Control),
            ("a\\b", InvalidPath::Backslash),
            ("C:/x", InvalidPath::Drive),
            ("/etc/passwd", InvalidPath::Absolute),
            ("a//b", InvalidPath::EmptySegment),
            ("a/", InvalidPath::EmptySegment),
            ("./a", InvalidPath::DotSegment),
            ("a/../b", InvalidPath::DotSegment),
            ("a b", InvalidPath::Character),
            ("ä", InvalidPath::Character),
        ] {
            assert_eq!(EntryPath::new(path), Err(why), "{path:?}");
        }
        assert_eq!(
            EntryPath::from_bytes(&[b'a', 0xff]),
            Err(InvalidPath::NotUtf8)
        );
        assert!(EntryPath::new("data/assets/a-1/F_2.tar.gz").is_ok());
        assert!(EntryPath::new("a".repeat(MAX_PATH_BYTES)).is_ok());
        assert!(EntryPath::new("...").is_ok());
    }
}
