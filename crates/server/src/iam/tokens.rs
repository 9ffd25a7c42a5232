//! `POST /v3/auth/tokens`: a token for a user's name and password, good for 24 h.

use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use entrepot_api::iam as wire;
use http::{HeaderValue, StatusCode};

use super::model::{Project, StoredToken, User};
use super::{password, store};
use crate::app::App;
use crate::error::{Error, ErrorCode, Result};
use crate::http::json::Json;
use crate::keys::{self, Secret};

const LIFE: Duration = Duration::from_hours(24);

/// Creates a token
///
/// The token is in the header `X-Subject-Token`; send it as `X-Auth-Token`. Scope is a project, a
/// domain, or nothing, which means the domain.
#[utoipa::path(post, path = "/v3/auth/tokens", tag = "Identity",
    request_body = wire::CreateTokenRequest,
    responses((status = 201, body = wire::TokenResponse), (status = 400, body = wire::IamErrorResponse),
        (status = 401, body = wire::IamErrorResponse)))]
pub async fn post(
    State(app): State<App>,
    Json(request): Json<wire::CreateTokenRequest>,
) -> Result<Response> {
    let identity = request.auth.identity;
    if identity.methods != ["password"] {
        return Err(invalid("methods must be [\"password\"]"));
    }
    let Some(method) = identity.password else {
        return Err(invalid("identity.password is missing"));
    };
    let user = checked_user(&app, method.user).await?;
    let project = scope(&app, &user, request.auth.scope.as_ref()).await?;

    let now = app.clock.now();
    let stored = StoredToken {
        user_id: user.user_id.clone(),
        project_id: project.as_ref().map(|p| p.project_id.clone()),
        methods: vec!["password".into()],
        issued_at: now,
        expires_at: now.plus(LIFE),
    };
    let token = Secret::random(64);
    let hash = keys::hash_token(token.expose());
    let body = answer(&user, project, &stored);
    app.db
        .write(async move |tx| store::insert_token(tx, &hash, &stored).await)
        .await?;
    let mut response = (StatusCode::CREATED, Json(body)).into_response();
    let mut value = HeaderValue::from_str(token.expose()).map_err(Error::internal)?;
    value.set_sensitive(true);
    response.headers_mut().insert("x-subject-token", value);
    Ok(response)
}

fn invalid(why: &str) -> Error {
    Error::new(
        ErrorCode::InvalidBody,
        format!("The request body is invalid: {why}"),
    )
}

async fn checked_user(app: &App, given: wire::PasswordUser) -> Result<User> {
    let domain = given.domain.unwrap_or_default();
    let domain = domain.id.or(domain.name);
    let (id, name) = (given.id, given.name);
    if id.is_none() && (name.is_none() || domain.is_none()) {
        return Err(invalid("a user is named by id, or by name and domain"));
    }
    let found = app
        .db
        .read(async move |tx| match (&id, &name, &domain) {
            (Some(id), _, _) => store::find_user(tx, &crate::ids::UserId::new(id)).await,
            (None, Some(name), Some(domain)) => store::find_user_by_name(tx, domain, name).await,
            _ => Ok(None),
        })
        .await?
        .filter(|user| user.enabled);
    let hash = found.as_ref().map(|user| user.password_hash.clone());
    let right = password::verify(Secret::new(given.password), hash).await?;
    found.filter(|_| right).ok_or_else(|| {
        Error::new(
            ErrorCode::WrongPassword,
            "The username or password is wrong.",
        )
    })
}

/// The project of the scope; `None` is the whole domain.
async fn scope(app: &App, user: &User, scope: Option<&wire::Scope>) -> Result<Option<Project>> {
    let Some(scope) = scope else { return Ok(None) };
    if let Some(domain) = &scope.domain {
        let named = |v: &Option<String>, own: &str| v.as_deref().is_none_or(|v| v == own);
        if named(&domain.id, user.domain_id.as_str()) && named(&domain.name, &user.domain_name) {
            return Ok(None);
        }
        return Err(invalid("scope.domain is not the user's"));
    }
    let Some(wanted) = scope.project.clone() else {
        return Ok(None);
    };
    let domain_id = user.domain_id.clone();
    let projects = app
        .db
        .read(async move |tx| store::list_projects(tx, &domain_id, None).await)
        .await?;
    let is_wanted = |project: &Project| match (&wanted.id, &wanted.name) {
        (Some(id), _) => project.project_id.as_str() == id,
        (None, Some(name)) => project.name == *name,
        (None, None) => false,
    };
    let found = projects.into_iter().find(is_wanted);
    found
        .map(Some)
        .ok_or_else(|| invalid("scope.project is not a project of the user's domain"))
}

fn answer(user: &User, project: Option<Project>, token: &StoredToken) -> wire::TokenResponse {
    let domain = wire::Named {
        id: user.domain_id.to_string(),
        name: user.domain_name.clone(),
    };
    let role = wire::Role {
        id: "0".into(),
        name: "te_admin".into(),
    };
    wire::TokenResponse {
        token: wire::Token {
            expires_at: token.expires_at.rfc3339_micros(),
            issued_at: token.issued_at.rfc3339_micros(),
            methods: vec!["password".into()],
            catalog: Vec::new(),
            roles: if user.is_owner {
                vec![role]
            } else {
                Vec::new()
            },
            domain: project.is_none().then(|| domain.clone()),
            project: project.map(|project| wire::ScopedProject {
                id: project.project_id.into_string(),
                name: project.name,
                domain: domain.clone(),
            }),
            user: wire::TokenUser {
                id: user.user_id.to_string(),
                name: user.name.clone(),
                domain,
                password_expires_at: String::new(),
            },
        },
    }
}
