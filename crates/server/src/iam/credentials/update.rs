//! `PUT /v3.0/OS-CREDENTIAL/credentials/{access_key}`: switches a key off and on, or describes it.

use axum::extract::State;
use entrepot_api::credentials as wire;
use entrepot_api::iam::IamErrorResponse;
use serde_json::json;

use super::target::permitted_key;
use super::view::{status, view};
use crate::app::App;
use crate::audit::{self, Event, Outcome};
use crate::error::Result;
use crate::http::json::Json;
use crate::http::path::PathIds;
use crate::iam::refusals::{invalid, refuse_temporary};
use crate::iam::rules::check_description;
use crate::iam::{Action, Caller, store};

/// Changes a permanent access key
///
/// An inactive one is refused on every node within two seconds. What is left out stays as it is.
#[utoipa::path(put, path = "/v3.0/OS-CREDENTIAL/credentials/{access_key}", tag = "Identity",
    params(("access_key" = String, Path)), request_body = wire::UpdateCredentialRequest,
    responses((status = 200, body = wire::CredentialResponse), (status = 400, body = IamErrorResponse),
        (status = 403, body = IamErrorResponse), (status = 404, body = IamErrorResponse)))]
pub async fn put(
    State(app): State<App>,
    caller: Caller,
    PathIds(access_key): PathIds<String>,
    Json(request): Json<wire::UpdateCredentialRequest>,
) -> Result<Json<wire::CredentialResponse>> {
    refuse_temporary(&caller)?;
    let wanted = request.credential;
    if let Some(description) = &wanted.description {
        check_description(description)?;
    }
    let enabled = match wanted.status.as_deref() {
        None => None,
        Some("active") => Some(true),
        Some("inactive") => Some(false),
        Some(_) => {
            return Err(invalid("credential.status must be active or inactive"));
        }
    };
    let owned = app.clone();
    let changed = app
        .db
        .write(async move |tx| {
            let mut key = permitted_key(tx, &caller, &access_key).await?;
            key.enabled = enabled.unwrap_or(key.enabled);
            if let Some(description) = &wanted.description {
                key.description.clone_from(description);
            }
            store::update_key(tx, &key).await?;
            let action = Action::CredentialUpdate.name();
            let resource = format!("access-key/{access_key}");
            let detail = json!({"user_id": key.user_id, "status": status(key.enabled)});
            let event = Event::new(&owned, action, resource, Outcome::Done, detail).by(&caller);
            audit::record(tx, &event).await?;
            Ok(key)
        })
        .await?;
    let credential = view(changed);
    Ok(Json(wire::CredentialResponse { credential }))
}
