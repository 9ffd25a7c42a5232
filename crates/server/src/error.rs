//! The one error of the server: a code with one meaning each, a sentence for the caller and,
//! apart from it, the cause for the log. How a family of calls prints it is in `http::render`.

use entrepot_blob::BlobError;

use crate::db::DbError;

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, one variant a meaning. Statuses and printed codes: `docs/ERRORS.md`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorCode {
    // what was sent
    InvalidJson,
    InvalidBody,
    InvalidParameter,
    BodyTooLarge,
    BadRequest,
    // where it was sent
    ApiNotFound,
    MethodNotAllowed,
    // who sent it
    Unauthenticated,
    WrongPassword,
    ProjectMismatch,
    Forbidden,
    IamNotFound,
    Throttled,
    // assets
    AssetNotFound,
    AssetNameTaken,
    AssetBlocked,
    IllegalAssetState,
    NotSupported,
    // files
    FileNotFound,
    FileTypeEmpty,
    FileTooLarge,
    MainFileExists,
    CoverFileExists,
    IllegalFileState,
    ContentMissing,
    CategoryNotAllowed,
    ExtensionNotAllowed,
    // objects behind signed URLs
    SignatureDoesNotMatch,
    AccessDenied,
    BadDigest,
    EntityTooLarge,
    EntityTooSmall,
    IncompleteBody,
    MissingContentLength,
    InvalidRange,
    NoSuchKey,
    // instances, applications, tasks
    InstanceNotFound,
    AppNotFound,
    TaskNotFound,
    NameTaken,
    KeyTaken,
    // jobs and packages
    AssetJobRunning,
    AssetJobNotFound,
    ArchiveNotFound,
    ArchiveConsumed,
    ArchiveBusy,
    ArchiveExpired,
    ArchiveBlocked,
    ArchiveSpent,
    ArchiveLeased,
    WrongReceipt,
    PackageInvalid,
    PackageNotZip,
    UploadNotFound,
    UploadOffset,
    // tickets and copies between regions
    TicketInvalid,
    TicketExpired,
    TicketElsewhere,
    TicketUnknown,
    ReplicationKeyUnknown,
    PeerUnreachable,
    PeerRefused,
    CopyConflict,
    CopyNotFound,
    IllegalCopyState,
    // the server's own trouble
    Conflict,
    StorageFull,
    Unavailable,
    Internal,
}

/// Why a request failed: `code` and `message` go to the caller, `cause` only to the log.
#[derive(Debug, Clone)]
pub struct Error {
    pub code: ErrorCode,
    pub message: String,
    pub cause: Option<String>,
}

impl Error {
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            cause: None,
        }
    }

    pub fn internal(cause: impl std::fmt::Display) -> Self {
        Self {
            code: ErrorCode::Internal,
            message: "Something went wrong inside; the log has the reason under this request id."
                .into(),
            cause: Some(cause.to_string()),
        }
    }

    /// A value out of its range, the field named first: `parameter("limit", "must be 1 to 100")`.
    pub fn parameter(field: &str, problem: impl std::fmt::Display) -> Self {
        Self::new(
            ErrorCode::InvalidParameter,
            format!("Invalid parameter: {field} {problem}"),
        )
    }

    /// Whether the same transaction may succeed when it is run again.
    pub fn is_conflict(&self) -> bool {
        self.code == ErrorCode::Conflict
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}: {}", self.code, self.message)?;
        match &self.cause {
            Some(cause) => write!(f, " ({cause})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Error {}

fn storage_full(cause: String) -> Error {
    Error {
        code: ErrorCode::StorageFull,
        message: "There is no room left on the server's storage; nothing was kept of this request."
            .into(),
        cause: Some(cause),
    }
}

impl From<DbError> for Error {
    fn from(error: DbError) -> Self {
        let cause = error.to_string();
        match error {
            DbError::Full(_) => storage_full(cause),
            DbError::Unavailable(_) => Self {
                code: ErrorCode::Unavailable,
                message: "The metadata database does not answer now; try again.".into(),
                cause: Some(cause),
            },
            DbError::Conflict(_) => Self {
                code: ErrorCode::Conflict,
                message: "Somebody else changed the same thing at the same time; try again.".into(),
                cause: Some(cause),
            },
            DbError::Nul => Self::parameter("a text", "must not contain a NUL character"),
            DbError::Corrupt { .. } | DbError::Other(_) => Self::internal(cause),
        }
    }
}

impl From<BlobError> for Error {
    fn from(error: BlobError) -> Self {
        match error {
            BlobError::StorageFull => storage_full(error.to_string()),
            other => Self::internal(other),
        }
    }
}
