//! `GET /v3.0/OS-CREDENTIAL/credentials`: the permanent access keys of a user.

use axum::extract::State;
use entrepot_api::credentials as wire;
use entrepot_api::iam::IamErrorResponse;

use super::target::permitted_user;
use super::view::view;
use crate::app::App;
use crate::error::Result;
use crate::http::json::Json;
use crate::http::query::Query;
use crate::iam::{Caller, store};
use crate::ids::UserId;

/// Lists permanent access keys, the oldest first
#[utoipa::path(get, path = "/v3.0/OS-CREDENTIAL/credentials", tag = "Identity",
    params(("user_id" = Option<String>, Query, description = "Whose; the caller's own where it is left out")),
    responses((status = 200, body = wire::CredentialsResponse), (status = 403, body = IamErrorResponse),
        (status = 404, body = IamErrorResponse)))]
pub async fn get(
    State(app): State<App>,
    caller: Caller,
    mut query: Query,
) -> Result<Json<wire::CredentialsResponse>> {
    let wanted = query.one("user_id")?;
    query.finish()?;
    let own = caller.principal.user_id.clone();
    let user_id = wanted.map_or(own, UserId::new);
    let keys = app
        .db
        .snapshot(async move |tx| {
            let user = permitted_user(tx, &caller, &user_id).await?;
            store::list_permanent_keys(tx, &user.user_id).await
        })
        .await?;
    Ok(Json(wire::CredentialsResponse {
        credentials: keys.into_iter().map(view).collect(),
    }))
}
