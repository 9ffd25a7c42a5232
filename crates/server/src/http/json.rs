//! JSON bodies in and out. The content type is not insisted on: the vendor's clients vary.

use axum::extract::FromRequest;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::StatusCode;
use http::header::CONTENT_TYPE;
use serde::Serialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::error::Category;

use super::authenticate::{BODY_TIME, too_large};
use crate::error::{Error, ErrorCode};

/// Bytes to begin an answer with; what is longer grows. axum's own `Json` begins with 128, and copies
/// an answer of some assets half a dozen times.
const USUAL_ANSWER: usize = 4096;

#[derive(Debug, Clone, Copy)]
pub struct Json<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self, Error> {
        let body = read(request, state).await?;
        parse(&body).map(Json)
    }
}

/// A body that may be left out, as some clients do.
#[derive(Debug, Clone, Copy)]
pub struct OptionalJson<T>(pub Option<T>);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for OptionalJson<T> {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self, Error> {
        let body = read(request, state).await?;
        if body.trim_ascii().is_empty() {
            return Ok(Self(None));
        }
        parse(&body).map(|body| Self(Some(body)))
    }
}

async fn read<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, Error> {
    let read = tokio::time::timeout(BODY_TIME, Bytes::from_request(request, state)).await;
    let late = |_| {
        Error::new(
            ErrorCode::BadRequest,
            "The body did not arrive within 30 s.",
        )
    };
    read.map_err(late)?.map_err(|e| match e.status() {
        StatusCode::PAYLOAD_TOO_LARGE => too_large(),
        _ => Error::new(
            ErrorCode::BadRequest,
            format!("The body could not be read: {e}"),
        ),
    })
}

/// Tells malformed JSON from JSON of another shape. Bodies are objects; a list of their values in
/// order, which serde would take too, is not one.
pub fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Error> {
    if body.trim_ascii_start().starts_with(b"[") {
        let message = "Invalid body: it must be a JSON object, not a list";
        return Err(Error::new(ErrorCode::InvalidBody, message));
    }
    let error = match serde_json::from_slice(body) {
        Ok(value) => return Ok(value),
        Err(error) => error,
    };
    // a wrong shape is seen before a syntax error that comes after it
    let malformed = match error.classify() {
        Category::Data => serde_json::from_slice::<IgnoredAny>(body).err(),
        Category::Syntax | Category::Eof | Category::Io => None,
    };
    if malformed.is_none() && error.is_data() {
        let message = format!("Invalid body: {error}");
        return Err(Error::new(ErrorCode::InvalidBody, message));
    }
    let message = format!("Request JSON exception: {}", malformed.unwrap_or(error));
    Err(Error::new(ErrorCode::InvalidJson, message))
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        let mut body = Vec::with_capacity(USUAL_ANSWER);
        match serde_json::to_writer(&mut body, &self.0) {
            Ok(()) => ([(CONTENT_TYPE, "application/json")], body).into_response(),
            Err(error) => Error::internal(error).into_response(),
        }
    }
}
