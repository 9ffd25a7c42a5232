//! `POST /v1/{project_id}/entrepot/files/{file_id}/part-urls` (extension)

use axum::extract::State;
use entrepot_api::assets::ErrorResponse;
use entrepot_api::files::{PartUrlsResponse, UploadedPart};

use super::model::FileState;
use super::store;
use crate::app::App;
use crate::assets;
use crate::error::{Error, ErrorCode, Result};
use crate::http::caller::Caller;
use crate::http::json::Json;
use crate::http::path::PathIds;
use crate::iam::{Action, Resource};
use crate::ids::{FileId, ProjectId};
use crate::objects::{self, Link};

/// Signs the part URLs of a large file again
///
/// Also tells which parts have arrived, so that an upload that was cut goes on with the others.
#[utoipa::path(post, path = "/v1/{project_id}/entrepot/files/{file_id}/part-urls", tag = "Files",
    params(("project_id" = String, Path), ("file_id" = String, Path)),
    responses((status = 200, body = PartUrlsResponse), (status = 400, body = ErrorResponse)),
    extensions(("x-action" = json!("metastudio:file:create"))))]
pub async fn post(
    State(app): State<App>,
    caller: Caller,
    PathIds((project, file)): PathIds<(ProjectId, FileId)>,
) -> Result<Json<PartUrlsResponse>> {
    caller.authorize(Action::FileCreate, Resource::Project(&project))?;
    let (file, asset, parts) = app
        .db
        .snapshot(async move |tx| {
            let file = store::require(tx, &project, &file).await?;
            let asset = assets::require(tx, &project, &file.asset_id).await?;
            let parts = objects::list_parts(tx, &file.file_id).await?;
            Ok((file, asset, parts))
        })
        .await?;
    let Some(count) = file
        .part_count
        .filter(|_| file.state == FileState::Creating)
    else {
        return Err(Error::new(
            ErrorCode::IllegalFileState,
            "Only a large file that is CREATING has part URLs.",
        ));
    };
    super::create::refuse_unchangeable(&asset)?;
    let (link, now) = (Link::of(&file, asset.url_epoch), app.clock.now());
    Ok(Json(PartUrlsResponse {
        upload_urls: (1..=count)
            .map(|n| app.urls.upload_part(&link, n, now))
            .collect(),
        parts: parts
            .into_iter()
            .map(|part| UploadedPart {
                part_number: part.number,
                size: part.size,
                etag: part.md5,
            })
            .collect(),
        file_id: file.file_id.into_string(),
    }))
}
