//! `GET` and `HEAD /objects/…`: the bytes of a file, whole or in ranges.

use std::ops::Range;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::{StreamExt, stream as streams};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use serde_json::json;

use super::content::{Blocks, Content, Segment, stream};
use super::headers::{common, names_etag};
use super::range::{self, Wanted};
use super::store::require_content;
use super::target::SignedUrl;
use crate::app::App;
use crate::audit::{Event, Outcome};
use crate::db::Tx;
use crate::error::{Error, ErrorCode, Result};
use crate::files::{Category, File};
use crate::http::accept::takes_webp;
use crate::ids::BlobId;
use crate::processing;

const BOUNDARY: &str = "entrepot-byte-ranges-4f2a9c71";

/// Sends the bytes of a file
///
/// The URL comes from the API. Takes `Range` (several too), `If-Range` and `If-None-Match`.
#[utoipa::path(get, path = "/objects/{project_id}/{asset_id}/{file}", tag = "Objects",
    params(("project_id" = String, Path), ("asset_id" = String, Path), ("file" = String, Path),
        ("AccessKeyId" = String, Query), ("Expires" = i64, Query), ("Signature" = String, Query),
        ("Range" = Option<String>, Header)),
    responses((status = 200, content_type = "application/octet-stream", body = Vec<u8>), (status = 206),
        (status = 304), (status = 403, description = "SignatureDoesNotMatch, AccessDenied"),
        (status = 416, description = "InvalidRange")))]
pub async fn get(State(app): State<App>, request: Request) -> Result<Response> {
    let (parts, _) = request.into_parts();
    let url = SignedUrl::parse(&app, &parts.uri).await?;
    let target = url.resolve(&app, "GET", &parts.headers).await?;
    target.check_readable()?;
    let blob = target.file.blob_id.clone().ok_or_else(|| {
        Error::internal(format!(
            "the complete file {} has no blob",
            target.file.file_id
        ))
    })?;
    let webp = find_webp(&app, &target.file, &parts.headers).await?;
    let etag = etag(&blob, webp.is_some());
    let mut headers = describe(&target.file, &etag, webp.is_some());
    if let Some(known) = parts.headers.get(header::IF_NONE_MATCH)
        && names_etag(known, &etag)
    {
        return Ok((StatusCode::NOT_MODIFIED, headers).into_response());
    }
    let content = if let Some(content) = webp {
        content
    } else {
        stored(&app, blob).await?
    };
    let body_wanted = parts.method != Method::HEAD;
    let ranges = match range::wanted(&parts.headers, &etag, content.size) {
        Wanted::Whole => Vec::new(),
        Wanted::Ranges(ranges) => ranges,
        Wanted::Unsatisfiable => return Ok(unsatisfiable(content.size)),
    };
    let (status, length, body) = match ranges.as_slice() {
        [] => {
            let blocks = stream_if(body_wanted, &app, &content, 0..content.size);
            (StatusCode::OK, content.size, blocks)
        }
        [range] => {
            let value = content_range(range, content.size);
            insert(&mut headers, header::CONTENT_RANGE, &value);
            let blocks = stream_if(body_wanted, &app, &content, range.clone());
            (StatusCode::PARTIAL_CONTENT, range.end - range.start, blocks)
        }
        several => {
            let pieces = multipart(&headers, several, content.size);
            let value = format!("multipart/byteranges; boundary={BOUNDARY}");
            insert(&mut headers, header::CONTENT_TYPE, &value);
            let length = pieces.iter().map(Piece::length).sum();
            let blocks = body_wanted.then(|| send(&app, &content, pieces));
            (StatusCode::PARTIAL_CONTENT, length, blocks)
        }
    };
    insert(&mut headers, header::CONTENT_LENGTH, &length.to_string());
    if body.is_some() {
        note(&app, &target.file, &parts, length).await;
    }
    let body = body.map_or_else(Body::empty, Body::from_stream);
    Ok((status, headers, body).into_response())
}

fn etag(blob: &BlobId, is_webp: bool) -> String {
    let form = if is_webp { "-webp" } else { "" };
    format!("\"{blob}{form}\"")
}

/// Everything but length and range.
fn describe(file: &File, etag: &str, is_webp: bool) -> HeaderMap {
    let mut headers = common(file, etag);
    if file.category == Category::Cover {
        insert(&mut headers, header::VARY, "Accept");
    }
    if is_webp {
        insert(&mut headers, header::CONTENT_TYPE, "image/webp");
    }
    headers
}

async fn stored(app: &App, blob: BlobId) -> Result<Content> {
    let reading = async move |tx: &mut Tx| require_content(tx, &blob).await;
    app.db.read(reading).await
}

/// A cover that the server made is there as WebP, too, for those that say they take it.
async fn find_webp(app: &App, file: &File, headers: &HeaderMap) -> Result<Option<Content>> {
    if file.category != Category::Cover || !takes_webp(headers) {
        return Ok(None);
    }
    let id = file.file_id.clone();
    let reading = async move |tx: &mut Tx| processing::find_webp(tx, &id).await;
    let found = app.db.read(reading).await?;
    Ok(found.map(|(storage_key, size)| Content {
        size,
        segments: vec![Segment { storage_key, size }],
    }))
}

/// Before a byte is handed out, it waits to be written who gets it.
async fn note(app: &App, file: &File, request: &Parts, length: u64) {
    if !app.config.audit_downloads {
        return;
    }
    let range = request.headers.get(header::RANGE);
    let detail = json!({
        "asset_id": file.asset_id, "bytes": length, "range": range.and_then(|v| v.to_str().ok()),
    });
    let resource = format!("file/{}", file.file_id);
    let event = Event::new(app, "entrepot:object:get", resource, Outcome::Done, detail)
        .in_project(&file.project_id)
        .of_request(&request.extensions);
    app.audit.note(event).await;
}

fn insert(headers: &mut HeaderMap, name: header::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

fn stream_if(wanted: bool, app: &App, content: &Content, range: Range<u64>) -> Option<Blocks> {
    wanted.then(|| stream(app, content, range))
}

fn unsatisfiable(size: u64) -> Response {
    let error = Error::new(
        ErrorCode::InvalidRange,
        format!("The file has {size} bytes; the range asked for can't be sent."),
    );
    let mut response = error.into_response();
    let value = format!("bytes */{size}");
    insert(response.headers_mut(), header::CONTENT_RANGE, &value);
    response
}

fn content_range(range: &Range<u64>, size: u64) -> String {
    format!("bytes {}-{}/{size}", range.start, range.end - 1)
}

/// A stretch of a multipart answer.
enum Piece {
    Text(String),
    Bytes(Range<u64>),
}

impl Piece {
    fn length(&self) -> u64 {
        match self {
            Piece::Text(text) => text.len() as u64,
            Piece::Bytes(range) => range.end - range.start,
        }
    }
}

fn multipart(headers: &HeaderMap, ranges: &[Range<u64>], size: u64) -> Vec<Piece> {
    let content_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|v| v.to_str().ok());
    let content_type = content_type.unwrap_or("application/octet-stream");
    let mut pieces = Vec::new();
    for (i, range) in ranges.iter().enumerate() {
        let newline = if i == 0 { "" } else { "\r\n" };
        let value = content_range(range, size);
        pieces.push(Piece::Text(format!(
            "{newline}--{BOUNDARY}\r\nContent-Type: {content_type}\r\nContent-Range: {value}\r\n\r\n"
        )));
        pieces.push(Piece::Bytes(range.clone()));
    }
    pieces.push(Piece::Text(format!("\r\n--{BOUNDARY}--\r\n")));
    pieces
}

fn send(app: &App, content: &Content, pieces: Vec<Piece>) -> Blocks {
    let (app, content) = (app.clone(), content.clone());
    let blocks = streams::iter(pieces).flat_map(move |piece| match piece {
        Piece::Text(text) => Box::pin(streams::iter([Ok(Bytes::from(text))])),
        Piece::Bytes(range) => stream(&app, &content, range),
    });
    Box::pin(blocks)
}
