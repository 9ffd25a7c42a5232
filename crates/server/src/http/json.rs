//! JSON bodies in and out. The content type is not insisted on: the vendor's clients vary.

use axum::extract::FromRequest;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::error::Category;

use crate::error::{Error, ErrorCode};

#[derive(Debug, Clone, Copy)]
pub struct Json<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self, Error> {
        let body = Bytes::from_request(request, state).await.map_err(|e| {
            Error::new(
                ErrorCode::BadRequest,
                format!("The body could not be read: {e}"),
            )
        })?;
        parse(&body).map(Json)
    }
}

/// Tells malformed JSON from JSON of another shape. Bodies are objects; a list of their values in
/// order, which serde would take too, is not one.
pub fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Error> {
    if body.trim_ascii_start().starts_with(b"[") {
        let message = "Invalid body: it must be a JSON object, not a list";
        return Err(Error::new(ErrorCode::InvalidBody, message));
    }
    serde_json::from_slice(body).map_err(|error| match error.classify() {
        Category::Data => Error::new(ErrorCode::InvalidBody, format!("Invalid body: {error}")),
        Category::Syntax | Category::Eof | Category::Io => Error::new(
            ErrorCode::InvalidJson,
            format!("Request JSON exception: {error}"),
        ),
    })
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}
