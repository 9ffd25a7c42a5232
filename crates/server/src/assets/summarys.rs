//! `POST /v1/{project_id}/digital-assets/summarys` (the spelling is the wire's)

use axum::extract::State;
use entrepot_api::assets::{
    DigitalAssetSummary, ErrorResponse, ListAssetSummarysReq, ListAssetSummarysResponse,
};

use super::model::AssetType;
use super::rules::check_length;
use super::search::{self, Summary};
use crate::app::App;
use crate::error::{Error, Result};
use crate::http::caller::Caller;
use crate::http::json::Json;
use crate::http::path::PathIds;
use crate::iam::{Assets, Permit};
use crate::ids::ProjectId;
use crate::objects::Link;

fn is_permitted(permit: &Permit, found: &Summary) -> bool {
    let app_user = found.app_user_id.as_deref();
    permit.covers(&found.asset_id, app_user).is_ok()
}

/// Shows the short form of many assets
///
/// In the order asked for. Ids that are not there, or not the caller's, are left out.
#[utoipa::path(post, path = "/v1/{project_id}/digital-assets/summarys", tag = "Assets",
    params(("project_id" = String, Path)),
    request_body = ListAssetSummarysReq,
    responses((status = 200, body = ListAssetSummarysResponse), (status = 400, body = ErrorResponse)))]
pub async fn post(
    State(app): State<App>,
    caller: Caller,
    PathIds(project): PathIds<ProjectId>,
    Json(body): Json<ListAssetSummarysReq>,
) -> Result<Json<ListAssetSummarysResponse>> {
    let permit = caller.permit(Assets::Any(&project))?;
    if !(1..=1000).contains(&body.asset_ids.len()) {
        return Err(Error::parameter("asset_ids", "must have 1 to 1000 ids"));
    }
    for id in &body.asset_ids {
        check_length("asset_ids", id, 0..=1024)?;
    }
    let (ids, owner) = (body.asset_ids.clone(), project.clone());
    let mut by_id = app
        .db
        .read(async move |tx| search::list_summaries(tx, &owner, &ids).await)
        .await?;
    let mut asset_list = Vec::with_capacity(by_id.len());
    for id in &body.asset_ids {
        // one that is asked for twice is answered once
        if let Some(found) = by_id.remove(id)
            && is_permitted(&permit, &found)
        {
            asset_list.push(view(&app, &project, found));
        }
    }
    Ok(Json(ListAssetSummarysResponse { asset_list }))
}

pub fn view(app: &App, project: &ProjectId, summary: Summary) -> DigitalAssetSummary {
    let readable = summary.state.is_readable();
    // images have no cover of their own
    let is_image = summary.asset_type == AssetType::Image;
    let cover = summary
        .cover
        .as_ref()
        .or(summary.main.as_ref().filter(|_| is_image));
    let cover_url = cover.filter(|_| readable).map(|file| {
        app.urls.download(
            &Link {
                project,
                asset: &summary.asset_id,
                file: &file.file_id,
                file_type: &file.file_type,
                epoch: summary.url_epoch,
            },
            app.clock.now(),
        )
    });
    let shown = summary.preview_id.as_deref().filter(|_| readable);
    let thumbnail_url = shown.map(|preview| {
        let (asset, epoch) = (&summary.asset_id, summary.url_epoch);
        app.urls
            .thumbnail(project, asset, preview, epoch, app.clock.now())
    });
    DigitalAssetSummary {
        asset_name: summary.name,
        asset_state: summary.state.as_str().to_owned(),
        asset_type: summary.asset_type.as_str().to_owned(),
        block_reason_code: summary.block_reason_code,
        cover_url,
        thumbnail_url,
        asset_id: summary.asset_id.into_string(),
    }
}
