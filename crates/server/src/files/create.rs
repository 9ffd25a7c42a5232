//! `POST /v1/{project_id}/files`

use axum::extract::State;
use entrepot_api::assets::ErrorResponse;
use entrepot_api::files::{CreateFileResponse, FilesCreateReq};

use super::declare::{self, Label};
use super::model::File;
use super::rules;
use crate::app::App;
use crate::error::Result;
use crate::http::caller::Caller;
use crate::http::json::Json;
use crate::http::path::PathIds;
use crate::iam::Assets;
use crate::ids::ProjectId;
use crate::objects::Link;

/// Declares a file of an asset
///
/// PUT its bytes to `upload_url` with the declared `Content-MD5` and the `Content-Type` of its
/// suffix, then complete it.
#[utoipa::path(post, path = "/v1/{project_id}/files", tag = "Files",
    params(("project_id" = String, Path)),
    request_body = FilesCreateReq,
    responses((status = 200, body = CreateFileResponse), (status = 400, body = ErrorResponse)))]
pub async fn post(
    State(app): State<App>,
    caller: Caller,
    PathIds(project): PathIds<ProjectId>,
    Json(body): Json<FilesCreateReq>,
) -> Result<Json<CreateFileResponse>> {
    let file = declare::draft(
        &app,
        project,
        Label {
            file_name: body.file_name,
            file_type: body.file_type,
            asset_id: body.asset_id,
            category: body.asset_file_category,
        },
    )?;
    rules::check_md5(&body.file_md5)?;
    rules::check_size(body.file_size, rules::MAX_SIZE)?;
    let permit = caller.permit(Assets::One(&file.project_id, &file.asset_id))?;
    let file = File {
        declared_md5: Some(body.file_md5),
        declared_size: Some(body.file_size),
        ..file
    };
    let (declared, asset) = declare::declare(&app, permit, file).await?;
    let upload_url = app.urls.upload(
        &Link::of(&declared, asset.url_epoch),
        declared.declared_md5.as_deref().unwrap_or_default(),
        declared.created_at,
    );
    Ok(Json(CreateFileResponse {
        file_id: declared.file_id.into_string(),
        upload_url,
    }))
}
