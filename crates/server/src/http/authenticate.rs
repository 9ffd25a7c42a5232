//! Finds out who calls, before an endpoint runs: by token or by the signature of an access key.
//!
//! The body is read here, because a signature covers it; its size and time are bounded. Where a body
//! may be a whole package, it is left to the endpoint, and the signature may not cover it.

use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{MatchedPath, OriginalUri, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http_body_util::{BodyExt, LengthLimitError, Limited};

use super::address::came_from;
use super::limits::{self, InFlight};
use super::respond::RequestId;
use crate::app::App;
use crate::error::{Error, ErrorCode, Result};
use crate::iam::identity::{self, Payload};
use crate::iam::{Needs, endpoints};

pub const MAX_BODY: usize = 12 * 1024 * 1024;
pub const BODY_TIME: Duration = Duration::from_secs(30);

pub async fn authenticate(State(app): State<App>, request: Request, next: Next) -> Response {
    match identified(&app, request).await {
        Ok((request, held)) => limits::hold(next.run(request).await, held),
        Err(error) => error.into_response(),
    }
}

/// For calls that read their body as it arrives: neither its size nor its time is bounded here.
pub async fn authenticate_stream(State(app): State<App>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    match identify(&app, &mut parts, Payload::Streamed).await {
        Ok(held) => limits::hold(next.run(Request::from_parts(parts, body)).await, held),
        Err(error) => error.into_response(),
    }
}

async fn identified(app: &App, request: Request) -> Result<(Request, Option<InFlight>)> {
    let (mut parts, body) = request.into_parts();
    let body = read_body(body).await?;
    let held = identify(app, &mut parts, Payload::Read(&body)).await?;
    Ok((Request::from_parts(parts, Body::from(body)), held))
}

/// Puts the caller into the request, and counts the request for it.
async fn identify(app: &App, parts: &mut Parts, payload: Payload<'_>) -> Result<Option<InFlight>> {
    let path = parts.extensions.get::<MatchedPath>();
    let needs = path.and_then(|path| endpoints::find(parts.method.as_str(), path.as_str()));
    let request_id = parts.extensions.get::<RequestId>();
    // before doubled slashes were made one
    let sent = parts.extensions.get::<OriginalUri>();
    let request = identity::Request {
        parts,
        uri: sent.map_or(&parts.uri, |OriginalUri(uri)| uri),
        payload,
        address: came_from(&parts.extensions),
        request_id: request_id.map_or("", |id| &id.0),
        needs: needs.unwrap_or(Needs::Nothing),
    };
    let caller = app.identity.authenticate(app, request).await?;
    let held = app.limits.admit(|| match &caller.access_key {
        Some(key) => key.clone(),
        None => caller.principal.user_id.to_string(),
    })?;
    parts.extensions.insert(caller);
    Ok(held)
}

pub fn too_large() -> Error {
    Error::new(
        ErrorCode::BodyTooLarge,
        "Request entity too large: a body has at most 12582912 bytes.",
    )
}

async fn read_body(body: Body) -> Result<Bytes> {
    // what is announced need not be waited for
    if body.size_hint().lower() > MAX_BODY as u64 {
        return Err(too_large());
    }
    let limited = Limited::new(body, MAX_BODY).collect();
    let read = tokio::time::timeout(BODY_TIME, limited)
        .await
        .map_err(|_| {
            Error::new(
                ErrorCode::BadRequest,
                "The body did not arrive within 30 s.",
            )
        })?;
    match read {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(too_large()),
        Err(error) => Err(Error::new(
            ErrorCode::BadRequest,
            format!("The body could not be read: {error}"),
        )),
    }
}
