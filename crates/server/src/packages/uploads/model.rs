//! Packages on their way in, and how they are to be imported.

use entrepot_blob::{Digests, StorageKey};
use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::http::query::Query;
use crate::ids::{AssetJobId, BlobId, InstanceId, ProjectId, UploadId, UserId};
use crate::instances::rules::check_app_name;

/// A package on its way in.
#[derive(Debug, Clone)]
pub struct Upload {
    pub upload_id: UploadId,
    pub project_id: ProjectId,
    pub instance_id: InstanceId,
    pub user_id: UserId,
    pub file_name: String,
    /// Made by a call of its own, and kept when a connection is cut.
    pub resumable: bool,
    /// Of the whole package in bytes, where it was announced.
    pub size: Option<u64>,
    /// Bytes up to the end of the last entry that is stored.
    pub received: u64,
    /// The connection that may add entries, counted.
    pub writer: i64,
    pub state: UploadState,
    /// Of the import that it became.
    pub job_id: Option<AssetJobId>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UploadState {
    /// Bytes are missing.
    Receiving,
    /// All of it is here, and the archive agrees with itself.
    Received,
    /// Its import has begun.
    Importing,
    /// Its import has ended; only the row is left, to answer with.
    Imported,
    /// Given up; what it holds is being removed.
    Dropped,
}

impl UploadState {
    pub const ALL: [UploadState; 5] = [
        UploadState::Receiving,
        UploadState::Received,
        UploadState::Importing,
        UploadState::Imported,
        UploadState::Dropped,
    ];

    /// The word on the wire and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            UploadState::Receiving => "RECEIVING",
            UploadState::Received => "RECEIVED",
            UploadState::Importing => "IMPORTING",
            UploadState::Imported => "IMPORTED",
            UploadState::Dropped => "DROPPED",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// An entry of a package that has been received.
#[derive(Debug, Clone)]
pub struct Entry {
    /// From 0, in the archive's order.
    pub seq: u64,
    /// A folder's ends in a slash.
    pub path: String,
    /// Hexadecimal; see [`entrepot_archive::reader::Mark`].
    pub mark: String,
    /// Where in the archive the next one begins.
    pub end_at: u64,
    pub place: Place,
    pub digests: Digests,
}

impl Entry {
    pub fn is_folder(&self) -> bool {
        self.path.ends_with('/')
    }
}

/// Where the bytes of an entry are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// Under a key of their own.
    Own(StorageKey),
    /// In a blob that the library has, which is pinned.
    Held(BlobId),
    /// Nowhere: it is a folder.
    Nowhere,
}

/// How a package is to be imported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Options {
    pub mode: Mode,
    /// Goes before the names of applications and tasks; may be empty.
    pub prefix: String,
    /// Whether a task that is merged takes the package's data sources.
    pub datasource_overwrite: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Mode {
    /// Everything becomes new.
    AddNew,
    /// What is there already is updated.
    Merge,
}

impl Options {
    /// All parameters of the call; what is not known is refused.
    pub fn parse(mut query: Query) -> Result<Self> {
        let mode = match query.one("type")?.as_deref() {
            None | Some("AddNew") => Mode::AddNew,
            Some("Merge") => Mode::Merge,
            Some(_) => return Err(Error::parameter("type", "must be AddNew or Merge")),
        };
        let prefix = query.text("prefix", 1..=64)?.unwrap_or_default();
        if !prefix.is_empty() && check_app_name(&prefix).is_err() {
            return Err(Error::parameter(
                "prefix",
                "may have letters, digits, hyphens, underscores, dots, spaces and parentheses",
            ));
        }
        let datasource_overwrite = query.boolean("datasource_overwrite")?.unwrap_or(false);
        query.finish()?;
        Ok(Self {
            mode,
            prefix,
            datasource_overwrite,
        })
    }

    /// A name as the target has it.
    pub fn named(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    pub fn merges(&self) -> bool {
        self.mode == Mode::Merge
    }

    /// Whether ids of the package mean anything in the target: with a prefix, a second copy is
    /// made, and nothing of the first one is touched.
    pub fn keeps_ids(&self) -> bool {
        self.prefix.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(query: &str) -> Result<Options> {
        Options::parse(Query::parse(query)?)
    }

    #[test]
    fn what_is_not_said_is_the_contracts_default() {
        let options = parse("").unwrap();
        assert_eq!(options.mode, Mode::AddNew);
        assert_eq!(options.named("a"), "a");
        assert!(!options.datasource_overwrite && options.keeps_ids());
        let options = parse("type=Merge&prefix=b-&datasource_overwrite=true").unwrap();
        assert!(options.merges() && options.datasource_overwrite && !options.keeps_ids());
        assert_eq!(options.named("a"), "b-a");
    }

    #[test]
    fn other_values_are_refused() {
        for query in [
            "type=merge",
            "prefix=",
            "prefix=a%2Fb",
            "datasource_overwrite=1",
            "typ=Merge",
        ] {
            assert!(parse(query).is_err(), "{query}");
        }
        assert!(parse(&format!("prefix={}", "p".repeat(64))).is_ok());
        assert!(parse(&format!("prefix={}", "p".repeat(65))).is_err());
    }
}
