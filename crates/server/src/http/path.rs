//! Ids in the path of a request.

use axum::extract::{FromRequestParts, Path};
use http::request::Parts;
use serde::de::DeserializeOwned;

use crate::error::{Error, ErrorCode};

/// The ids of a path, in order: `PathIds((project, asset)): PathIds<(ProjectId, AssetId)>`.
///
/// Any text is taken: an id that is not there is simply not found.
#[derive(Debug, Clone, Copy)]
pub struct PathIds<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for PathIds<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let Path(ids) = Path::<T>::from_request_parts(parts, state)
            .await
            .map_err(|e| {
                Error::new(
                    ErrorCode::ApiNotFound,
                    format!("Illegal URL, please check: {}", e.body_text()),
                )
            })?;
        Ok(Self(ids))
    }
}
