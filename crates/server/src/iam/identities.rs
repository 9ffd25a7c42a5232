//! Looks up who a credential belongs to, and remembers it for a moment: a busy caller costs no
//! database work, and a key that is revoked stops working within two seconds on every node.

use std::time::Duration;

use moka::sync::Cache;

use super::{Principal, PrincipalRef, store};
use crate::app::App;
use crate::clock::Timestamp;
use crate::db::Tx;
use crate::error::Result;
use crate::ids::{ProjectId, UserId};
use crate::keys::{self, Secret};
use crate::vault;

const REMEMBERED_FOR: Duration = Duration::from_millis(1500);
const REMEMBERED: u64 = 10_000;

#[derive(Debug, Clone)]
pub struct Identities {
    by_access_key: Cache<String, (PrincipalRef, Secret)>,
    /// By the token's hash.
    by_token: Cache<String, (PrincipalRef, Timestamp)>,
}

fn cache<V: Clone + Send + Sync + 'static>() -> Cache<String, V> {
    Cache::builder()
        .max_capacity(REMEMBERED)
        .time_to_live(REMEMBERED_FOR)
        .build()
}

impl Default for Identities {
    fn default() -> Self {
        Self {
            by_access_key: cache(),
            by_token: cache(),
        }
    }
}

/// The identity and secret of an access key.
pub async fn by_access_key(app: &App, access_key: &str) -> Result<Option<(PrincipalRef, Secret)>> {
    if let Some(known) = app.identities.by_access_key.get(access_key) {
        return Ok(Some(known));
    }
    let key = access_key.to_owned();
    let found = app
        .db
        .snapshot(async move |tx| {
            let Some((user, sealed)) = store::find_access_key(tx, &key).await? else {
                return Ok(None);
            };
            let identity = identity(tx, &user, None).await?;
            Ok(identity.map(|identity| (identity, sealed)))
        })
        .await?;
    let Some((identity, sealed)) = found else {
        return Ok(None);
    };
    let column = vault::ACCESS_KEYS;
    let secret = app.vault.open(column, access_key, &sealed).await?;
    let known = (PrincipalRef::new(identity), secret);
    let cache = &app.identities.by_access_key;
    cache.insert(access_key.to_owned(), known.clone());
    Ok(Some(known))
}

/// The identity of a token and when the token expires (it may have).
pub async fn by_token(app: &App, token: &str) -> Result<Option<(PrincipalRef, Timestamp)>> {
    let hash = keys::hash_token(token);
    if let Some(known) = app.identities.by_token.get(&hash) {
        return Ok(Some(known));
    }
    let wanted = hash.clone();
    let found = app
        .db
        .snapshot(async move |tx| {
            let Some(token) = store::find_token(tx, &wanted).await? else {
                return Ok(None);
            };
            let identity = identity(tx, &token.user_id, token.project_id.as_ref()).await?;
            Ok(identity.map(|identity| (identity, token.expires_at)))
        })
        .await?;
    let Some((identity, expires_at)) = found else {
        return Ok(None);
    };
    let known = (PrincipalRef::new(identity), expires_at);
    app.identities.by_token.insert(hash, known.clone());
    Ok(Some(known))
}

async fn identity(
    tx: &mut Tx,
    user: &UserId,
    only: Option<&ProjectId>,
) -> Result<Option<Principal>> {
    let Some(user) = store::find_user(tx, user)
        .await?
        .filter(|user| user.enabled)
    else {
        return Ok(None);
    };
    let projects = store::list_projects(tx, &user.domain_id, None).await?;
    let projects = projects
        .into_iter()
        .map(|project| project.project_id)
        .filter(|project| only.is_none_or(|only| only == project))
        .collect();
    Ok(Some(Principal {
        domain_id: user.domain_id,
        domain_name: user.domain_name,
        user_id: user.user_id,
        user_name: user.name,
        is_owner: user.is_owner,
        projects,
    }))
}
