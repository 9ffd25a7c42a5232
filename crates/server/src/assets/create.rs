//! `POST /v1/{project_id}/digital-assets`

use axum::extract::State;
use entrepot_api::assets::{
    CreateDigitalAssetRequestBody, CreateDigitalAssetResponse, ErrorResponse,
};

use super::model::{Asset, AssetType};
use super::state::Standing;
use super::{rules, store};
use crate::app::App;
use crate::audit::{self, Event};
use crate::error::{Error, ErrorCode, Result};
use crate::http::caller::Caller;
use crate::http::json::Json;
use crate::http::path::PathIds;
use crate::iam::Assets;
use crate::ids::ProjectId;
use crate::processing::meta::{Meta, wants_pages, with_status};

/// Creates an asset
///
/// It is CREATING until its main file is complete.
#[utoipa::path(post, path = "/v1/{project_id}/digital-assets", tag = "Assets",
    params(("project_id" = String, Path), ("X-App-UserId" = Option<String>, Header)),
    request_body = CreateDigitalAssetRequestBody,
    responses((status = 200, body = CreateDigitalAssetResponse), (status = 400, body = ErrorResponse)))]
pub async fn post(
    State(app): State<App>,
    caller: Caller,
    PathIds(project): PathIds<ProjectId>,
    Json(body): Json<CreateDigitalAssetRequestBody>,
) -> Result<Json<CreateDigitalAssetResponse>> {
    let app_user = caller.app_user_id.as_deref();
    let _new = caller.permit(Assets::New(&project, app_user))?;
    let asset = checked(&app, &caller, project, body)?;
    let asset_id = asset.asset_id.to_string();
    let event = Event::of(
        &app,
        &caller,
        &asset.project_id,
        format!("asset/{asset_id}"),
    );
    let unique = app.config.unique_names;
    app.db
        .write(async move |tx| {
            if unique && store::name_is_taken(tx, &asset).await? {
                return Err(name_taken());
            }
            store::insert(tx, &asset).await?;
            audit::record(tx, &event).await
        })
        .await?;
    Ok(Json(CreateDigitalAssetResponse { asset_id }))
}

/// A deck that is to be analysed says from the beginning where that stands.
fn initial_meta(kind: AssetType, given: Option<Meta>) -> Option<Meta> {
    if kind == AssetType::Ppt && wants_pages(given.as_ref()) {
        return Some(with_status(given, "INITIALIZE"));
    }
    given
}

pub fn name_taken() -> Error {
    Error::new(
        ErrorCode::AssetNameTaken,
        "Asset name already exists in this project for this type.",
    )
}

fn checked(
    app: &App,
    caller: &Caller,
    project_id: ProjectId,
    body: CreateDigitalAssetRequestBody,
) -> Result<Asset> {
    rules::refuse_unsupported(&[
        ("shared_config", body.shared_config.is_some()),
        ("review_config", body.review_config.is_some()),
        (
            "auto_operation_config",
            body.auto_operation_config.is_some(),
        ),
    ])?;
    rules::check_name(&body.asset_name)?;
    let asset_type = rules::parse_type(&body.asset_type)?;
    if let Some(text) = &body.asset_description {
        rules::check_description(text)?;
    }
    let order = body.asset_order.unwrap_or(0);
    rules::check_order(order)?;
    if let Some(meta) = &body.asset_extra_meta {
        rules::check_extra_meta(meta)?;
    }
    let needs_cover = body.is_need_generate_cover.unwrap_or(false);
    if needs_cover && asset_type != AssetType::Video {
        return Err(Error::parameter(
            "is_need_generate_cover",
            "is for VIDEO assets only",
        ));
    }
    let properties = body.system_properties.unwrap_or_default();
    if properties
        .iter()
        .any(|p| p.action.as_deref() == Some("DELETE"))
    {
        return Err(Error::parameter(
            "system_properties.action",
            "must be ADD when an asset is created",
        ));
    }
    let now = app.clock.now();
    Ok(Asset {
        asset_id: app.ids.asset(),
        project_id,
        version: 1,
        url_epoch: 1,
        name: body.asset_name,
        description: body.asset_description,
        asset_type,
        standing: Standing::NEW,
        app_user_id: caller.app_user_id.clone(),
        order,
        needs_cover,
        block_reason_code: None,
        reason: None,
        tags: rules::checked_tags(body.tags.unwrap_or_default())?,
        properties: rules::apply_properties(Vec::new(), properties)?,
        services: rules::checked_services(body.supported_service.unwrap_or_default())?,
        extra_meta: initial_meta(asset_type, body.asset_extra_meta),
        created_at: now,
        updated_at: now,
        deleted_at: None,
    })
}
