//! `GET /v3/projects?name=`: the projects of the caller's account.

use axum::extract::State;
use entrepot_api::iam as wire;

use super::model::Project;
use super::{Caller, Resource, store};
use crate::app::App;
use crate::error::Result;
use crate::http::json::Json;
use crate::http::query::Query;

/// Lists the projects of the caller's account
#[utoipa::path(get, path = "/v3/projects", tag = "Identity",
    params(("name" = Option<String>, Query, description = "Exactly this name")),
    responses((status = 200, body = wire::ProjectsResponse), (status = 401, body = wire::IamErrorResponse)))]
pub async fn get(
    State(app): State<App>,
    caller: Caller,
    mut query: Query,
) -> Result<Json<wire::ProjectsResponse>> {
    let domain_id = caller.principal.domain_id.clone();
    caller.authorize(Resource::Domain(&domain_id))?;
    let name = query.one("name")?;
    let mut projects = app
        .db
        .read(async move |tx| store::list_projects(tx, &domain_id, name.as_deref()).await)
        .await?;
    projects.retain(|project| {
        caller
            .principal
            .projects
            .iter()
            .any(|(own, _)| *own == project.project_id)
    });
    Ok(Json(wire::ProjectsResponse {
        projects: projects.into_iter().map(view).collect(),
        links: wire::Links::default(),
    }))
}

pub(super) fn view(project: Project) -> wire::Project {
    wire::Project {
        id: project.project_id.into_string(),
        name: project.name,
        description: project.description,
        parent_id: project.domain_id.to_string(),
        domain_id: project.domain_id.into_string(),
        enabled: true,
        is_domain: false,
        links: wire::Links::default(),
    }
}
