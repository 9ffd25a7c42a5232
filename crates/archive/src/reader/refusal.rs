//! Why an archive is refused: one variant a reason, each a sentence that names the entry.

use crate::InvalidPath;

/// What a refusal means to whoever sent the archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RefusalKind {
    /// The bytes are something else than a zip.
    NotAZip,
    /// A zip, but one that is damaged, or has what packages may not have.
    Unacceptable,
}

/// Names of entries are shortened, and control characters in them are escaped.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("the content is not a zip archive")]
    NotAZip,
    #[error("the archive has no entries")]
    Empty,
    #[error("the archive is one of several volumes")]
    MultiDisk,
    #[error("the archive ends early, at byte {offset}")]
    Truncated { offset: u64 },
    #[error("the archive has more than {limit} entries")]
    TooManyEntries { limit: u64 },
    #[error("entry {entry}: {problem}")]
    Name { entry: String, problem: InvalidPath },
    #[error("entry {entry} is there twice")]
    Duplicate { entry: String },
    #[error("entry {entry} is encrypted")]
    Encrypted { entry: String },
    #[error("entry {entry} is compressed by method {method}; only stored and deflated are read")]
    Method { entry: String, method: u16 },
    #[error("entry {entry} has flags that are not known ({flags:#06x})")]
    Flags { entry: String, flags: u16 },
    #[error("entry {entry} has extra fields that do not add up")]
    Extra { entry: String },
    #[error("entry {entry} has a second name in an extra field")]
    SecondName { entry: String },
    #[error("entry {entry} has a zip64 field that does not fit its header")]
    Zip64 { entry: String },
    #[error("entry {entry} is stored without its size in front of it")]
    StoredDescriptor { entry: String },
    #[error("entry {entry} is stored, but its two sizes differ")]
    StoredSizes { entry: String },
    #[error("entry {entry} is a folder, but has data")]
    Folder { entry: String },
    #[error("entry {entry} has {size} bytes, which is more than {limit}")]
    EntryTooLarge {
        entry: String,
        size: u64,
        limit: u64,
    },
    #[error("with entry {entry}, the archive's files have more than {limit} bytes")]
    TotalTooLarge { entry: String, limit: u64 },
    #[error("entry {entry} inflates to more than {limit} bytes; store it without compression")]
    InflatedTooLarge { entry: String, limit: u64 },
    #[error("entry {entry} inflates to more than {limit} times its size in the archive")]
    Ratio { entry: String, limit: u64 },
    #[error("entry {entry} is not deflated data")]
    Deflate { entry: String },
    #[error("entry {entry}: its deflated data does not end where its header says")]
    CompressedSize { entry: String },
    #[error("entry {entry} does not inflate to the {declared} bytes that its header says")]
    Size { entry: String, declared: u64 },
    #[error("entry {entry} does not have the CRC-32 that its header says")]
    Crc { entry: String },
    #[error("entry {entry}: what follows its data says other sizes or another CRC-32")]
    Descriptor { entry: String },
    /// Only [`super::DigestReader`] says this.
    #[error("entry {entry} was written without its size in front of it, so it has no digest")]
    NoDigest { entry: String },
    #[error("after {after} there are bytes that belong to no entry")]
    Junk { after: String },
    #[error("entry {entry} is not a regular file")]
    NotRegular { entry: String },
    #[error("record {record} of the central directory ({entry}) does not agree with its entry")]
    Disagrees { entry: String, record: u64 },
    #[error("the archive has {entries} entries, but the central directory has {records} or more")]
    RecordCount { entries: u64, records: u64 },
    #[error("the archive has {entries} entries, but only {records} in the central directory")]
    RecordsMissing { entries: u64, records: u64 },
    #[error("the archive's end record has a wrong {field}")]
    EndRecord { field: &'static str },
    #[error("the archive's zip64 end record has a wrong {field}")]
    EndRecord64 { field: &'static str },
    #[error("bytes follow the archive's end")]
    TrailingData,
}

impl Refusal {
    #[must_use]
    pub fn kind(&self) -> RefusalKind {
        match self {
            Self::NotAZip => RefusalKind::NotAZip,
            _ => RefusalKind::Unacceptable,
        }
    }
}

/// A name as a sentence can carry it.
pub(super) fn shown(name: &[u8]) -> String {
    const MOST: usize = 80;
    let text = String::from_utf8_lossy(&name[..name.len().min(MOST * 4)]);
    let mut shown: String = text
        .chars()
        .take(MOST)
        .flat_map(char::escape_debug)
        .collect();
    if text.chars().nth(MOST).is_some() {
        shown.push('…');
    }
    format!("“{shown}”")
}
