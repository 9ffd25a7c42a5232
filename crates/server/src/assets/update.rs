//! `PUT /v1/{project_id}/digital-assets/{asset_id}`

use axum::extract::State;
use entrepot_api::assets::{DigitalAssetInfo, ErrorResponse, UpdateDigitalAssetRequestBody};
use serde_json::json;

use super::create::name_taken;
use super::model::Asset;
use super::state::{AssetState, Step};
use super::{rules, steps, store, view};
use crate::app::App;
use crate::audit::{self, Event};
use crate::clock::Timestamp;
use crate::db::Tx;
use crate::error::{Error, ErrorCode, Result};
use crate::files;
use crate::http::caller::Caller;
use crate::http::json::Json;
use crate::http::path::PathIds;
use crate::iam::Assets;
use crate::ids::{AssetId, ProjectId};
use crate::processing;

/// Updates an asset
///
/// What the body leaves out stays as it is.
#[utoipa::path(put, path = "/v1/{project_id}/digital-assets/{asset_id}", tag = "Assets",
    params(("project_id" = String, Path), ("asset_id" = String, Path)),
    request_body = UpdateDigitalAssetRequestBody,
    responses((status = 200, body = DigitalAssetInfo), (status = 400, body = ErrorResponse)))]
pub async fn put(
    State(app): State<App>,
    caller: Caller,
    PathIds((project, asset)): PathIds<(ProjectId, AssetId)>,
    Json(body): Json<UpdateDigitalAssetRequestBody>,
) -> Result<Json<DigitalAssetInfo>> {
    let permit = caller.permit(Assets::One(&project, &asset))?;
    let step = check(&body)?;
    let event = Event::of(&app, &caller, &project, format!("asset/{asset}"));
    let event = match &body.asset_state {
        Some(state) => event.detail(json!({"asset_state": state})),
        None => event,
    };
    let (owned, now) = (app.clone(), app.clock.now());
    let info = app
        .db
        .write(async move |tx| {
            let found = steps::permitted(tx, &permit, &project, &asset).await?;
            let mut changed = change(tx, &owned, found, body.clone(), now).await?;
            if let Some(step) = step {
                changed = steps::take_step(tx, changed, step, now).await?;
            }
            audit::record(tx, &event).await?;
            Ok(view::with_files(tx, &owned, vec![changed]).await?.remove(0))
        })
        .await?;
    app.bell.ring();
    Ok(Json(info))
}

/// What can be said without knowing the asset; answers the step that the state asks for.
fn check(body: &UpdateDigitalAssetRequestBody) -> Result<Option<Step>> {
    rules::refuse_unsupported(&[
        ("shared_config", body.shared_config.is_some()),
        ("review_config", body.review_config.is_some()),
        (
            "auto_operation_config",
            body.auto_operation_config.is_some(),
        ),
        ("asset_owner", body.asset_owner.is_some()),
    ])?;
    if let Some(name) = &body.asset_name {
        rules::check_name(name)?;
    }
    if let Some(text) = &body.asset_description {
        rules::check_description(text)?;
    }
    if let Some(kind) = &body.asset_type {
        rules::parse_type(kind)?;
    }
    if let Some(order) = body.asset_order {
        rules::check_order(order)?;
    }
    if let Some(properties) = &body.system_properties {
        rules::check_properties(properties)?;
    }
    match body.asset_state.as_deref().map(AssetState::parse) {
        None => Ok(None),
        Some(Some(AssetState::Actived)) => Ok(Some(Step::Activate)),
        Some(Some(AssetState::Unactived)) => Ok(Some(Step::Deactivate)),
        Some(Some(AssetState::WaitingDelete)) => Ok(Some(Step::Retire)),
        Some(_) => Err(Error::parameter(
            "asset_state",
            "must be UNACTIVED, ACTIVED or WAITING_DELETE",
        )),
    }
}

async fn change(
    tx: &mut Tx,
    app: &App,
    before: Asset,
    body: UpdateDigitalAssetRequestBody,
    now: Timestamp,
) -> Result<Asset> {
    refuse_unchangeable(&before)?;
    let mut asset = before.clone();
    if let Some(kind) = body.asset_type {
        asset.asset_type = rules::parse_type(&kind)?;
        if asset.asset_type != before.asset_type && files::has_any(tx, &asset.asset_id).await? {
            return Err(Error::new(
                ErrorCode::IllegalAssetState,
                "The type of an asset can change only while it has no files.",
            ));
        }
    }
    asset.name = body.asset_name.unwrap_or(asset.name);
    asset.description = body.asset_description.or(asset.description);
    asset.order = body.asset_order.unwrap_or(asset.order);
    if let Some(tags) = body.tags {
        asset.tags = rules::checked_tags(tags)?;
    }
    if let Some(services) = body.supported_service {
        asset.services = rules::checked_services(services)?;
    }
    if let Some(changes) = body.system_properties {
        asset.properties = rules::apply_properties(asset.properties, changes)?;
    }
    if let Some(kinds) = body.asset_extra_meta {
        rules::check_extra_meta(&kinds)?;
        let meta = processing::meta::updated(asset.extra_meta, kinds);
        rules::check_extra_meta(&meta)?;
        asset.extra_meta = Some(meta);
    }
    let renamed = asset.name != before.name || asset.asset_type != before.asset_type;
    if app.config.unique_names && renamed && store::name_is_taken(tx, &asset).await? {
        return Err(name_taken());
    }
    asset.updated_at = now;
    store::update(tx, &before, &mut asset).await?;
    processing::begin_pages(tx, app, asset, now).await
}

fn refuse_unchangeable(asset: &Asset) -> Result<()> {
    let state = asset.state();
    if state.is_changeable() {
        return Ok(());
    }
    if state == AssetState::Block {
        return Err(Error::new(
            ErrorCode::AssetBlocked,
            "The asset is blocked and can't be changed; an administrator can unblock it.",
        ));
    }
    let name = state.as_str();
    Err(Error::new(
        ErrorCode::IllegalAssetState,
        format!("The asset is {name}; in this state it can't be changed."),
    ))
}
