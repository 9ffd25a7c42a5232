//! `POST /v1/{project_id}/digital-assets/batch-action`

use axum::extract::State;
use entrepot_api::assets::{
    AssetActionResult, BatchAssetActionReq, BatchAssetActionResponse, ErrorResponse,
};

use super::rules::check_length;
use super::state::Step;
use super::steps;
use crate::app::App;
use crate::clock::Timestamp;
use crate::db::Tx;
use crate::error::{Error, ErrorCode, Result};
use crate::http::caller::Caller;
use crate::http::json::Json;
use crate::http::path::PathIds;
use crate::http::render::published;
use crate::iam::{Action, Assets, Permit};
use crate::ids::{AssetId, ProjectId};

/// `None` is a step that this server does not know to take yet.
fn parse(action: &str) -> Result<(Action, Option<Step>)> {
    Ok(match action {
        "DELETE" => (Action::AssetDelete, Some(Step::Delete)),
        "DELETE_FORCE" => (Action::AssetDelete, Some(Step::Purge)),
        "RESTORE" => (Action::AssetRestore, Some(Step::Restore)),
        "UNACTIVE" => (Action::AssetUpdate, Some(Step::Deactivate)),
        "ACTIVE" => (Action::AssetUpdate, Some(Step::Activate)),
        "SHARE" | "UNSHARE" => (Action::AssetShare, None),
        _ => {
            return Err(Error::parameter(
                "action",
                "must be DELETE, DELETE_FORCE, RESTORE, UNACTIVE, ACTIVE, SHARE or UNSHARE",
            ));
        }
    })
}

/// Does one thing with many assets
///
/// Answers 200 even when some or all fail; the results are grouped by outcome.
#[utoipa::path(post, path = "/v1/{project_id}/digital-assets/batch-action", tag = "Assets",
    params(("project_id" = String, Path)),
    request_body = BatchAssetActionReq,
    responses((status = 200, body = BatchAssetActionResponse), (status = 400, body = ErrorResponse)))]
pub async fn post(
    State(app): State<App>,
    caller: Caller,
    PathIds(project): PathIds<ProjectId>,
    Json(body): Json<BatchAssetActionReq>,
) -> Result<Json<BatchAssetActionResponse>> {
    let (action, step) = parse(&body.action)?;
    if !(1..=100).contains(&body.asset_ids.len()) {
        return Err(Error::parameter("asset_ids", "must have 1 to 100 ids"));
    }
    for id in &body.asset_ids {
        check_length("asset_ids", id, 1..=64)?;
    }
    check_length(
        "params",
        body.params.as_deref().unwrap_or_default(),
        0..=4096,
    )?;
    let permit = caller.permit_for(action, Assets::Any(&project))?;

    let mut ids: Vec<AssetId> = Vec::new();
    for id in body.asset_ids.into_iter().map(AssetId::new) {
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    let now = app.clock.now();
    let outcomes = app
        .db
        .write(async move |tx| {
            let mut outcomes = Vec::with_capacity(ids.len());
            for id in &ids {
                let outcome = one(tx, &permit, &project, id, step, now).await?;
                outcomes.push((id.clone(), outcome));
            }
            Ok(outcomes)
        })
        .await?;
    Ok(Json(BatchAssetActionResponse {
        results: grouped(outcomes),
    }))
}

/// The inner result is the asset's own; the outer one stops the whole batch.
async fn one(
    tx: &mut Tx,
    permit: &Permit,
    project: &ProjectId,
    id: &AssetId,
    step: Option<Step>,
    now: Timestamp,
) -> Result<Result<()>> {
    let Some(step) = step else {
        return Ok(Err(Error::new(
            ErrorCode::NotSupported,
            "Sharing is not supported yet.",
        )));
    };
    let asset = match steps::permitted(tx, permit, project, id).await {
        Ok(asset) => asset,
        Err(error) if matches!(error.code, ErrorCode::AssetNotFound | ErrorCode::Forbidden) => {
            return Ok(Err(error));
        }
        Err(error) => return Err(error),
    };
    // refused before anything is written
    if let Err(error) = asset.standing.after(step) {
        return Ok(Err(error));
    }
    steps::take_step(tx, asset, step, now).await?;
    Ok(Ok(()))
}

fn grouped(outcomes: Vec<(AssetId, Result<()>)>) -> Vec<AssetActionResult> {
    let mut results: Vec<AssetActionResult> = Vec::new();
    for (id, outcome) in outcomes {
        let error_info = outcome.err().map(|error| ErrorResponse {
            error_code: published(error.code).1.to_owned(),
            error_msg: error.message,
        });
        let id = id.into_string();
        match results.iter_mut().find(|r| r.error_info == error_info) {
            Some(result) => result.asset_ids.push(id),
            None => results.push(AssetActionResult {
                ret_status: if error_info.is_none() {
                    "SUCCESS"
                } else {
                    "FAILED"
                }
                .to_owned(),
                asset_ids: vec![id],
                error_info,
            }),
        }
    }
    results
}
