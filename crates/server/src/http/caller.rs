//! Who calls, for endpoints: put into the request by [`super::authenticate`].

use axum::extract::FromRequestParts;
use http::request::Parts;

use crate::error::{Error, ErrorCode};
pub use crate::iam::Caller;

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        parts.extensions.get::<Caller>().cloned().ok_or_else(|| {
            Error::new(
                ErrorCode::Unauthenticated,
                "Incorrect IAM authentication information: x-auth-token not found",
            )
        })
    }
}
