//! `PUT /v2/{project_id}/instances/{instance_id}/assets/entrepot/uploads/{upload_id}`

use axum::body::Body;
use axum::extract::State;
use entrepot_api::imports::UploadInfo;
use entrepot_api::integration::RomaErrorResponse;
use http::HeaderMap;

use super::model::UploadState;
use super::{rules, view};
use crate::app::App;
use crate::error::{Error, ErrorCode, Result};
use crate::http::caller::Caller;
use crate::http::json::Json;
use crate::http::path::PathIds;
use crate::http::query::Query;
use crate::iam::Resource;
use crate::ids::{InstanceId, ProjectId, UploadId};
use crate::objects::put::{Blocks, content_length};
use crate::packages::receive::{check_room, of_blocks, receive};
use crate::packages::store;

/// Sends a package, or the rest of it (extension)
///
/// The body is the bytes from `offset` on, best all of them: an entry that does not end in it is
/// not kept. A call takes over from one that still runs. Answers 409 where `offset` is not the
/// upload's. Sign with `X-Sdk-Content-Sha256: UNSIGNED-PAYLOAD`.
#[utoipa::path(put,
    path = "/v2/{project_id}/instances/{instance_id}/assets/entrepot/uploads/{upload_id}",
    tag = "Packages",
    params(("project_id" = String, Path), ("instance_id" = String, Path),
        ("upload_id" = String, Path),
        ("offset" = u64, Query, description = "As the upload has it; 0 at first")),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 200, body = UploadInfo), (status = 400, body = RomaErrorResponse),
        (status = 404, body = RomaErrorResponse), (status = 409, body = RomaErrorResponse),
        (status = 411, body = RomaErrorResponse), (status = 507, body = RomaErrorResponse)))]
pub async fn put(
    State(app): State<App>,
    caller: Caller,
    PathIds((project, instance, id)): PathIds<(ProjectId, InstanceId, UploadId)>,
    mut query: Query,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<UploadInfo>> {
    caller.authorize(Resource::Instance(&project, &instance))?;
    let offset = query.integer("offset", 0..=i64::MAX)?.unwrap_or(0);
    query.finish()?;
    let offset = u64::try_from(offset).unwrap_or(0);
    let length = content_length(&headers)?;
    check_room(&app, length).await?;
    let (user, now) = (caller.principal.user_id.clone(), app.clock.now());
    let (upload, writer) = app
        .db
        .write(async move |tx| {
            let upload = rules::require_own(tx, &project, &instance, &user, &id).await?;
            let size = upload.size.unwrap_or(u64::MAX);
            if upload.state != UploadState::Receiving || upload.received != offset {
                return Err(elsewhere(upload.received));
            }
            if offset.saturating_add(length) > size {
                return Err(Error::parameter(
                    "Content-Length",
                    format!("goes beyond the {size} bytes that were announced"),
                ));
            }
            let writer = store::uploads::take_over(tx, &id, now).await?;
            Ok((upload, writer))
        })
        .await?;
    let incoming = of_blocks(Blocks::new(body));
    let received = tokio::spawn(receive(app, upload, writer, incoming)).await;
    let upload = received.map_err(Error::internal)??;
    Ok(Json(view::info(upload)))
}

fn elsewhere(offset: u64) -> Error {
    Error::new(
        ErrorCode::UploadOffset,
        format!("The upload goes on at byte {offset}."),
    )
}
