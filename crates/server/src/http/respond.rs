//! The outermost layer: gives every answer its request id, prints errors, logs and counts.

use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use tracing::Instrument;

use super::address::CameFrom;
use super::render::{Family, render};
use crate::app::App;
use crate::error::{Error, ErrorCode};

static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The id of the request being answered; in the answer's header, the log and gateway errors.
#[derive(Debug, Clone)]
pub struct RequestId(pub String);

pub async fn respond(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let began = Instant::now();
    let id = app.ids.next();
    let method = request.method().clone();
    let family = Family::of(request.uri().path());
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| "none".to_owned(), |path| path.as_str().to_owned());
    // the path only: a query may carry a signature
    let span = tracing::info_span!("request", id, %method, path = request.uri().path());
    let from = app.proxies.origin(request.headers(), request.extensions());
    request.extensions_mut().insert(CameFrom(from));
    request.extensions_mut().insert(RequestId(id.clone()));

    let mut response = next.run(request).instrument(span.clone()).await;
    let error = response.extensions_mut().remove::<Error>();
    if let Some(error) = &error {
        let (status, _) = super::render::published(error.code);
        let _in_span = span.enter();
        if status >= 500 {
            tracing::error!(code = ?error.code, cause = error.cause.as_deref(), "{}", error.message);
        } else {
            tracing::debug!(code = ?error.code, "{}", told(error));
        }
        let headers = std::mem::take(response.headers_mut());
        response = render(error, family, &id);
        keep_headers(&mut response, headers);
    }
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID.clone(), value);
    }
    let status = response.status();
    let took = began.elapsed();
    span.in_scope(|| tracing::debug!(target: "entrepot::access", status = status.as_u16(), ?took));
    count(&route, method.as_str(), status, took.as_secs_f64());
    response
}

/// Of a body that is not understood the sentence may quote a value, which may be a password.
fn told(error: &Error) -> &str {
    match error.code {
        ErrorCode::InvalidBody | ErrorCode::InvalidJson => "the body is not understood",
        _ => &error.message,
    }
}

/// What an endpoint said beside the error, such as the size of a file that is shorter.
fn keep_headers(response: &mut Response, said: HeaderMap) {
    for (name, value) in said {
        if let Some(name) = name.filter(|name| *name != header::CONTENT_LENGTH) {
            response.headers_mut().insert(name, value);
        }
    }
}

fn count(route: &str, method: &str, status: StatusCode, seconds: f64) {
    let class = match status.as_u16() / 100 {
        1 => "1xx",
        2 => "2xx",
        3 => "3xx",
        4 => "4xx",
        _ => "5xx",
    };
    let labels = [
        ("route", route.to_owned()),
        ("method", method.to_owned()),
        ("status", class.to_owned()),
    ];
    metrics::histogram!("entrepot_http_request_seconds", &labels).record(seconds);
}

pub async fn unknown_path(request: Request) -> Error {
    let path = request.uri().path();
    Error::new(
        ErrorCode::ApiNotFound,
        format!("The API does not exist: {path}"),
    )
}

pub async fn unknown_method(request: Request) -> Error {
    let method = request.method();
    Error::new(
        ErrorCode::MethodNotAllowed,
        format!("The method {method} is not allowed on this path."),
    )
}
