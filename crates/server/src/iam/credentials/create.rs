//! `POST /v3.0/OS-CREDENTIAL/credentials`: a permanent access key.

use axum::extract::State;
use entrepot_api::credentials as wire;
use entrepot_api::iam::IamErrorResponse;
use http::StatusCode;
use serde_json::json;

use super::target::permitted_user;
use super::view::status;
use crate::app::App;
use crate::audit::{self, Event, Outcome};
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::http::json::Json;
use crate::iam::model::StoredKey;
use crate::iam::refusals::refuse_temporary;
use crate::iam::rules::{MAX_KEYS, check_description};
use crate::iam::{Action, Caller, store};
use crate::ids::UserId;
use crate::keys::{self, Secret};
use crate::vault;

/// Creates a permanent access key
///
/// The secret is answered only here. One's own needs no permission; temporary credentials can't.
/// A user has at most 20.
#[utoipa::path(post, path = "/v3.0/OS-CREDENTIAL/credentials", tag = "Identity",
    request_body = wire::CreateCredentialRequest,
    responses((status = 201, body = wire::CreatedCredentialResponse), (status = 400, body = IamErrorResponse),
        (status = 403, body = IamErrorResponse), (status = 404, body = IamErrorResponse)))]
pub async fn post(
    State(app): State<App>,
    caller: Caller,
    Json(request): Json<wire::CreateCredentialRequest>,
) -> Result<(StatusCode, Json<wire::CreatedCredentialResponse>)> {
    refuse_temporary(&caller)?;
    let wanted = request.credential;
    let description = wanted.description.unwrap_or_default();
    check_description(&description)?;
    let own = caller.principal.user_id.clone();
    let user_id = wanted.user_id.map_or(own, UserId::new);
    let (key, secret) = make(&app, &user_id, &description)?;
    let (owned, stored) = (app.clone(), key.clone());
    app.db
        .write(async move |tx| {
            permitted_user(tx, &caller, &stored.user_id).await?;
            insert(tx, &stored).await?;
            let action = Action::CredentialCreate.name();
            let resource = format!("access-key/{}", stored.access_key);
            let detail = json!({"user_id": stored.user_id});
            let event = Event::new(&owned, action, resource, Outcome::Done, detail).by(&caller);
            audit::record(tx, &event).await
        })
        .await?;
    let credential = wire::CreatedCredential {
        user_id: key.user_id.into_string(),
        access: key.access_key,
        secret: secret.expose().to_owned(),
        status: status(true).into(),
        create_time: key.created_at.rfc3339_micros(),
        description: key.description,
    };
    let body = Json(wire::CreatedCredentialResponse { credential });
    Ok((StatusCode::CREATED, body))
}

/// A new key, not stored yet.
pub fn make(app: &App, user: &UserId, description: &str) -> Result<(StoredKey, Secret)> {
    let secret = Secret::random(40);
    let access_key = keys::random_access_key();
    let column = vault::ACCESS_KEYS;
    let sealed = app.vault.seal(column, &access_key, &secret)?;
    let key = StoredKey {
        description: description.to_owned(),
        ..StoredKey::permanent(&access_key, user, &sealed, app.clock.now())
    };
    Ok((key, secret))
}

/// Refuses one too many.
pub async fn insert(tx: &mut Tx, key: &StoredKey) -> Result<()> {
    let there = store::list_permanent_keys(tx, &key.user_id).await?;
    if there.len() >= MAX_KEYS {
        return Err(Error::parameter(
            "user_id",
            format!(
                "is of a user with {MAX_KEYS} access keys, and more are not allowed: delete one"
            ),
        ));
    }
    store::insert_key(tx, key).await
}
