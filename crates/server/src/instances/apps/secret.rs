//! `GET` and `PUT /v2/{project_id}/instances/{instance_id}/apps/{app_id}/secret`

use axum::extract::State;
use entrepot_api::integration::{AppSecretResponse, RomaErrorResponse, UpdateAppSecretRequestBody};

use super::{create, view};
use crate::app::App;
use crate::error::Result;
use crate::http::caller::Caller;
use crate::http::json::{Json, OptionalJson};
use crate::http::path::PathIds;
use crate::iam::Resource;
use crate::ids::{AppId, InstanceId, ProjectId};
use crate::instances::store::apps::not_found;
use crate::instances::{find_app_secret, require_app, require_instance, set_app_secret};
use crate::vault;

/// Shows an application's secret
#[utoipa::path(get, path = "/v2/{project_id}/instances/{instance_id}/apps/{app_id}/secret",
    tag = "Applications",
    params(("project_id" = String, Path), ("instance_id" = String, Path), ("app_id" = String, Path)),
    responses((status = 200, body = AppSecretResponse), (status = 404, body = RomaErrorResponse)))]
pub async fn get(
    State(app): State<App>,
    caller: Caller,
    PathIds((project, instance, id)): PathIds<(ProjectId, InstanceId, AppId)>,
) -> Result<Json<AppSecretResponse>> {
    caller.authorize(Resource::Instance(&project, &instance))?;
    let wanted = id.clone();
    let sealed = app
        .db
        .read(async move |tx| {
            require_instance(tx, &project, &instance).await?;
            require_app(tx, &instance, &wanted).await?;
            let found = find_app_secret(tx, &wanted).await?;
            found.ok_or_else(|| not_found(&wanted))
        })
        .await?;
    let secret = app.vault.open(vault::APPS, id.as_str(), &sealed).await?;
    Ok(Json(AppSecretResponse {
        id: id.into_string(),
        secret: secret.expose().to_owned(),
    }))
}

/// Resets an application's secret
///
/// To the one in the body, or to a random one.
#[utoipa::path(put, path = "/v2/{project_id}/instances/{instance_id}/apps/{app_id}/secret",
    tag = "Applications",
    params(("project_id" = String, Path), ("instance_id" = String, Path), ("app_id" = String, Path)),
    request_body = Option<UpdateAppSecretRequestBody>,
    responses((status = 200, body = AppSecretResponse), (status = 400, body = RomaErrorResponse),
        (status = 404, body = RomaErrorResponse)))]
pub async fn put(
    State(app): State<App>,
    caller: Caller,
    PathIds((project, instance, id)): PathIds<(ProjectId, InstanceId, AppId)>,
    OptionalJson(body): OptionalJson<UpdateAppSecretRequestBody>,
) -> Result<Json<AppSecretResponse>> {
    caller.authorize(Resource::Instance(&project, &instance))?;
    let secret = match body.and_then(|body| body.secret) {
        Some(secret) => create::checked_secret(&secret)?,
        None => create::random_secret(),
    };
    let sealed = app.vault.seal(vault::APPS, id.as_str(), &secret)?;
    let (user, now, wanted) = (view::caller_ref(&caller), app.clock.now(), id.clone());
    app.db
        .write(async move |tx| {
            require_instance(tx, &project, &instance).await?;
            let mut app = require_app(tx, &instance, &wanted).await?;
            app.updated_by = user.clone();
            app.updated_at = now;
            set_app_secret(tx, &app, &sealed).await
        })
        .await?;
    Ok(Json(AppSecretResponse {
        id: id.into_string(),
        secret: secret.expose().to_owned(),
    }))
}
