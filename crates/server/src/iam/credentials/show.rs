//! `GET /v3.0/OS-CREDENTIAL/credentials/{access_key}`

use axum::extract::State;
use entrepot_api::credentials as wire;
use entrepot_api::iam::IamErrorResponse;

use super::target::permitted_key;
use super::view::view_with_use;
use crate::app::App;
use crate::error::Result;
use crate::http::json::Json;
use crate::http::path::PathIds;
use crate::iam::Caller;

/// Shows a permanent access key and when it was last used
#[utoipa::path(get, path = "/v3.0/OS-CREDENTIAL/credentials/{access_key}", tag = "Identity",
    params(("access_key" = String, Path)),
    responses((status = 200, body = wire::CredentialResponse), (status = 403, body = IamErrorResponse),
        (status = 404, body = IamErrorResponse)))]
pub async fn get(
    State(app): State<App>,
    caller: Caller,
    PathIds(access_key): PathIds<String>,
) -> Result<Json<wire::CredentialResponse>> {
    let key = app
        .db
        .snapshot(async move |tx| permitted_key(tx, &caller, &access_key).await)
        .await?;
    let credential = view_with_use(key);
    Ok(Json(wire::CredentialResponse { credential }))
}
