//! `GET /v1/{project_id}/digital-assets/{asset_id}/entrepot/copies`

use axum::extract::State;
use entrepot_api::assets::ErrorResponse;
use entrepot_api::replication::AssetCopies;

use super::view;
use crate::app::App;
use crate::assets;
use crate::error::Result;
use crate::http::caller::Caller;
use crate::http::json::Json;
use crate::http::path::PathIds;
use crate::iam::Assets;
use crate::ids::{AssetId, ProjectId};
use crate::replication::store;

/// The latest of each side.
const MOST: u32 = 100;

/// Lists the copies of an asset, to here and from here
///
/// The latest 100 of each, with how far they are.
#[utoipa::path(get, path = "/v1/{project_id}/digital-assets/{asset_id}/entrepot/copies", tag = "Copies",
    params(("project_id" = String, Path), ("asset_id" = String, Path)),
    responses((status = 200, body = AssetCopies), (status = 400, body = ErrorResponse)))]
pub async fn get(
    State(app): State<App>,
    caller: Caller,
    PathIds((project, asset)): PathIds<(ProjectId, AssetId)>,
) -> Result<Json<AssetCopies>> {
    let permit = caller.permit(Assets::One(&project, &asset))?;
    let (copies, tickets) = app
        .db
        .read(async move |tx| {
            assets::permitted(tx, &permit, &project, &asset).await?;
            let copies = store::copies::list_of(tx, &asset, MOST).await?;
            let tickets = store::tickets::list_of(tx, &asset, MOST).await?;
            Ok((copies, tickets))
        })
        .await?;
    Ok(Json(AssetCopies {
        incoming: copies
            .into_iter()
            .map(|c| view::incoming(&app, c))
            .collect(),
        outgoing: tickets
            .into_iter()
            .map(|t| view::outgoing(&app, t))
            .collect(),
    }))
}
