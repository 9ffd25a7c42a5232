//! `GET /v2/{project_id}/instances/{instance_id}/validate-apps`

use axum::extract::State;
use entrepot_api::integration::{RomaErrorResponse, ValidateAppResponse};

use crate::app::App;
use crate::error::{Error, ErrorCode, Result};
use crate::http::caller::Caller;
use crate::http::json::Json;
use crate::http::path::PathIds;
use crate::http::query::Query;
use crate::iam::Resource;
use crate::ids::{AppId, InstanceId, ProjectId};
use crate::instances::store::apps::find_app_by_key;
use crate::instances::{find_app, find_app_by_name, require_instance};

/// Says whether an application is there
///
/// All that is given must be its.
#[utoipa::path(get, path = "/v2/{project_id}/instances/{instance_id}/validate-apps",
    tag = "Applications",
    params(
        ("project_id" = String, Path), ("instance_id" = String, Path),
        ("name" = Option<String>, Query, description = "Exactly this name"),
        ("id" = Option<String>, Query), ("key" = Option<String>, Query),
    ),
    responses((status = 200, body = ValidateAppResponse), (status = 400, body = RomaErrorResponse),
        (status = 404, body = RomaErrorResponse)))]
pub async fn get(
    State(app): State<App>,
    caller: Caller,
    PathIds((project, instance)): PathIds<(ProjectId, InstanceId)>,
    mut query: Query,
) -> Result<Json<ValidateAppResponse>> {
    caller.authorize(Resource::Instance(&project, &instance))?;
    let (name, id, key) = (query.one("name")?, query.one("id")?, query.one("key")?);
    query.finish()?;
    if name.is_none() && id.is_none() && key.is_none() {
        return Err(Error::parameter("name, id or key", "must be given"));
    }
    let app = app
        .db
        .snapshot(async move |tx| {
            require_instance(tx, &project, &instance).await?;
            let found = match (&id, &name, &key) {
                (Some(id), _, _) => find_app(tx, &instance, &AppId::new(id)).await?,
                (None, Some(name), _) => find_app_by_name(tx, &instance, name).await?,
                (None, None, Some(key)) => find_app_by_key(tx, &instance, key).await?,
                (None, None, None) => None,
            };
            let fits = found.filter(|app| {
                name.as_ref().is_none_or(|name| *name == app.name)
                    && key.as_ref().is_none_or(|key| *key == app.key)
            });
            fits.ok_or_else(|| Error::new(ErrorCode::AppNotFound, "The app does not exist"))
        })
        .await?;
    Ok(Json(ValidateAppResponse {
        id: app.app_id.into_string(),
        name: app.name,
        remark: app.remark,
    }))
}
