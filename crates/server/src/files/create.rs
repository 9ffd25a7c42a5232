//! `POST /v1/{project_id}/files`

use axum::extract::State;
use entrepot_api::assets::ErrorResponse;
use entrepot_api::files::{CreateFileResponse, FilesCreateReq};

use super::model::{Category, File, FileState};
use super::{rules, store};
use crate::app::App;
use crate::assets::{self, Asset, AssetState, Step};
use crate::clock::Timestamp;
use crate::db::Tx;
use crate::error::{Error, ErrorCode, Result};
use crate::http::caller::Caller;
use crate::http::json::Json;
use crate::http::path::PathIds;
use crate::iam::{Action, Resource};
use crate::ids::{AssetId, ProjectId};
use crate::objects::Link;

/// Declares a file of an asset
///
/// PUT its bytes to `upload_url` with the declared `Content-MD5` and the `Content-Type` of its
/// suffix, then complete it.
#[utoipa::path(post, path = "/v1/{project_id}/files", tag = "Files",
    params(("project_id" = String, Path)),
    request_body = FilesCreateReq,
    responses((status = 200, body = CreateFileResponse), (status = 400, body = ErrorResponse)),
    extensions(("x-action" = json!("metastudio:file:create"))))]
pub async fn post(
    State(app): State<App>,
    caller: Caller,
    PathIds(project): PathIds<ProjectId>,
    Json(body): Json<FilesCreateReq>,
) -> Result<Json<CreateFileResponse>> {
    let category = rules::parse_category(&body.asset_file_category)?;
    rules::check_file_type(&body.file_type)?;
    assets::rules::check_label("file_name", &body.file_name, 1..=256)?;
    assets::rules::check_length("asset_id", &body.asset_id, 1..=64)?;
    rules::check_md5(&body.file_md5)?;
    rules::check_size(body.file_size, rules::MAX_SIZE)?;
    let asset_id = AssetId::new(body.asset_id);
    caller.authorize(Action::FileCreate, Resource::Asset(&project, &asset_id))?;

    let now = app.clock.now();
    let file = File {
        file_id: app.ids.file(),
        asset_id,
        project_id: project,
        name: body.file_name,
        file_type: body.file_type,
        category,
        state: FileState::Creating,
        declared_md5: Some(body.file_md5),
        declared_size: Some(body.file_size),
        part_count: None,
        blob_id: None,
        reason: None,
        created_at: now,
        updated_at: now,
    };
    let (declared, asset) = declare(&app, file).await?;
    let upload_url = app.urls.upload(
        &Link::of(&declared, asset.url_epoch),
        declared.declared_md5.as_deref().unwrap_or_default(),
        now,
    );
    Ok(Json(CreateFileResponse {
        file_id: declared.file_id.into_string(),
        upload_url,
    }))
}

/// Adds the file to its asset, if the asset may have it.
pub async fn declare(app: &App, file: File) -> Result<(File, Asset)> {
    let now = app.clock.now();
    app.db
        .write(async move |tx| {
            let asset = assets::require(tx, &file.project_id, &file.asset_id).await?;
            refuse_unchangeable(&asset)?;
            rules::check_category(asset.asset_type, file.category)?;
            rules::check_format(
                asset.asset_type,
                file.category,
                &file.file_type,
                file.declared_size,
            )?;
            if !store::insert(tx, &file).await? {
                return Err(store::taken(file.category));
            }
            let asset = touch(tx, asset, file.category, now).await?;
            Ok((file.clone(), asset))
        })
        .await
}

pub fn refuse_unchangeable(asset: &Asset) -> Result<()> {
    let state = asset.state();
    if state.is_changeable() {
        return Ok(());
    }
    let code = match state {
        AssetState::Block => ErrorCode::AssetBlocked,
        _ => ErrorCode::IllegalAssetState,
    };
    let name = state.as_str();
    Err(Error::new(
        code,
        format!("The asset is {name}; in this state its files can't change."),
    ))
}

/// A new main file for an asset whose last one failed starts it over.
async fn touch(tx: &mut Tx, asset: Asset, category: Category, now: Timestamp) -> Result<Asset> {
    if category == Category::Main && asset.state() == AssetState::Failed {
        return assets::take_step(tx, asset, Step::MainFileGone, now).await;
    }
    assets::change(tx, asset, now, |_| {}).await
}
