//! `DELETE /v3/auth/tokens`: a token is worth nothing from then on.

use axum::extract::State;
use entrepot_api::iam as wire;
use http::{HeaderMap, StatusCode};
use serde_json::json;

use super::subject;
use crate::app::App;
use crate::audit::{self, Event, Outcome};
use crate::error::Result;
use crate::iam::{Action, Caller, Resource, store};

/// Revokes the token of `X-Subject-Token`
///
/// On every node within two seconds. One's own needs no permission. Tokens and temporary access
/// keys that were made with it stay until they end.
#[utoipa::path(delete, path = "/v3/auth/tokens", tag = "Identity",
    params(("X-Subject-Token" = String, Header, description = "The token to revoke")),
    responses((status = 204), (status = 400, body = wire::IamErrorResponse),
        (status = 403, body = wire::IamErrorResponse), (status = 404, body = wire::IamErrorResponse)))]
pub async fn delete(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
) -> Result<StatusCode> {
    let hash = subject::hash_in(&headers)?;
    let (owned, now) = (app.clone(), app.clock.now());
    app.db
        .write(async move |tx| {
            let found = subject::require(tx, &hash, now, &caller).await?;
            let user = &found.user.user_id;
            caller.authorize(Resource::User(user))?;
            store::delete_token(tx, &hash).await?;
            let (action, resource) = (Action::TokenDelete.name(), format!("user/{user}"));
            let detail = json!({"project_id": found.token.project_id});
            let event = Event::new(&owned, action, resource, Outcome::Done, detail).by(&caller);
            audit::record(tx, &event).await
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
