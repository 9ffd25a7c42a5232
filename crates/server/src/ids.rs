//! Ids as types of their own, so that an asset's id never stands where a file's belongs.

use std::fmt;

use crate::db::{Cell, FromCell, Value};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            pub fn new(id: impl Into<String>) -> Self {
                Self(id.into())
            }
            pub fn as_str(&self) -> &str {
                &self.0
            }
            pub fn into_string(self) -> String {
                self.0
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl<'a> From<&'a $name> for Value<'a> {
            fn from(id: &'a $name) -> Self {
                Value::from(id.as_str())
            }
        }
        impl<'a> From<&'a Option<$name>> for Value<'a> {
            fn from(id: &'a Option<$name>) -> Self {
                id.as_ref().map_or(Value::Null, Value::from)
            }
        }
        impl FromCell for $name {
            const EXPECTED: &'static str = "an id";
            fn from_cell(cell: Cell) -> Option<Self> {
                String::from_cell(cell).map(Self)
            }
        }
    };
}

id!(
    /// The account.
    DomainId
);
id!(
    /// A tenant space of an account; every asset belongs to one.
    ProjectId
);
id!(UserId);
id!(
    /// Users who have policies in common.
    GroupId
);
id!(AssetId);
id!(FileId);
id!(
    /// Stored bytes; see `objects`.
    BlobId
);
id!(JobId);
id!(
    /// An integration workspace of a project.
    InstanceId
);
id!(
    /// An application of an instance: it groups digital assets.
    AppId
);
id!(
    /// A data-integration definition of an instance.
    TaskId
);
id!(
    /// An export, import or delete job as its caller sees it.
    AssetJobId
);
id!(
    /// A package that can be downloaded once.
    ArchiveId
);
id!(
    /// A package on its way in.
    UploadId
);

/// Makes new ids: 32 hexadecimal digits, a `UUIDv7` without its dashes, so that they sort by time.
#[derive(Debug, Clone, Copy, Default)]
pub struct Ids;

impl Ids {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that makes ids"
    )]
    pub fn next(self) -> String {
        uuid::Uuid::now_v7().simple().to_string()
    }

    pub fn asset(self) -> AssetId {
        AssetId(self.next())
    }
    pub fn file(self) -> FileId {
        FileId(self.next())
    }
    pub fn blob(self) -> BlobId {
        BlobId(self.next())
    }
    pub fn job(self) -> JobId {
        JobId(self.next())
    }
    pub fn instance(self) -> InstanceId {
        InstanceId(self.next())
    }
    pub fn app(self) -> AppId {
        AppId(self.next())
    }
    pub fn task(self) -> TaskId {
        TaskId(self.next())
    }
}
