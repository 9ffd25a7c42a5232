//! `GET /v3/auth/tokens`, `HEAD` with it: what a token is good for.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use entrepot_api::iam as wire;
use http::HeaderMap;

use super::subject;
use super::view::{view, wants_catalog};
use crate::app::App;
use crate::error::Result;
use crate::http::json::Json;
use crate::http::query::Query;
use crate::iam::{Caller, Resource};

/// Shows the token of `X-Subject-Token`
///
/// One's own needs no permission. 404 where it is unknown, has expired or is another account's.
#[utoipa::path(get, path = "/v3/auth/tokens", tag = "Identity",
    params(("X-Subject-Token" = String, Header, description = "The token to look into"),
        ("nocatalog" = Option<String>, Query, description = "Any value leaves the catalog empty")),
    responses((status = 200, body = wire::TokenResponse), (status = 400, body = wire::IamErrorResponse),
        (status = 403, body = wire::IamErrorResponse), (status = 404, body = wire::IamErrorResponse)))]
pub async fn get(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    mut query: Query,
) -> Result<Response> {
    let with_catalog = wants_catalog(&mut query)?;
    let hash = subject::hash_in(&headers)?;
    let now = app.clock.now();
    let found = app
        .db
        .snapshot(async move |tx| {
            let found = subject::require(tx, &hash, now, &caller).await?;
            caller.authorize(Resource::User(&found.user.user_id))?;
            Ok(found)
        })
        .await?;
    let mut response = Json(view(&app, found, with_catalog)).into_response();
    if let Some(token) = headers.get("x-subject-token") {
        let mut token = token.clone();
        token.set_sensitive(true);
        response.headers_mut().insert("x-subject-token", token);
    }
    Ok(response)
}
