//! `GET /v3/auth/projects`: where the caller may call.

use axum::extract::State;
use entrepot_api::iam as wire;

use super::projects::view;
use super::{Caller, Resource, store};
use crate::app::App;
use crate::error::Result;
use crate::http::json::Json;
use crate::iam::refusals::not_found;

/// Lists the caller's own projects
///
/// All that the user is a member of, whatever the scope of the token.
#[utoipa::path(get, path = "/v3/auth/projects", tag = "Identity",
    responses((status = 200, body = wire::ProjectsResponse), (status = 401, body = wire::IamErrorResponse)))]
pub async fn get(State(app): State<App>, caller: Caller) -> Result<Json<wire::ProjectsResponse>> {
    let user_id = caller.principal.user_id.clone();
    caller.authorize(Resource::User(&user_id))?;
    let projects = app
        .db
        .snapshot(async move |tx| {
            let user = store::find_user(tx, &user_id).await?;
            let user = user.ok_or_else(|| not_found("user"))?;
            store::list_projects_of(tx, &user).await
        })
        .await?;
    Ok(Json(wire::ProjectsResponse {
        projects: projects.into_iter().map(view).collect(),
        links: wire::Links::default(),
    }))
}
