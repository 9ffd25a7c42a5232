//! `DELETE /v1/{project_id}/digital-assets/{asset_id}`

use axum::extract::State;
use entrepot_api::assets::ErrorResponse;

use super::state::Step;
use super::steps;
use crate::app::App;
use crate::error::{Error, Result};
use crate::http::caller::Caller;
use crate::http::path::PathIds;
use crate::http::query::Query;
use crate::iam::Assets;
use crate::ids::{AssetId, ProjectId};

/// Deletes an asset
///
/// Into the recycle bin, from which it can be restored; with `mode=force` for good.
#[utoipa::path(delete, path = "/v1/{project_id}/digital-assets/{asset_id}", tag = "Assets",
    params(("project_id" = String, Path), ("asset_id" = String, Path),
        ("mode" = Option<String>, Query, description = "force: for good")),
    responses((status = 200), (status = 400, body = ErrorResponse)))]
pub async fn delete(
    State(app): State<App>,
    caller: Caller,
    PathIds((project, asset)): PathIds<(ProjectId, AssetId)>,
    mut query: Query,
) -> Result<()> {
    let step = match query.one("mode")?.as_deref() {
        None => Step::Delete,
        Some("force") => Step::Purge,
        Some(_) => return Err(Error::parameter("mode", "must be force or left out")),
    };
    query.finish()?;
    let permit = caller.permit(Assets::One(&project, &asset))?;
    let now = app.clock.now();
    app.db
        .write(async move |tx| {
            let found = steps::permitted(tx, &permit, &project, &asset).await?;
            steps::take_step(tx, found, step, now).await?;
            Ok(())
        })
        .await
}
