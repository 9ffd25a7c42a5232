//! `GET /v1/{project_id}/digital-assets/{asset_id}`

use axum::extract::State;
use entrepot_api::assets::{DigitalAssetInfo, ErrorResponse};

use super::{steps, view};
use crate::app::App;
use crate::error::Result;
use crate::http::caller::Caller;
use crate::http::json::Json;
use crate::http::path::PathIds;
use crate::iam::Assets;
use crate::ids::{AssetId, ProjectId};

/// Shows an asset
#[utoipa::path(get, path = "/v1/{project_id}/digital-assets/{asset_id}", tag = "Assets",
    params(("project_id" = String, Path), ("asset_id" = String, Path)),
    responses((status = 200, body = DigitalAssetInfo), (status = 400, body = ErrorResponse)))]
pub async fn get(
    State(app): State<App>,
    caller: Caller,
    PathIds((project, asset)): PathIds<(ProjectId, AssetId)>,
) -> Result<Json<DigitalAssetInfo>> {
    let permit = caller.permit(Assets::One(&project, &asset))?;
    let owned = app.clone();
    let info = app
        .db
        .snapshot(async move |tx| {
            let found = steps::permitted(tx, &permit, &project, &asset).await?;
            Ok(view::with_files(tx, &owned, vec![found]).await?.remove(0))
        })
        .await?;
    Ok(Json(info))
}
