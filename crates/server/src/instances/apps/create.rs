//! `POST /v2/{project_id}/instances/{instance_id}/apps`

use axum::extract::State;
use entrepot_api::integration::{AppInfo, CreateAppRequestBody, RomaErrorResponse};
use http::StatusCode;

use super::view;
use crate::app::App;
use crate::error::Result;
use crate::http::caller::Caller;
use crate::http::json::Json;
use crate::http::path::PathIds;
use crate::iam::Resource;
use crate::ids::{InstanceId, ProjectId};
use crate::instances::model::Application;
use crate::instances::{insert_app, require_instance, rules};
use crate::keys::{self, Secret};
use crate::vault;

const SECRET_LENGTH: usize = 40;

/// Creates an application
///
/// It has a random key and secret where the body gives none.
#[utoipa::path(post, path = "/v2/{project_id}/instances/{instance_id}/apps", tag = "Applications",
    params(("project_id" = String, Path), ("instance_id" = String, Path)),
    request_body = CreateAppRequestBody,
    responses((status = 201, body = AppInfo), (status = 400, body = RomaErrorResponse),
        (status = 404, body = RomaErrorResponse)))]
pub async fn post(
    State(app): State<App>,
    caller: Caller,
    PathIds((project, instance)): PathIds<(ProjectId, InstanceId)>,
    Json(body): Json<CreateAppRequestBody>,
) -> Result<(StatusCode, Json<AppInfo>)> {
    caller.authorize(Resource::Instance(&project, &instance))?;
    let secret = match &body.secret {
        Some(secret) => checked_secret(secret)?,
        None => random_secret(),
    };
    let created = checked(&app, &caller, instance.clone(), body)?;
    let sealed = app
        .vault
        .seal(vault::APPS, created.app_id.as_str(), &secret)?;
    let inserted = created.clone();
    app.db
        .write(async move |tx| {
            require_instance(tx, &project, &instance).await?;
            insert_app(tx, &inserted, &sealed).await
        })
        .await?;
    let info = view::info(created, &caller.principal.user_id);
    Ok((StatusCode::CREATED, Json(info)))
}

pub fn checked_secret(secret: &str) -> Result<Secret> {
    rules::check_secret(secret)?;
    Ok(Secret::new(secret))
}

pub fn random_secret() -> Secret {
    Secret::random(SECRET_LENGTH)
}

fn checked(
    app: &App,
    caller: &Caller,
    instance_id: InstanceId,
    body: CreateAppRequestBody,
) -> Result<Application> {
    rules::check_app_name(&body.name)?;
    let remark = body.remark.unwrap_or_default();
    rules::check_remark(&remark)?;
    if let Some(key) = &body.key {
        rules::check_key(key)?;
    }
    let now = app.clock.now();
    Ok(Application {
        app_id: app.ids.app(),
        instance_id,
        name: body.name,
        remark,
        key: body.key.unwrap_or_else(keys::random_access_key),
        favorite: body.favorite.unwrap_or(false),
        created_by: view::caller_ref(caller),
        updated_by: view::caller_ref(caller),
        created_at: now,
        updated_at: now,
    })
}
