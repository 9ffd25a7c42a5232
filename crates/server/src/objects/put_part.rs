//! One part of a file: stored under a key of its own, so that parts come in any order and again.

use axum::body::Body;
use data_encoding::HEXLOWER;
use http::request::Parts;
use serde_json::json;

use super::put::{Blocks, content_length, event, new_key};
use super::store::{Part, put_part};
use super::target::{Target, again};
use crate::app::App;
use crate::audit;
use crate::error::{Error, ErrorCode, Result};
use crate::files::rules::MAX_LARGE_SIZE;

/// Answers the part's MD5 in hexadecimal digits.
pub async fn part(
    app: &App,
    target: &Target,
    number: i64,
    request: &Parts,
    body: Body,
) -> Result<String> {
    let length = content_length(&request.headers)?;
    let most = target.file.declared_size.unwrap_or(MAX_LARGE_SIZE);
    if length > u64::try_from(most).unwrap_or(0) {
        return Err(Error::new(
            ErrorCode::EntityTooLarge,
            format!("{length} bytes are announced, the whole file has at most {most}."),
        ));
    }
    if length == 0 {
        return Err(Error::new(
            ErrorCode::EntityTooSmall,
            "A part has at least one byte.",
        ));
    }
    let key = new_key(app)?;
    let mut blocks = Blocks::new(body);
    let mut ingest = app.blobs.ingest_part(&key).await?;
    while let Some(block) = blocks.next().await? {
        ingest.write(block).await?;
    }
    let digest = ingest.finish().await?;
    let md5 = HEXLOWER.encode(&digest.md5);
    let part = Part {
        number,
        storage_key: key.as_str().to_owned(),
        size: i64::try_from(digest.size).unwrap_or(i64::MAX),
        md5: md5.clone(),
    };
    let detail = json!({
        "asset_id": target.file.asset_id, "part_number": number, "bytes": digest.size,
    });
    let event = event(app, target, request, detail);
    let (target, now) = (target.clone(), app.clock.now());
    let outcome = app
        .db
        .write(async move |tx| {
            let target = again(tx, &target).await?;
            audit::record(tx, &event).await?;
            put_part(tx, &target.file.file_id, &part, now).await
        })
        .await;
    match outcome {
        // the one that came before is out of the way; should this fail, the sweep finds it
        Ok(Some(replaced)) => app.blobs.delete(&replaced).await?,
        Ok(None) => {}
        Err(error) if error.code == ErrorCode::AccessDenied => {
            app.blobs.delete(&key).await?;
            return Err(error);
        }
        Err(error) => return Err(error),
    }
    Ok(md5)
}
