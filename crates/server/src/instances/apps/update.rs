//! `PUT /v2/{project_id}/instances/{instance_id}/apps/{app_id}`

use axum::extract::State;
use entrepot_api::integration::{AppInfo, RomaErrorResponse, UpdateAppRequestBody};

use super::view;
use crate::app::App;
use crate::error::Result;
use crate::http::caller::Caller;
use crate::http::json::Json;
use crate::http::path::PathIds;
use crate::iam::Resource;
use crate::ids::{AppId, InstanceId, ProjectId};
use crate::instances::{require_app, require_instance, rules, update_app};

/// Updates an application
///
/// What the body leaves out stays as it is; the key stays in any case.
#[utoipa::path(put, path = "/v2/{project_id}/instances/{instance_id}/apps/{app_id}",
    tag = "Applications",
    params(("project_id" = String, Path), ("instance_id" = String, Path), ("app_id" = String, Path)),
    request_body = UpdateAppRequestBody,
    responses((status = 200, body = AppInfo), (status = 400, body = RomaErrorResponse),
        (status = 404, body = RomaErrorResponse)))]
pub async fn put(
    State(app): State<App>,
    caller: Caller,
    PathIds((project, instance, id)): PathIds<(ProjectId, InstanceId, AppId)>,
    Json(body): Json<UpdateAppRequestBody>,
) -> Result<Json<AppInfo>> {
    caller.authorize(Resource::Instance(&project, &instance))?;
    if let Some(name) = &body.name {
        rules::check_app_name(name)?;
    }
    if let Some(remark) = &body.remark {
        rules::check_remark(remark)?;
    }
    let (user, now) = (view::caller_ref(&caller), app.clock.now());
    let updated = app
        .db
        .write(async move |tx| {
            require_instance(tx, &project, &instance).await?;
            let mut app = require_app(tx, &instance, &id).await?;
            let body = body.clone();
            app.name = body.name.unwrap_or(app.name);
            app.remark = body.remark.unwrap_or(app.remark);
            app.favorite = body.favorite.unwrap_or(app.favorite);
            app.updated_by = user.clone();
            app.updated_at = now;
            update_app(tx, &app).await?;
            Ok(app)
        })
        .await?;
    Ok(Json(view::info(updated, &caller.principal.user_id)))
}
