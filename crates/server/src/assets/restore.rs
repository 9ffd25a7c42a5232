//! `POST /v1/{project_id}/digital-assets/{asset_id}/restore`

use axum::extract::State;
use entrepot_api::assets::ErrorResponse;

use super::state::Step;
use super::steps;
use crate::app::App;
use crate::error::Result;
use crate::http::caller::Caller;
use crate::http::path::PathIds;
use crate::iam::Assets;
use crate::ids::{AssetId, ProjectId};

/// Restores an asset from the recycle bin
///
/// It has the state again that it had when it was deleted.
#[utoipa::path(post, path = "/v1/{project_id}/digital-assets/{asset_id}/restore", tag = "Assets",
    params(("project_id" = String, Path), ("asset_id" = String, Path)),
    responses((status = 200), (status = 400, body = ErrorResponse)))]
pub async fn post(
    State(app): State<App>,
    caller: Caller,
    PathIds((project, asset)): PathIds<(ProjectId, AssetId)>,
) -> Result<()> {
    let permit = caller.permit(Assets::One(&project, &asset))?;
    let now = app.clock.now();
    app.db
        .write(async move |tx| {
            let found = steps::permitted(tx, &permit, &project, &asset).await?;
            steps::take_step(tx, found, Step::Restore, now).await?;
            Ok(())
        })
        .await
}
