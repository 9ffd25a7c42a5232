//! The bag's own files (BagIt 1.0, RFC 8493): written whole, read strictly.

use std::fmt::Write as _;

use crate::{EntryPath, InvalidPath, LineTooLong, Lines, MAX_PATH_BYTES, Moment, hex, parse_hex};

/// The content of `bagit.txt`.
pub const BAGIT_TXT: &str = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n";

/// A digest, the white space and the longest path.
const MAX_LINE: usize = 64 + 16 + MAX_PATH_BYTES;
/// No tag file but the manifests is longer than this.
const MAX_TAG_FILE: usize = 64 * 1024;

/// What `Payload-Oxum` says: the payload's bytes and how many files they are in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Oxum {
    pub bytes: u64,
    pub files: u64,
}

/// The content of `bag-info.txt`. `payload` counts every entry under `data/`.
#[must_use]
pub fn bag_info(created_at: Moment, payload: Oxum) -> String {
    format!(
        "Bag-Software-Agent: Entrepot\nBagging-Date: {}\nPayload-Oxum: {}.{}\n",
        created_at.date(),
        payload.bytes,
        payload.files
    )
}

/// A line of a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManifestLine {
    pub sha256: [u8; 32],
    pub path: EntryPath,
}

/// Appends a manifest's line, its LF included.
pub fn put_manifest_line(manifest: &mut String, sha256: &[u8; 32], path: &EntryPath) {
    writeln!(manifest, "{}  {path}", hex(sha256)).expect("a String takes everything");
}

/// Why a file of the bag is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidBag {
    #[error("bagit.txt does not say BagIt-Version 1.0 and Tag-File-Character-Encoding UTF-8")]
    Declaration,
    #[error("bag-info.txt is not readable: {0}")]
    Info(&'static str),
    #[error("{file}: {problem}")]
    LongLine {
        file: &'static str,
        problem: LineTooLong,
    },
    #[error("{file}: line {line} is not a SHA-256, white space and a name")]
    Line { file: &'static str, line: u64 },
    #[error("{file}: line {line}: {problem}")]
    Path {
        file: &'static str,
        line: u64,
        problem: InvalidPath,
    },
    #[error("{file}: line {line} names {path}, which this manifest is not for")]
    Foreign {
        file: &'static str,
        line: u64,
        path: EntryPath,
    },
}

/// Checks the content of `bagit.txt`.
pub fn check_bagit(content: &[u8]) -> Result<(), InvalidBag> {
    let text = tag_text(content).ok_or(InvalidBag::Declaration)?;
    let mut lines = text.lines();
    let version = lines
        .next()
        .and_then(|line| value_of(line, "BagIt-Version"));
    let encoding = lines
        .next()
        .and_then(|line| value_of(line, "Tag-File-Character-Encoding"));
    let utf8 = encoding.is_some_and(|name| name.eq_ignore_ascii_case("UTF-8"));
    if version != Some("1.0") || !utf8 || lines.next().is_some() {
        return Err(InvalidBag::Declaration);
    }
    Ok(())
}

/// What `bag-info.txt` says of the payload; `None` when it does not say.
pub fn payload_oxum(content: &[u8]) -> Result<Option<Oxum>, InvalidBag> {
    let text = tag_text(content).ok_or(InvalidBag::Info("it is not short UTF-8 text"))?;
    let mut found = None;
    for line in text.lines() {
        let Some(value) = value_of(line, "Payload-Oxum") else {
            continue;
        };
        if found.is_some() {
            return Err(InvalidBag::Info("it has Payload-Oxum twice"));
        }
        found = Some(parse_oxum(value).ok_or(InvalidBag::Info("Payload-Oxum is not bytes.files"))?);
    }
    Ok(found)
}

fn parse_oxum(value: &str) -> Option<Oxum> {
    let (bytes, files) = value.split_once('.')?;
    Some(Oxum {
        bytes: bytes.parse().ok()?,
        files: files.parse().ok()?,
    })
}

fn tag_text(content: &[u8]) -> Option<&str> {
    if content.len() > MAX_TAG_FILE {
        return None;
    }
    std::str::from_utf8(content).ok()
}

fn value_of<'a>(line: &'a str, label: &str) -> Option<&'a str> {
    let (name, value) = line.split_once(':')?;
    name.eq_ignore_ascii_case(label).then(|| value.trim())
}

/// Which files a manifest is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ManifestKind {
    /// `manifest-sha256.txt`: everything under `data/`.
    Payload,
    /// `tagmanifest-sha256.txt`: everything else, but not itself.
    Tag,
}

impl ManifestKind {
    fn file(self) -> &'static str {
        match self {
            Self::Payload => crate::layout::MANIFEST,
            Self::Tag => crate::layout::TAG_MANIFEST,
        }
    }

    fn is_for(self, path: &EntryPath) -> bool {
        let payload = path.as_str().starts_with("data/");
        match self {
            Self::Payload => payload,
            Self::Tag => !payload && path.as_str() != crate::layout::TAG_MANIFEST,
        }
    }
}

/// Reads a manifest that is pushed in pieces. That no name stands twice is the caller's to check.
pub struct ManifestReader {
    kind: ManifestKind,
    lines: Lines,
}

impl ManifestReader {
    #[must_use]
    pub fn new(kind: ManifestKind) -> Self {
        Self {
            kind,
            lines: Lines::new(MAX_LINE),
        }
    }

    /// The lines that end in `data`.
    pub fn push(&mut self, mut data: &[u8]) -> Result<Vec<ManifestLine>, InvalidBag> {
        let mut found = Vec::new();
        while let Some(line) = self.lines.take(&mut data).map_err(|e| self.long(e))? {
            found.push(self.line(&line)?);
        }
        Ok(found)
    }

    /// The last line, when no LF followed it.
    pub fn finish(mut self) -> Result<Option<ManifestLine>, InvalidBag> {
        match self.lines.finish().map_err(|e| self.long(e))? {
            Some(line) => self.line(&line).map(Some),
            None => Ok(None),
        }
    }

    fn line(&self, line: &[u8]) -> Result<ManifestLine, InvalidBag> {
        let (file, number) = (self.kind.file(), self.lines.seen());
        let (sha256, path) = parts(line).ok_or(InvalidBag::Line { file, line: number })?;
        let path = EntryPath::from_bytes(path).map_err(|problem| InvalidBag::Path {
            file,
            line: number,
            problem,
        })?;
        if !self.kind.is_for(&path) {
            return Err(InvalidBag::Foreign {
                file,
                line: number,
                path,
            });
        }
        Ok(ManifestLine { sha256, path })
    }

    fn long(&self, problem: LineTooLong) -> InvalidBag {
        InvalidBag::LongLine {
            file: self.kind.file(),
            problem,
        }
    }
}

/// A digest and the name after the white space.
fn parts(line: &[u8]) -> Option<([u8; 32], &[u8])> {
    let (digest, rest) = line.split_at_checked(64)?;
    let sha256 = parse_hex(std::str::from_utf8(digest).ok()?).ok()?;
    let blanks = rest
        .iter()
        .take_while(|&&byte| matches!(byte, b' ' | b'\t'))
        .count();
    (blanks > 0).then(|| (sha256, &rest[blanks..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(kind: ManifestKind, text: &str) -> Result<Vec<ManifestLine>, InvalidBag> {
        let mut reader = ManifestReader::new(kind);
        let mut lines = Vec::new();
        for chunk in text.as_bytes().chunks(7) {
            lines.extend(reader.push(chunk)?);
        }
        lines.extend(reader.finish()?);
        Ok(lines)
    }

    #[test]
    fn a_written_manifest_reads_back() {
        let path = |text: &str| EntryPath::new(text).unwrap();
        let lines = [
            ManifestLine {
                sha256: [0xab; 32],
                path: path("data/package.json"),
            },
            ManifestLine {
                sha256: [1; 32],
                path: path("data/assets/a/f.mp4"),
            },
        ];
        let mut text = String::new();
        for line in &lines {
            put_manifest_line(&mut text, &line.sha256, &line.path);
        }
        assert!(text.starts_with("abab") && text.contains("ab  data/package.json\n"));
        assert_eq!(read(ManifestKind::Payload, &text).unwrap(), lines);
        // As other tools write it.
        let text = text
            .to_uppercase()
            .replace("DATA", "data")
            .replace("  ", " \t")
            .replace('\n', "\r\n");
        let last_open = text.trim_end();
        assert_eq!(read(ManifestKind::Payload, last_open).unwrap().len(), 2);
    }

    #[test]
    fn wrong_lines_are_refused_and_numbered() {
        let good = format!("{}  data/a\n", "0".repeat(64));
        for (line, problem) in [
            (String::new(), "line 2 is not a SHA-256"),
            ("0".repeat(64), "line 2 is not a SHA-256"),
            (
                format!("{}  data/a", "g".repeat(64)),
                "line 2 is not a SHA-256",
            ),
            (
                format!("{}  data/a", "0".repeat(63)),
                "line 2 is not a SHA-256",
            ),
            (
                format!("{} /data/a", "0".repeat(64)),
                "line 2: the name is absolute",
            ),
            (
                format!("{} data/../a", "0".repeat(64)),
                "line 2: the name has a segment",
            ),
            (format!("{} bagit.txt", "0".repeat(64)), "names bagit.txt"),
            ("0".repeat(1000), "line 2 is longer than"),
        ] {
            let refused = read(ManifestKind::Payload, &format!("{good}{line}\n")).unwrap_err();
            let sentence = refused.to_string();
            assert!(sentence.contains(problem), "{sentence}");
        }
        let itself = format!("{} tagmanifest-sha256.txt\n", "0".repeat(64));
        assert!(read(ManifestKind::Tag, &itself).is_err());
        assert!(read(ManifestKind::Tag, &itself.replace("tagm", "m")).is_ok());
    }

    #[test]
    fn tag_files_read_back() {
        check_bagit(BAGIT_TXT.as_bytes()).unwrap();
        check_bagit(BAGIT_TXT.replace('\n', "\r\n").as_bytes()).unwrap();
        for wrong in [
            "",
            "BagIt-Version: 1.0\n",
            "BagIt-Version: 2.0\nTag-File-Character-Encoding: UTF-8\n",
        ] {
            assert_eq!(check_bagit(wrong.as_bytes()), Err(InvalidBag::Declaration));
        }
        let oxum = Oxum {
            bytes: 12,
            files: 3,
        };
        let info = bag_info(Moment::from_millis(1_772_352_550_123), oxum);
        assert_eq!(
            info,
            "Bag-Software-Agent: Entrepot\nBagging-Date: 2026-03-01\nPayload-Oxum: 12.3\n"
        );
        assert_eq!(payload_oxum(info.as_bytes()), Ok(Some(oxum)));
        assert_eq!(payload_oxum(b"A: b\n"), Ok(None));
        assert!(payload_oxum(b"Payload-Oxum: 12\n").is_err());
        assert!(payload_oxum(info.repeat(2).as_bytes()).is_err());
    }
}
