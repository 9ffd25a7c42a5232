//! `GET /v2/{project_id}/instances/{instance_id}/apps`

use axum::extract::State;
use entrepot_api::integration::{ListAppsResponse, RomaErrorResponse};

use super::view;
use crate::app::App;
use crate::error::{Error, Result};
use crate::http::caller::Caller;
use crate::http::json::Json;
use crate::http::path::PathIds;
use crate::http::query::Query;
use crate::iam::{self, Resource};
use crate::ids::{InstanceId, ProjectId, UserId};
use crate::instances::store::apps::{Criteria, list_apps};
use crate::instances::{page, require_instance};

/// Lists applications
///
/// Favourites first, then the oldest. All filters given must hold.
#[utoipa::path(get, path = "/v2/{project_id}/instances/{instance_id}/apps", tag = "Applications",
    params(
        ("project_id" = String, Path), ("instance_id" = String, Path),
        ("offset" = Option<i64>, Query, description = "Rows to skip, 0 by default"),
        ("limit" = Option<i64>, Query, description = "1 to 1000, 20 by default"),
        ("favorite" = Option<bool>, Query),
        ("auth_role" = Option<String>, Query,
            description = "read, access, delete, modify or admin: the owner of the account has all"),
        ("name" = Option<String>, Query, description = "Somewhere in the name, case does not count"),
        ("owner" = Option<bool>, Query, description = "Created by the caller, or by others"),
        ("user_name" = Option<String>, Query, description = "What this user of the account may use"),
    ),
    responses((status = 200, body = ListAppsResponse), (status = 400, body = RomaErrorResponse),
        (status = 404, body = RomaErrorResponse)))]
pub async fn get(
    State(app): State<App>,
    caller: Caller,
    PathIds((project, instance)): PathIds<(ProjectId, InstanceId)>,
    mut query: Query,
) -> Result<Json<ListAppsResponse>> {
    caller.authorize(Resource::Instance(&project, &instance))?;
    let user = caller.principal.user_id.clone();
    let (offset, limit) = page::page(&mut query)?;
    let criteria = criteria(&mut query, &user)?;
    let user_name = query.one("user_name")?.filter(|name| !name.is_empty());
    query.finish()?;
    let domain = caller.principal.domain_id.clone();
    let (total, apps) = app
        .db
        .snapshot(async move |tx| {
            require_instance(tx, &project, &instance).await?;
            if let Some(name) = &user_name {
                let found = iam::store::find_user_by_name(tx, domain.as_str(), name).await?;
                // others will need permissions of their own
                if !found.is_some_and(|user| user.is_owner) {
                    return Ok((0, Vec::new()));
                }
            }
            list_apps(tx, &instance, &criteria, offset, limit).await
        })
        .await?;
    Ok(Json(ListAppsResponse {
        total,
        size: page::size(&apps),
        apps: apps.into_iter().map(|app| view::info(app, &user)).collect(),
    }))
}

fn criteria(query: &mut Query, user: &UserId) -> Result<Criteria> {
    let role = query.one("auth_role")?.filter(|role| !role.is_empty());
    if let Some(role) = role
        && !view::ROLES.contains(&role.as_str())
    {
        let roles = view::ROLES.join(", ");
        return Err(Error::parameter(
            "auth_role",
            format!("must be one of {roles}"),
        ));
    }
    let name = query.text("name", 0..=256)?;
    Ok(Criteria {
        favorite: query.boolean("favorite")?,
        name: name.filter(|name| !name.is_empty()),
        created_by: query.boolean("owner")?.map(|own| (user.clone(), own)),
    })
}
