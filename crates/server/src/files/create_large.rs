//! `POST /v1/{project_id}/large-files`

use axum::extract::State;
use entrepot_api::assets::ErrorResponse;
use entrepot_api::files::{CreateLargeFileResponse, LargeFilesCreateReq};

use super::declare::{self, Label};
use super::model::{Category, File};
use super::rules;
use crate::app::App;
use crate::error::{Error, Result};
use crate::http::caller::Caller;
use crate::http::json::Json;
use crate::http::path::PathIds;
use crate::iam::Assets;
use crate::ids::ProjectId;
use crate::objects::Link;

/// Declares a file that is sent in parts
///
/// PUT each part to its URL, in any order, again if need be, then complete the file.
#[utoipa::path(post, path = "/v1/{project_id}/large-files", tag = "Files",
    params(("project_id" = String, Path)),
    request_body = LargeFilesCreateReq,
    responses((status = 200, body = CreateLargeFileResponse), (status = 400, body = ErrorResponse)))]
pub async fn post(
    State(app): State<App>,
    caller: Caller,
    PathIds(project): PathIds<ProjectId>,
    Json(body): Json<LargeFilesCreateReq>,
) -> Result<Json<CreateLargeFileResponse>> {
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
    let allowed = [Category::Main, Category::Other, Category::Package];
    if !allowed.contains(&file.category) {
        return Err(Error::parameter(
            "asset_file_category",
            "of a large file must be MAIN, OTHER or PACKAGE",
        ));
    }
    if let Some(size) = body.file_size {
        rules::check_size(size, rules::MAX_LARGE_SIZE)?;
    }
    let parts = body.file_multipart_count.unwrap_or(1);
    if !(1..=rules::MAX_PARTS).contains(&parts) {
        return Err(Error::parameter("file_multipart_count", "must be 1 to 100"));
    }
    let permit = caller.permit(Assets::One(&file.project_id, &file.asset_id))?;
    let file = File {
        declared_size: body.file_size,
        part_count: Some(parts),
        ..file
    };
    let (file, asset) = declare::declare(&app, permit, file).await?;
    let now = file.created_at;
    let link = Link::of(&file, asset.url_epoch);
    Ok(Json(CreateLargeFileResponse {
        upload_urls: (1..=parts)
            .map(|n| app.urls.upload_part(&link, n, now))
            .collect(),
        file_id: file.file_id.into_string(),
    }))
}
