//! `POST /v3/auth/tokens`: a token for a name and password, good for 24 h, or for another token.

use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use entrepot_api::iam as wire;
use http::{HeaderValue, StatusCode};
use serde_json::json;

use super::Subject;
use super::prove::{self, Proof};
use super::view::{view, wants_catalog};
use crate::app::App;
use crate::audit::{self, Event, Outcome};
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::http::json::Json;
use crate::http::origin::Origin;
use crate::http::query::Query;
use crate::iam::model::{Project, StoredToken, User};
use crate::iam::refusals::invalid;
use crate::iam::store;
use crate::keys::{self, Secret};

const LIFE: Duration = Duration::from_hours(24);

/// Creates a token
///
/// The token is in the header `X-Subject-Token`; send it as `X-Auth-Token`. Scope is a project, a
/// domain, or nothing, which means the domain. By the method `token`, a token is exchanged for one
/// of another scope, which ends when the first one does.
#[utoipa::path(post, path = "/v3/auth/tokens", tag = "Identity",
    params(("nocatalog" = Option<String>, Query, description = "Any value leaves the catalog empty")),
    request_body = wire::CreateTokenRequest,
    responses((status = 201, body = wire::TokenResponse), (status = 400, body = wire::IamErrorResponse),
        (status = 401, body = wire::IamErrorResponse)))]
pub async fn post(
    State(app): State<App>,
    origin: Origin,
    mut query: Query,
    Json(request): Json<wire::CreateTokenRequest>,
) -> Result<Response> {
    let with_catalog = wants_catalog(&mut query)?;
    let proof = prove::prove(&app, &origin, request.auth.identity).await?;
    let token = Secret::random(64);
    let hash = keys::hash_token(token.expose());
    let (owned, scope) = (app.clone(), request.auth.scope);
    let created = app
        .db
        .write(async move |tx| {
            let subject = create(&owned, tx, &proof, scope.as_ref(), &hash).await?;
            audit::record(tx, &event(&owned, &origin, &subject)).await?;
            Ok(subject)
        })
        .await?;
    let body = Json(view(&app, created, with_catalog));
    let mut response = (StatusCode::CREATED, body).into_response();
    let mut value = HeaderValue::from_str(token.expose()).map_err(Error::internal)?;
    value.set_sensitive(true);
    response.headers_mut().insert("x-subject-token", value);
    Ok(response)
}

async fn create(
    app: &App,
    tx: &mut Tx,
    proof: &Proof,
    scope: Option<&wire::Scope>,
    hash: &str,
) -> Result<Subject> {
    let now = app.clock.now();
    let confirmed = prove::confirm(tx, proof, now).await?;
    let project = project_of(tx, &confirmed.user, scope).await?;
    let token = StoredToken {
        user_id: confirmed.user.user_id.clone(),
        project_id: project.as_ref().map(|p| p.project_id.clone()),
        methods: confirmed.methods,
        issued_at: now,
        expires_at: confirmed.ends_at.unwrap_or_else(|| now.plus(LIFE)),
    };
    store::insert_token(tx, hash, &token).await?;
    Ok(Subject {
        token,
        user: confirmed.user,
        project,
    })
}

/// The project of the scope; `None` is the whole domain.
async fn project_of(
    tx: &mut Tx,
    user: &User,
    scope: Option<&wire::Scope>,
) -> Result<Option<Project>> {
    let Some(scope) = scope else { return Ok(None) };
    if scope.domain.is_some() && scope.project.is_some() {
        return Err(invalid("scope names a project or a domain, not both"));
    }
    if let Some(domain) = &scope.domain {
        let named = |v: &Option<String>, own: &str| v.as_deref().is_none_or(|v| v == own);
        if named(&domain.id, user.domain_id.as_str()) && named(&domain.name, &user.domain_name) {
            return Ok(None);
        }
        return Err(invalid("scope.domain is not the user's"));
    }
    let Some(wanted) = &scope.project else {
        return Ok(None);
    };
    let is_wanted = |project: &Project| match (&wanted.id, &wanted.name) {
        (Some(id), _) => project.project_id.as_str() == id,
        (None, Some(name)) => project.name == *name,
        (None, None) => false,
    };
    let projects = store::list_projects_of(tx, user).await?;
    let found = projects.into_iter().find(is_wanted);
    found
        .map(Some)
        .ok_or_else(|| invalid("scope.project is not a project of the user"))
}

fn event(app: &App, origin: &Origin, subject: &Subject) -> Event {
    let (user, project) = (&subject.user, &subject.token.project_id);
    let resource = format!("user/{}", user.user_id);
    let detail = json!({"methods": subject.token.methods, "project_id": project});
    let mut event = Event::new(app, "iam:tokens:create", resource, Outcome::Done, detail)
        .from_address(origin.address);
    event.request_id.clone_from(&origin.request_id);
    event.user_id = Some(user.user_id.to_string());
    event.user_name = Some(user.name.clone());
    event.project_id.clone_from(project);
    event
}
