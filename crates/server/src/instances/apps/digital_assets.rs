//! `PUT`, `GET` and `DELETE
//! /v2/{project_id}/instances/{instance_id}/apps/{app_id}/entrepot/digital-assets`

use std::collections::HashSet;

use axum::extract::State;
use entrepot_api::integration::{
    AppAsset, AppAssetsRequestBody, AttachAssetsResponse, DetachAssetsResponse,
    ListAppAssetsResponse, RomaErrorResponse,
};

use crate::app::App;
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::http::caller::Caller;
use crate::http::json::{Json, OptionalJson};
use crate::http::path::PathIds;
use crate::http::query::Query;
use crate::iam::{Action, Assets, Permit, Resource};
use crate::ids::{AppId, AssetId, InstanceId, ProjectId};
use crate::instances::model::Attached;
use crate::instances::store::attached::list_page;
use crate::instances::{attach, count_attached, detach, page, require_app, require_instance};

const MOST: usize = 1000;

/// Attaches digital assets to an application
///
/// All or none; those attached already stay so. A package of the application carries them.
#[utoipa::path(put,
    path = "/v2/{project_id}/instances/{instance_id}/apps/{app_id}/entrepot/digital-assets",
    tag = "Applications",
    params(("project_id" = String, Path), ("instance_id" = String, Path), ("app_id" = String, Path)),
    request_body = AppAssetsRequestBody,
    responses((status = 200, body = AttachAssetsResponse), (status = 400, body = RomaErrorResponse),
        (status = 404, body = RomaErrorResponse)))]
pub async fn put(
    State(app): State<App>,
    caller: Caller,
    PathIds((project, instance, id)): PathIds<(ProjectId, InstanceId, AppId)>,
    Json(body): Json<AppAssetsRequestBody>,
) -> Result<Json<AttachAssetsResponse>> {
    caller.authorize(Resource::Instance(&project, &instance))?;
    // what is attached leaves the library in packages
    let look = caller.permit_for(Action::AssetGet, Assets::Any(&project));
    let (assets, now) = (checked(body.asset_ids)?, app.clock.now());
    let answer = app
        .db
        .write(async move |tx| {
            require_instance(tx, &project, &instance).await?;
            require_app(tx, &instance, &id).await?;
            check_permitted(tx, &look, &project, &assets).await?;
            let attached = attach(tx, &project, &id, &assets, now).await?;
            let total = count_attached(tx, &id).await?;
            Ok(AttachAssetsResponse { attached, total })
        })
        .await?;
    Ok(Json(answer))
}

/// The caller must be allowed to read what it attaches.
async fn check_permitted(
    tx: &mut Tx,
    look: &Result<Permit>,
    project: &ProjectId,
    ids: &[AssetId],
) -> Result<()> {
    if matches!(look, Ok(permit) if permit.rests().is_empty()) {
        return Ok(());
    }
    for asset in crate::assets::list_by_ids(tx, project, ids).await? {
        let permit = look.as_ref().map_err(Clone::clone)?;
        permit.covers(&asset.asset_id, asset.app_user_id.as_deref())?;
    }
    Ok(())
}

/// Lists the digital assets of an application
///
/// In the order of their ids. DELETED ones do not count.
#[utoipa::path(get,
    path = "/v2/{project_id}/instances/{instance_id}/apps/{app_id}/entrepot/digital-assets",
    tag = "Applications",
    params(
        ("project_id" = String, Path), ("instance_id" = String, Path), ("app_id" = String, Path),
        ("offset" = Option<i64>, Query, description = "Rows to skip, 0 by default"),
        ("limit" = Option<i64>, Query, description = "1 to 1000, 20 by default"),
    ),
    responses((status = 200, body = ListAppAssetsResponse), (status = 400, body = RomaErrorResponse),
        (status = 404, body = RomaErrorResponse)))]
pub async fn get(
    State(app): State<App>,
    caller: Caller,
    PathIds((project, instance, id)): PathIds<(ProjectId, InstanceId, AppId)>,
    mut query: Query,
) -> Result<Json<ListAppAssetsResponse>> {
    caller.authorize(Resource::Instance(&project, &instance))?;
    let (offset, limit) = page::page(&mut query)?;
    query.finish()?;
    let (total, assets) = app
        .db
        .snapshot(async move |tx| {
            require_instance(tx, &project, &instance).await?;
            require_app(tx, &instance, &id).await?;
            let total = count_attached(tx, &id).await?;
            Ok((total, list_page(tx, &id, offset, limit).await?))
        })
        .await?;
    Ok(Json(ListAppAssetsResponse {
        total,
        size: page::size(&assets),
        assets: assets.into_iter().map(shown).collect(),
    }))
}

/// Detaches digital assets from an application
///
/// They stay in the library. The ids are in the body or in the query; those that are not attached
/// are passed over.
#[utoipa::path(delete,
    path = "/v2/{project_id}/instances/{instance_id}/apps/{app_id}/entrepot/digital-assets",
    tag = "Applications",
    params(
        ("project_id" = String, Path), ("instance_id" = String, Path), ("app_id" = String, Path),
        ("asset_ids" = Option<Vec<String>>, Query, description = "Instead of a body; repeated or by commas"),
    ),
    request_body = Option<AppAssetsRequestBody>,
    responses((status = 200, body = DetachAssetsResponse), (status = 400, body = RomaErrorResponse),
        (status = 404, body = RomaErrorResponse)))]
pub async fn delete(
    State(app): State<App>,
    caller: Caller,
    PathIds((project, instance, id)): PathIds<(ProjectId, InstanceId, AppId)>,
    mut query: Query,
    OptionalJson(body): OptionalJson<AppAssetsRequestBody>,
) -> Result<Json<DetachAssetsResponse>> {
    caller.authorize(Resource::Instance(&project, &instance))?;
    let named = query.list("asset_ids", MOST)?.unwrap_or_default();
    query.finish()?;
    let in_body = body.map(|body| body.asset_ids).unwrap_or_default();
    let assets = checked([named, in_body].concat())?;
    let answer = app
        .db
        .write(async move |tx| {
            require_instance(tx, &project, &instance).await?;
            require_app(tx, &instance, &id).await?;
            let detached = detach(tx, &id, &assets).await?;
            let total = count_attached(tx, &id).await?;
            Ok(DetachAssetsResponse { detached, total })
        })
        .await?;
    Ok(Json(answer))
}

/// The ids in their order, each once.
fn checked(ids: Vec<String>) -> Result<Vec<AssetId>> {
    if !(1..=MOST).contains(&ids.len()) {
        return Err(Error::parameter("asset_ids", "must have 1 to 1000 entries"));
    }
    let mut seen = HashSet::new();
    let ids = ids.into_iter().map(AssetId::new);
    Ok(ids.filter(|id| seen.insert(id.clone())).collect())
}

fn shown(attached: Attached) -> AppAsset {
    AppAsset {
        asset_id: attached.asset_id.into_string(),
        asset_name: attached.name,
        asset_type: attached.asset_type.as_str().into(),
        asset_state: attached.state.as_str().into(),
        attached_at: attached.attached_at.rfc3339(),
    }
}
