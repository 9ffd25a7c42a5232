//! Finds out who calls, before an endpoint runs: by token or by the signature of an access key.
//!
//! The body is read here, because a signature covers it; its size and time are bounded. Where a body
//! may be a whole package, it is left to the endpoint, and the signature may not cover it.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{OriginalUri, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::HeaderMap;
use http::request::Parts;
use http_body_util::{BodyExt, LengthLimitError, Limited};

use super::respond::RequestId;
use super::signature::{
    self, Authorization, CONTENT_HEADER, DATE_HEADER, UNSIGNED_PAYLOAD, canonical_request,
};
use crate::app::App;
use crate::clock::Timestamp;
use crate::error::{Error, ErrorCode, Result};
use crate::iam::{self, Caller};

pub const MAX_BODY: usize = 12 * 1024 * 1024;
const BODY_TIME: Duration = Duration::from_secs(30);
const SKEW: Duration = Duration::from_mins(15);
const MAX_TOKEN: usize = 16384;

/// The address a request came from.
#[derive(Debug, Clone, Copy)]
pub struct RemoteAddress(pub SocketAddr);

pub async fn authenticate(State(app): State<App>, request: Request, next: Next) -> Response {
    match identified(&app, request).await {
        Ok(request) => next.run(request).await,
        Err(error) => axum::response::IntoResponse::into_response(error),
    }
}

/// For calls that read their body as it arrives: neither its size nor its time is bounded here.
pub async fn authenticate_stream(State(app): State<App>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    match identify(&app, &mut parts, Payload::Streamed).await {
        Ok(()) => next.run(Request::from_parts(parts, body)).await,
        Err(error) => axum::response::IntoResponse::into_response(error),
    }
}

async fn identified(app: &App, request: Request) -> Result<Request> {
    let (mut parts, body) = request.into_parts();
    let body = read_body(body).await?;
    identify(app, &mut parts, Payload::Read(&body)).await?;
    Ok(Request::from_parts(parts, Body::from(body)))
}

/// What is known of a body when its sender is found out.
#[derive(Debug, Clone, Copy)]
enum Payload<'a> {
    Read(&'a [u8]),
    Streamed,
}

/// Puts the [`Caller`] into the request.
async fn identify(app: &App, parts: &mut Parts, payload: Payload<'_>) -> Result<()> {
    let (principal, access_key) = principal(app, parts, payload).await?;
    let request_id = parts.extensions.get::<RequestId>();
    let caller = Caller {
        app_user_id: app_user_id(&parts.headers)?,
        address: address(parts),
        access_key,
        request_id: request_id.map_or_else(String::new, |id| id.0.clone()),
        principal,
    };
    parts.extensions.insert(caller);
    Ok(())
}

/// A token or a signature: where both are sent, either is enough. With the access key that signed.
async fn principal(
    app: &App,
    parts: &Parts,
    payload: Payload<'_>,
) -> Result<(iam::PrincipalRef, Option<String>)> {
    let has_signature = parts.headers.contains_key(http::header::AUTHORIZATION);
    if parts.headers.contains_key("x-auth-token") {
        match by_token(app, &parts.headers).await {
            Err(error) if has_signature && error.code == ErrorCode::Unauthenticated => {}
            outcome => return Ok((outcome?, None)),
        }
    }
    if has_signature {
        return by_signature(app, parts, payload).await;
    }
    Err(refused("x-auth-token not found"))
}

async fn read_body(body: Body) -> Result<Bytes> {
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
        Err(error) if error.is::<LengthLimitError>() => Err(Error::new(
            ErrorCode::BodyTooLarge,
            "Request entity too large: a body has at most 12582912 bytes.",
        )),
        Err(error) => Err(Error::new(
            ErrorCode::BadRequest,
            format!("The body could not be read: {error}"),
        )),
    }
}

fn refused(why: impl std::fmt::Display) -> Error {
    Error::new(
        ErrorCode::Unauthenticated,
        format!("Incorrect IAM authentication information: {why}"),
    )
}

fn address(parts: &Parts) -> Option<IpAddr> {
    let remote = parts.extensions.get::<RemoteAddress>();
    remote.map(|RemoteAddress(address)| address.ip())
}

fn app_user_id(headers: &HeaderMap) -> Result<Option<String>> {
    let Some(value) = headers.get("x-app-userid") else {
        return Ok(None);
    };
    let bad = || {
        Error::parameter(
            "X-App-UserId",
            "must be 1 to 256 printable ASCII characters",
        )
    };
    let id = value.to_str().map_err(|_| bad())?;
    if id.is_empty() || id.len() > 256 {
        return Err(bad());
    }
    Ok(Some(id.to_owned()))
}

async fn by_token(app: &App, headers: &HeaderMap) -> Result<iam::PrincipalRef> {
    let token = headers.get("x-auth-token").and_then(|v| v.to_str().ok());
    let Some(token) = token.filter(|t| !t.is_empty() && t.len() <= MAX_TOKEN) else {
        return Err(refused("decrypt token fail"));
    };
    let found = iam::by_token(app, token).await?;
    let (principal, expires_at) = found.ok_or_else(|| refused("decrypt token fail"))?;
    if app.clock.now() >= expires_at {
        let at = expires_at.rfc3339_micros();
        return Err(refused(format!("token expires, expires_at: {at}")));
    }
    Ok(principal)
}

async fn by_signature(
    app: &App,
    parts: &Parts,
    payload: Payload<'_>,
) -> Result<(iam::PrincipalRef, Option<String>)> {
    let header = parts.headers.get(http::header::AUTHORIZATION);
    let header = header.and_then(|v| v.to_str().ok()).unwrap_or_default();
    let authorization = Authorization::parse(header)
        .map_err(|why| refused(format!("verify aksk signature fail: {why}")))?;
    let date = checked_date(app, &authorization, &parts.headers)?;
    let hashes = payload_hashes(&parts.headers, payload)?;

    let (access_key, from) = (&authorization.access_key, address(parts));
    if app.lockout.is_locked(access_key, from) {
        return Err(refused("AK access failed to reach the limit,forbidden"));
    }
    let Some((principal, secret)) = iam::by_access_key(app, access_key).await? else {
        app.lockout.failed(access_key, from);
        let why = format!("Get secretKey failed,ak:{access_key},err:ak not exist");
        return Err(refused(why));
    };
    if let Err(error) = verify(&authorization, parts, &date, hashes, secret.expose()) {
        app.lockout.failed(access_key, from);
        return Err(error);
    }
    app.lockout.succeeded(access_key, from);
    Ok((principal, Some(access_key.clone())))
}

fn checked_date(app: &App, authorization: &Authorization, headers: &HeaderMap) -> Result<String> {
    let date = headers.get(DATE_HEADER).and_then(|v| v.to_str().ok());
    let Some(date) = date.filter(|_| authorization.signs(DATE_HEADER)) else {
        return Err(refused(
            "verify aksk signature fail: the X-Sdk-Date header must be sent and signed",
        ));
    };
    let at = Timestamp::parse_compact(date).ok_or_else(|| {
        refused("verify aksk signature fail: X-Sdk-Date must have the form YYYYMMDDTHHMMSSZ")
    })?;
    let now = app.clock.now();
    if now.seconds().abs_diff(at.seconds()) > SKEW.as_secs() {
        return Err(refused(format!(
            "verify aksk signature fail: the request was signed at {}, the server's time is {}; \
             at most {} minutes may lie between them, set the clock",
            at.rfc3339(),
            now.rfc3339(),
            SKEW.as_secs() / 60,
        )));
    }
    Ok(date.to_owned())
}

/// The hashes under which the body may have been signed: its own, or the value of the content
/// header. A client that sends no body signs the empty hash whatever that header says.
fn payload_hashes(headers: &HeaderMap, payload: Payload<'_>) -> Result<Vec<String>> {
    let declared = headers.get(CONTENT_HEADER).and_then(|v| v.to_str().ok());
    let unsigned = || UNSIGNED_PAYLOAD.to_owned();
    let body = match (payload, declared) {
        (Payload::Read(body), _) => body,
        (Payload::Streamed, Some(UNSIGNED_PAYLOAD)) => return Ok(vec![unsigned()]),
        (Payload::Streamed, _) => {
            return Err(refused(
                "verify aksk signature fail: the body of this call is read as it arrives; sign \
                 with the header X-Sdk-Content-Sha256: UNSIGNED-PAYLOAD, or send a token",
            ));
        }
    };
    let own = || signature::payload_hash(body);
    Ok(match declared {
        Some(UNSIGNED_PAYLOAD) if body.is_empty() => vec![unsigned(), own()],
        Some(UNSIGNED_PAYLOAD) => vec![unsigned()],
        // a declared hash counts only if it is the body's
        Some(_) | None => vec![own()],
    })
}

fn verify(
    authorization: &Authorization,
    parts: &Parts,
    date: &str,
    hashes: Vec<String>,
    secret: &str,
) -> Result<()> {
    // as it was sent, before doubled slashes were made one
    let uri = parts.extensions.get::<OriginalUri>();
    let uri = uri.map_or(&parts.uri, |OriginalUri(uri)| uri);
    let signed = signature::Parts {
        method: parts.method.as_str(),
        path: uri.path(),
        query: uri.query().unwrap_or_default(),
        headers: &parts.headers,
    };
    let mut shown = Vec::new();
    for hash in hashes {
        let canonical =
            canonical_request(signed, &authorization.signed_headers, &hash).map_err(|name| {
                let why = format!("the signed header {name} was not sent");
                refused(format!("verify aksk signature fail: {why}"))
            })?;
        let expected = signature::sign(secret, date, &canonical);
        if signature::matches(&expected, &authorization.signature) {
            return Ok(());
        }
        shown = canonical;
    }
    let shown = String::from_utf8_lossy(&shown).replace('\n', "|");
    Err(refused(format!(
        "verify aksk signature fail,canonicalRequest:{shown}"
    )))
}
