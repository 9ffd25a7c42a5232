//! `PUT …/entrepot/copies/{copy_id}/files/{file_id}?offset=…`: bytes that come by hand.
//!
//! What came of a body that is cut is kept: the next one goes on behind it.

use axum::body::Body;
use axum::extract::{Request, State};
use entrepot_api::assets::ErrorResponse;
use entrepot_api::replication::WantedFile;

use super::{files, view};
use crate::app::App;
use crate::error::{Error, ErrorCode, Result};
use crate::http::caller::Caller;
use crate::http::json::Json;
use crate::http::path::PathIds;
use crate::http::query::Query;
use crate::iam::Assets;
use crate::ids::{AssetId, ProjectId};
use crate::objects::put::{Blocks, new_key};
use crate::replication::model::{Copy, CopyState};
use crate::replication::store;
use crate::replication::store::segments::Segment;

/// Receives bytes of a copy by hand
///
/// From `offset` on, which must be where the server is. A signature must not cover the body.
#[utoipa::path(put, path = "/v1/{project_id}/digital-assets/{asset_id}/entrepot/copies/{copy_id}/files/{file_id}", tag = "Copies",
    params(("project_id" = String, Path), ("asset_id" = String, Path), ("copy_id" = String, Path),
        ("file_id" = String, Path), ("offset" = i64, Query)),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 200, body = WantedFile), (status = 400, body = ErrorResponse),
        (status = 409, body = ErrorResponse, description = "another offset is wanted")))]
pub async fn put(
    State(app): State<App>,
    caller: Caller,
    PathIds((project, asset, copy, file)): PathIds<(ProjectId, AssetId, String, String)>,
    mut query: Query,
    request: Request<Body>,
) -> Result<Json<WantedFile>> {
    let offset = query.integer("offset", 0..=i64::MAX)?.unwrap_or(0);
    query.finish()?;
    let offset = u64::try_from(offset).map_err(Error::internal)?;
    let permit = caller.permit(Assets::One(&project, &asset))?;
    let copy = app
        .db
        .read(async move |tx| view::permitted(tx, &permit, &project, &asset, &copy).await)
        .await?;
    let mut wanted = wanted(&app, &copy, &file).await?;
    if wanted.offset != offset {
        return Err(Error::new(
            ErrorCode::Conflict,
            format!(
                "The file goes on at offset {}, not {offset}.",
                wanted.offset
            ),
        ));
    }
    let (segment, cut) = receive(&app, &wanted, request.into_body()).await?;
    if let Some(segment) = segment {
        wanted.offset = segment.end();
        record(&app, &copy, segment).await?;
    }
    match cut {
        None => Ok(Json(wanted)),
        Some(error) => Err(error),
    }
}

async fn wanted(app: &App, copy: &Copy, file: &str) -> Result<WantedFile> {
    if !copy.by_hand || copy.state != CopyState::Waiting {
        let state = copy.state.as_str();
        let message = format!("The copy is {state}, and no bytes of it are wanted by hand.");
        return Err(Error::new(ErrorCode::IllegalCopyState, message));
    }
    let files = files::wanted(app, copy).await?.files;
    let found = files.into_iter().find(|wanted| wanted.file_id == file);
    found.ok_or_else(|| {
        Error::new(
            ErrorCode::FileNotFound,
            "The copy wants no bytes of this file: it is whole, held already, or not in it.",
        )
    })
}

/// What came, and the error that ended it early.
async fn receive(
    app: &App,
    wanted: &WantedFile,
    body: Body,
) -> Result<(Option<Segment>, Option<Error>)> {
    let mut blocks = Blocks::new(body);
    let storage_key = new_key(app)?;
    let mut writer = app.blobs.writer(&storage_key).await?;
    let mut size = 0;
    let cut = loop {
        match blocks.next().await {
            Ok(Some(block)) => {
                size += block.len() as u64;
                if wanted.offset + size > wanted.size {
                    return Err(Error::new(
                        ErrorCode::EntityTooLarge,
                        format!("The file has {} bytes; more were sent.", wanted.size),
                    ));
                }
                writer.write(block).await?;
            }
            Ok(None) => break None,
            Err(error) => break Some(error),
        }
    };
    if size == 0 {
        return Ok((None, cut));
    }
    writer.finish().await?;
    let segment = Segment {
        storage_key,
        file_id: wanted.file_id.clone(),
        start: wanted.offset,
        size,
    };
    Ok((Some(segment), cut))
}

/// Of two that send the same at once, the first is kept.
async fn record(app: &App, copy: &Copy, segment: Segment) -> Result<()> {
    let key = segment.storage_key.clone();
    let (id, now) = (copy.copy_id.clone(), app.clock.now());
    let dropped = app.db.write(async move |tx| {
        let found = store::copies::find(tx, &id).await?;
        let Some(mut copy) = found.filter(|copy| copy.state == CopyState::Waiting) else {
            let message = "The copy ended while its bytes came.";
            return Ok(Some((ErrorCode::IllegalCopyState, message)));
        };
        let here = store::segments::list_of_file(tx, &id, &segment.file_id).await?;
        let overlaps = |held: &Segment| held.start < segment.end() && segment.start < held.end();
        if here.iter().any(overlaps) {
            let message = "The same bytes came over another connection meanwhile.";
            return Ok(Some((ErrorCode::Conflict, message)));
        }
        store::segments::insert(tx, &id, std::slice::from_ref(&segment)).await?;
        copy.progress.bytes_done += segment.size;
        copy.updated_at = now;
        store::copies::update(tx, &copy).await?;
        Ok(None)
    });
    if let Some((code, message)) = dropped.await? {
        app.blobs.delete(&key).await?;
        return Err(Error::new(code, message));
    }
    Ok(())
}
