//! `PUT /objects/…`: the bytes of a file, as one object or as one part.
//!
//! Bytes are stored and hashed in one pass under a key of their own; only when they are durable and
//! match what was declared does a row refer to them. Whatever goes wrong before leaves nothing.

use axum::body::{Body, BodyDataStream};
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use data_encoding::{BASE64, HEXLOWER};
use entrepot_blob::{Digests, StorageKey};
use futures_util::StreamExt;
use http::{HeaderMap, StatusCode, header};

use super::put_part;
use super::store::claim;
use super::target::{SignedUrl, Target, again};
use crate::app::App;
use crate::error::{Error, ErrorCode, Result};
use crate::files;

/// A sender that is silent for so long is gone.
pub const SILENCE: std::time::Duration = std::time::Duration::from_mins(1);

/// Receives the bytes of a file, or of one part of it
///
/// The URL comes from the API. Answers 200 with the MD5 as `ETag`; errors are XML.
#[utoipa::path(put, path = "/objects/{project_id}/{asset_id}/{file}", tag = "Objects",
    params(("project_id" = String, Path), ("asset_id" = String, Path), ("file" = String, Path),
        ("AccessKeyId" = String, Query), ("Expires" = i64, Query), ("Signature" = String, Query),
        ("partNumber" = Option<i64>, Query), ("uploadId" = Option<String>, Query),
        ("Content-MD5" = Option<String>, Header, description = "As declared; not for parts")),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 200), (status = 403, description = "SignatureDoesNotMatch, AccessDenied"),
        (status = 400, description = "BadDigest, EntityTooLarge, EntityTooSmall"),
        (status = 507, description = "InsufficientStorage")))]
pub async fn put(State(app): State<App>, request: Request) -> Result<Response> {
    let (parts, body) = request.into_parts();
    let url = SignedUrl::parse(&app, &parts.uri).await?;
    let target = url.resolve(&app, "PUT", &parts.headers).await?;
    target.check_writable()?;
    let etag = match (url.part_number, target.file.part_count) {
        (None, None) => whole(&app, &target, &parts.headers, body).await?,
        (Some(number), Some(count)) if (1..=count).contains(&number) => {
            put_part::part(&app, &target, number, &parts.headers, body).await?
        }
        _ => {
            return Err(Error::new(
                ErrorCode::AccessDenied,
                "The URL's part number does not fit the file.",
            ));
        }
    };
    let etag = format!("\"{etag}\"");
    Ok((StatusCode::OK, [(header::ETAG, etag)]).into_response())
}

pub fn content_length(headers: &HeaderMap) -> Result<u64> {
    let length = headers.get(header::CONTENT_LENGTH);
    let length = length.and_then(|v| v.to_str().ok()?.parse().ok());
    length.ok_or_else(|| {
        Error::new(
            ErrorCode::MissingContentLength,
            "You must provide the Content-Length HTTP header.",
        )
    })
}

/// Blocks of a body, with an end to silence.
pub struct Blocks(BodyDataStream);

impl Blocks {
    pub fn new(body: Body) -> Self {
        Self(body.into_data_stream())
    }

    pub async fn next(&mut self) -> Result<Option<Bytes>> {
        let cut = |why: String| Error::new(ErrorCode::IncompleteBody, why);
        let next = tokio::time::timeout(SILENCE, self.0.next()).await;
        match next {
            Err(_) => Err(cut("No bytes came for a minute.".into())),
            Ok(None) => Ok(None),
            Ok(Some(Ok(block))) => Ok(Some(block)),
            Ok(Some(Err(error))) => Err(cut(format!("The body was cut: {error}"))),
        }
    }
}

pub fn new_key(app: &App) -> Result<StorageKey> {
    StorageKey::parse(&app.ids.next()).map_err(Error::internal)
}

async fn whole(app: &App, target: &Target, headers: &HeaderMap, body: Body) -> Result<String> {
    let declared = u64::try_from(target.file.declared_size.unwrap_or(0)).unwrap_or(0);
    let length = content_length(headers)?;
    if length > declared {
        return Err(Error::new(
            ErrorCode::EntityTooLarge,
            format!("{length} bytes are announced, {declared} were declared."),
        ));
    }
    if length < declared {
        return Err(Error::new(
            ErrorCode::EntityTooSmall,
            format!("{length} bytes are announced, {declared} were declared."),
        ));
    }
    let key = new_key(app)?;
    let digests = receive(app, &key, body).await?;
    let md5 = BASE64.encode(&digests.md5);
    if digests.size != declared || Some(&md5) != target.file.declared_md5.as_ref() {
        app.blobs.delete(&key).await?;
        return Err(Error::new(
            ErrorCode::BadDigest,
            "The Content-MD5 you specified did not match what we received.",
        ));
    }
    record(app, target, key, digests).await?;
    Ok(HEXLOWER.encode(&digests.md5))
}

async fn receive(app: &App, key: &StorageKey, body: Body) -> Result<Digests> {
    let mut blocks = Blocks::new(body);
    let mut ingest = app.blobs.ingest(key).await?;
    while let Some(block) = blocks.next().await? {
        ingest.write(block).await?;
    }
    Ok(ingest.finish().await?)
}

/// Lets the file refer to the bytes; equal content that is there already takes their place.
async fn record(app: &App, target: &Target, key: StorageKey, digests: Digests) -> Result<()> {
    let (owned, target, new_blob) = (app.clone(), target.clone(), app.ids.blob());
    let stored = key.clone();
    let outcome = app
        .db
        .write(async move |tx| {
            let now = owned.clock.now();
            let target = again(tx, &target).await?;
            let (blob, used) = claim(tx, &new_blob, &stored, &digests, now).await?;
            files::store::set_blob(tx, &target.file, Some(&blob), now).await?;
            Ok(used)
        })
        .await;
    // where it is not known whether the row stands, the sweep decides later
    let refused = |error: &Error| error.code == ErrorCode::AccessDenied;
    if outcome.as_ref().map_or_else(refused, |used| !used) {
        app.blobs.delete(&key).await?;
    }
    outcome.map(|_| ())
}
