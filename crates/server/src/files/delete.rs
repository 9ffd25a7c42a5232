//! `DELETE /v1/{project_id}/files/{file_id}`

use axum::extract::State;
use entrepot_api::assets::ErrorResponse;

use super::model::FileState;
use super::{declare, store};
use crate::app::App;
use crate::assets::{self, AssetState, Step};
use crate::error::{Error, ErrorCode, Result};
use crate::http::caller::Caller;
use crate::http::path::PathIds;
use crate::iam::Assets;
use crate::ids::{FileId, ProjectId};

/// Deletes a file
///
/// Without its main file an asset is CREATING again; an asset in use must be deactivated first.
#[utoipa::path(delete, path = "/v1/{project_id}/files/{file_id}", tag = "Files",
    params(("project_id" = String, Path), ("file_id" = String, Path)),
    responses((status = 200), (status = 400, body = ErrorResponse)))]
pub async fn delete(
    State(app): State<App>,
    caller: Caller,
    PathIds((project, file)): PathIds<(ProjectId, FileId)>,
) -> Result<()> {
    let permit = caller.permit(Assets::Any(&project))?;
    let now = app.clock.now();
    app.db
        .write(async move |tx| {
            let file = store::require(tx, &project, &file).await?;
            let asset = assets::permitted(tx, &permit, &project, &file.asset_id).await?;
            declare::refuse_unchangeable(&asset)?;
            let counts = matches!(
                file.state,
                FileState::Creating | FileState::Uploaded | FileState::Created
            );
            let gone = file.is_main() && counts;
            if gone
                && matches!(
                    asset.state(),
                    AssetState::Actived | AssetState::WaitingDelete
                )
            {
                return Err(Error::new(
                    ErrorCode::IllegalAssetState,
                    "The asset is in use; set it to UNACTIVED before its main file is deleted.",
                ));
            }
            store::discard(tx, &file, FileState::Deleted, None, now).await?;
            if gone && asset.state() == AssetState::Unactived {
                assets::take_step(tx, asset, Step::MainFileGone, now).await?;
            } else {
                assets::change(tx, asset, now, |_| {}).await?;
            }
            Ok(())
        })
        .await
}
