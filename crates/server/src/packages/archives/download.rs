//! `GET` and `HEAD /v2/{project_id}/instances/{instance_id}/assets/archives/{archive_id}`: a
//! package, once.

use std::ops::Range;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};

use super::{Ids, require};
use crate::app::App;
use crate::config::minutes;
use crate::error::{Error, ErrorCode, Result};
use crate::http::connection::Connection;
use crate::http::path::PathIds;
use crate::iam::Caller;
use crate::objects::{Wanted, wanted};
use crate::packages::delivery;
use crate::packages::model::Archive;
use crate::packages::once::Holder;

pub const RECEIPT: &str = "x-entrepot-receipt";

/// Downloads a package, which can be done only once
///
/// The first GET makes the package its caller's. It is used up when every byte has arrived there,
/// as far as the caller's TCP tells; a download that breaks before may be gone on with by the same
/// caller, by `Range` with `If-Range` or from the beginning. HEAD shows what a GET would bring and
/// uses up nothing. With `X-Entrepot-Receipt: required` in the first GET, the package is used up by
/// the receipt instead.
#[utoipa::path(get,
    path = "/v2/{project_id}/instances/{instance_id}/assets/archives/{archive_id}",
    tag = "Packages" ,
    params(("project_id" = String, Path), ("instance_id" = String, Path),
        ("archive_id" = String, Path), ("Range" = Option<String>, Header),
        ("If-Range" = Option<String>, Header), ("X-Entrepot-Receipt" = Option<String>, Header)),
    responses((status = 200, content_type = "application/zip", body = Vec<u8>), (status = 206),
        (status = 403, description = "ROMA.19001 to ROMA.19007"),
        (status = 416, description = "ROMA.19009")))]
pub async fn get(
    State(app): State<App>,
    PathIds(ids): PathIds<Ids>,
    caller: Caller,
    request: Request,
) -> Result<Response> {
    let (parts, _) = request.into_parts();
    let receipt_required = receipt_required(&parts.headers)?;
    let archive = require(&app, &caller, ids).await?;
    let user = &caller.principal.user_id;
    let whole = 0..archive.size;
    if parts.method == Method::HEAD {
        delivery::check(&app, &archive, user, archive.size).await?;
        let headers = headers(&archive, &whole, archive.receipt_required);
        return Ok((headers, Body::empty()).into_response());
    }
    let range = match wanted(&parts.headers, &etag(&archive), archive.size) {
        Wanted::Unsatisfiable => {
            delivery::check(&app, &archive, user, 0).await?;
            return Ok(unsatisfiable(archive.size));
        }
        Wanted::Ranges(ranges) if ranges.len() == 1 => ranges.into_iter().next(),
        Wanted::Ranges(_) | Wanted::Whole => None,
    };
    let holder = holder(&app, &caller, receipt_required);
    let sent = range.clone().unwrap_or(whole);
    let connection = parts.extensions.get::<Connection>();
    let parcel = delivery::begin(&app, &archive, &holder, &sent, connection).await?;
    let mut headers = headers(&archive, &sent, parcel.begun.receipt_required);
    let mut status = StatusCode::OK;
    if range.is_some() {
        status = StatusCode::PARTIAL_CONTENT;
        let (first, last, size) = (sent.start, sent.end - 1, archive.size);
        let value = format!("bytes {first}-{last}/{size}");
        set(&mut headers, header::CONTENT_RANGE, &value);
    }
    Ok((status, headers, parcel.body).into_response())
}

fn receipt_required(headers: &HeaderMap) -> Result<bool> {
    match headers.get(RECEIPT).map(HeaderValue::as_bytes) {
        None => Ok(false),
        Some(b"required") => Ok(true),
        Some(_) => Err(Error::parameter("X-Entrepot-Receipt", "must be 'required'")),
    }
}

fn holder(app: &App, caller: &Caller, receipt_required: bool) -> Holder {
    Holder {
        user_id: caller.principal.user_id.clone(),
        name: caller.principal.user_name.clone(),
        address: caller.address.map(|address| address.to_string()),
        lease: minutes(app.config.archive_lease_minutes),
        receipt_required,
    }
}

fn etag(archive: &Archive) -> String {
    format!("\"{}\"", archive.digest)
}

fn set(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

fn headers(archive: &Archive, sent: &Range<u64>, receipt_required: bool) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let disposition = format!("attachment; filename=\"{}\"", archive.file_name);
    let length = (sent.end - sent.start).to_string();
    for (name, value) in [
        (header::CONTENT_TYPE, "application/zip"),
        (header::CONTENT_LENGTH, length.as_str()),
        (header::CONTENT_DISPOSITION, disposition.as_str()),
        (header::ETAG, etag(archive).as_str()),
        (header::ACCEPT_RANGES, "bytes"),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (HeaderName::from_static("x-accel-buffering"), "no"),
    ] {
        set(&mut headers, name, value);
    }
    if receipt_required {
        set(&mut headers, HeaderName::from_static(RECEIPT), "required");
    }
    headers
}

fn unsatisfiable(size: u64) -> Response {
    let message = format!("The package has {size} bytes; the range asked for can't be sent.");
    let mut response = Error::new(ErrorCode::InvalidRange, message).into_response();
    let value = format!("bytes */{size}");
    set(response.headers_mut(), header::CONTENT_RANGE, &value);
    response
}
