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
use crate::iam::Assets;
use crate::ids::{FileId, ProjectId};
use crate::objects::{self, Link};

/// Signs the upload URLs of a file again
///
/// One URL a part; a file sent by one PUT has one. Also tells which parts have arrived, so that an
/// upload that was cut goes on with the others.
#[utoipa::path(post, path = "/v1/{project_id}/entrepot/files/{file_id}/part-urls", tag = "Files",
    params(("project_id" = String, Path), ("file_id" = String, Path)),
    responses((status = 200, body = PartUrlsResponse), (status = 400, body = ErrorResponse)))]
pub async fn post(
    State(app): State<App>,
    caller: Caller,
    PathIds((project, file)): PathIds<(ProjectId, FileId)>,
) -> Result<Json<PartUrlsResponse>> {
    let permit = caller.permit(Assets::Any(&project))?;
    let (file, asset, parts) = app
        .db
        .snapshot(async move |tx| {
            let file = store::require(tx, &project, &file).await?;
            let asset = assets::permitted(tx, &permit, &project, &file.asset_id).await?;
            let parts = objects::list_parts(tx, &file.file_id).await?;
            Ok((file, asset, parts))
        })
        .await?;
    if file.state != FileState::Creating {
        let message = "Only a file that is CREATING has upload URLs.";
        return Err(Error::new(ErrorCode::IllegalFileState, message));
    }
    super::declare::refuse_unchangeable(&asset)?;
    let (link, now) = (Link::of(&file, asset.url_epoch), app.clock.now());
    let md5 = file.declared_md5.as_deref().unwrap_or_default();
    let upload_urls = match file.part_count {
        None => vec![app.urls.upload(&link, md5, now)],
        Some(count) => (1..=count)
            .map(|n| app.urls.upload_part(&link, n, now))
            .collect(),
    };
    Ok(Json(PartUrlsResponse {
        upload_urls,
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
