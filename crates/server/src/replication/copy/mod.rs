//! The job that brings an asset from another region: manifest, bytes, digests at rest, and only then
//! the asset, in one transaction.

mod apply;
mod damage;
mod fetch;
pub mod job;
mod outcome;
mod plan;
mod rate;
mod shared;
mod verify;

pub use outcome::cancel;
pub use plan::{FilePlan, Plan};
pub use rate::Rate;

use super::peers::PeerError;
use crate::error::{Error, ErrorCode};
use crate::http::render::published;
use crate::jobs::JobError;

/// Why an attempt did not come to its end.
#[derive(Debug, Clone)]
pub enum Stop {
    /// For good.
    Failed { code: String, reason: String },
    /// It may be better later.
    Later { code: String, reason: String },
    /// The asset was deleted here meanwhile.
    Gone,
    /// Another attempt has the job, or it was cancelled.
    Lost,
}

impl Stop {
    pub fn failed(code: ErrorCode, reason: impl Into<String>) -> Self {
        Stop::Failed {
            code: published(code).1.to_owned(),
            reason: reason.into(),
        }
    }

    pub fn later(code: ErrorCode, reason: impl Into<String>) -> Self {
        Stop::Later {
            code: published(code).1.to_owned(),
            reason: reason.into(),
        }
    }
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        if let Some(cause) = &error.cause {
            tracing::warn!(cause, "a copy met an error");
        }
        Stop::later(error.code, error.message)
    }
}

impl From<entrepot_blob::BlobError> for Stop {
    fn from(error: entrepot_blob::BlobError) -> Self {
        Error::from(error).into()
    }
}

impl From<JobError> for Stop {
    fn from(error: JobError) -> Self {
        match error {
            JobError::Lost => Stop::Lost,
            JobError::Retry(reason) | JobError::Later { reason, .. } => {
                Stop::later(ErrorCode::Unavailable, reason)
            }
            JobError::Fail { reason, .. } => Stop::failed(ErrorCode::Internal, reason),
        }
    }
}

/// What a peer's refusal means for the copy: an asset that may not be had is final, a request that
/// was not understood may have been damaged on its way.
impl From<PeerError> for Stop {
    fn from(error: PeerError) -> Self {
        let (code, reason) = match error {
            PeerError::Unreachable(why) => return Stop::later(ErrorCode::PeerUnreachable, why),
            PeerError::Refused { code, message } => (code, message),
        };
        let finals = [
            ErrorCode::AssetNotFound,
            ErrorCode::AssetBlocked,
            ErrorCode::IllegalAssetState,
            ErrorCode::TicketUnknown,
            ErrorCode::FileNotFound,
        ];
        if finals.iter().any(|known| published(*known).1 == code) {
            return Stop::Failed { code, reason };
        }
        Stop::Later { code, reason }
    }
}
