//! `POST /v3.0/OS-CREDENTIAL/securitytokens`: a temporary access key, for a token.

use std::time::Duration;

use axum::extract::State;
use entrepot_api::credentials as wire;
use entrepot_api::iam::IamErrorResponse;
use http::{HeaderMap, StatusCode};
use serde_json::json;

use super::model::StoredKey;
use super::policy::Policy;
use super::refusals::{invalid, refuse_temporary, unknown_token};
use super::tokens::{Subject, find_by_hash};
use super::{Action, Caller, Resource, store};
use crate::app::App;
use crate::audit::{self, Event, Outcome};
use crate::clock::Timestamp;
use crate::error::{Error, ErrorCode, Result};
use crate::http::json::Json;
use crate::keys::{self, Secret};
use crate::vault;

const SECONDS: std::ops::RangeInclusive<u32> = 900..=86400;

/// Creates a temporary access key
///
/// It acts for the user of the token in the token's scope, and ends with it at the latest. Requests
/// are signed with it as with any, with `X-Security-Token` beside. A policy narrows down what it
/// may do; it never gives more than the user has.
#[utoipa::path(post, path = "/v3.0/OS-CREDENTIAL/securitytokens", tag = "Identity",
    request_body = wire::SecurityTokenRequest,
    responses((status = 201, body = wire::SecurityTokenResponse), (status = 400, body = IamErrorResponse),
        (status = 401, body = IamErrorResponse), (status = 403, body = IamErrorResponse)))]
pub async fn post(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Json(request): Json<wire::SecurityTokenRequest>,
) -> Result<(StatusCode, Json<wire::SecurityTokenResponse>)> {
    refuse_temporary(&caller)?;
    let wanted = wanted(&headers, request.auth.identity)?;
    let (secret, security_token) = (Secret::random(40), Secret::random(64));
    let access_key = keys::random_access_key();
    let column = vault::ACCESS_KEYS;
    let sealed = app.vault.seal(column, &access_key, &secret)?;
    let hash = keys::hash_token(security_token.expose());
    let (owned, named) = (app.clone(), access_key.clone());
    let expires_at = app
        .db
        .write(async move |tx| {
            let now = owned.clock.now();
            let found = find_by_hash(tx, &wanted.token, now).await?;
            let Subject { token, user, .. } = found
                .filter(|found| found.user.domain_id == caller.principal.domain_id)
                .ok_or_else(unknown_token)?;
            caller.authorize(Resource::User(&user.user_id))?;
            let expires_at = now.plus(wanted.life).min(token.expires_at);
            let key = StoredKey {
                expires_at: Some(expires_at),
                security_token: Some(hash.clone()),
                project_id: token.project_id,
                session_policy: wanted.policy.clone(),
                ..StoredKey::permanent(&named, &user.user_id, &sealed, now)
            };
            store::insert_key(tx, &key).await?;
            audit::record(tx, &event(&owned, &caller, &key)).await?;
            Ok(expires_at)
        })
        .await?;
    let credential = wire::TemporaryCredential {
        access: access_key,
        secret: secret.expose().to_owned(),
        securitytoken: security_token.expose().to_owned(),
        expires_at: expires_at.rfc3339_micros(),
    };
    let body = Json(wire::SecurityTokenResponse { credential });
    Ok((StatusCode::CREATED, body))
}

#[derive(Debug)]
struct Wanted {
    /// Its hash.
    token: String,
    life: Duration,
    policy: Option<String>,
}

fn wanted(headers: &HeaderMap, identity: wire::SecurityTokenIdentity) -> Result<Wanted> {
    if identity.methods == ["assume_role"] {
        let message = "There are no agencies here: identity.methods must be [\"token\"].";
        return Err(Error::new(ErrorCode::NotSupported, message));
    }
    if identity.methods != ["token"] {
        return Err(invalid("identity.methods must be [\"token\"]"));
    }
    let basis = identity.token.unwrap_or_default();
    let header = headers.get("x-auth-token").and_then(|v| v.to_str().ok());
    let token = basis.id.as_deref().or(header);
    let token = token.ok_or_else(|| {
        invalid("it needs a token: identity.token.id, or the header X-Auth-Token")
    })?;
    let seconds = basis.duration_seconds.unwrap_or(*SECONDS.start());
    if !SECONDS.contains(&seconds) {
        let (from, to) = (SECONDS.start(), SECONDS.end());
        return Err(invalid(format!(
            "identity.token.duration_seconds must be {from} to {to}"
        )));
    }
    let policy = identity.policy.map(|policy| policy.to_string());
    if let Some(policy) = &policy {
        Policy::parse(policy).map_err(|why| invalid(format!("identity.policy: {why}")))?;
    }
    Ok(Wanted {
        token: keys::hash_token(token),
        life: Duration::from_secs(seconds.into()),
        policy,
    })
}

fn event(app: &App, caller: &Caller, key: &StoredKey) -> Event {
    let resource = format!("access-key/{}", key.access_key);
    let detail = json!({
        "user_id": key.user_id,
        "project_id": key.project_id,
        "expires_at": key.expires_at.map(Timestamp::rfc3339),
    });
    let action = Action::SecurityTokenCreate.name();
    Event::new(app, action, resource, Outcome::Done, detail).by(caller)
}
