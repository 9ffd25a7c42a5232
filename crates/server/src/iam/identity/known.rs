//! Looks up who a credential belongs to, and remembers it for a moment: a busy caller costs no
//! database work, and what is revoked or changed stops working within two seconds on every node.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use moka::sync::Cache;

use crate::app::App;
use crate::clock::Timestamp;
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::iam::model::StoredGrant;
use crate::iam::policy::{Grant, Policy, builtin};
use crate::iam::{Principal, PrincipalRef, store};
use crate::ids::{ProjectId, UserId};
use crate::keys::Secret;
use crate::vault;

const REMEMBERED_FOR: Duration = Duration::from_millis(1500);
const REMEMBERED: u64 = 10_000;
const NOTED_EVERY: Duration = Duration::from_hours(1);

#[derive(Debug)]
pub struct Known {
    keys: Cache<String, Arc<KnownKey>>,
    /// By the token's hash.
    tokens: Cache<String, PrincipalRef>,
}

#[derive(Debug)]
pub struct KnownKey {
    pub principal: PrincipalRef,
    pub secret: Secret,
    /// Of a temporary key, hashed.
    pub security_token: Option<String>,
    /// Whether its last use is to be written down.
    use_is_due: AtomicBool,
}

impl KnownKey {
    /// To the hour, for those who look for keys that nobody uses.
    pub async fn note_use(&self, app: &App, access_key: &str) {
        if !self.use_is_due.load(Ordering::Relaxed)
            || !self.use_is_due.swap(false, Ordering::Relaxed)
        {
            return;
        }
        let (key, now) = (access_key.to_owned(), app.clock.now());
        let noted = app
            .db
            .write(async move |tx| store::set_key_used(tx, &key, now).await);
        if let Err(error) = noted.await {
            // no reason to refuse the request
            tracing::debug!(%error, "the use of a key was not written down");
        }
    }
}

/// What a credential narrows its user down to.
#[derive(Debug, Default)]
struct Scope {
    project: Option<ProjectId>,
    ends_at: Option<Timestamp>,
    session_policy: Option<String>,
}

fn cache<V: Clone + Send + Sync + 'static>() -> Cache<String, V> {
    Cache::builder()
        .max_capacity(REMEMBERED)
        .time_to_live(REMEMBERED_FOR)
        .build()
}

impl Default for Known {
    fn default() -> Self {
        Self {
            keys: cache(),
            tokens: cache(),
        }
    }
}

impl Known {
    /// An access key that is enabled, of a user who is; it may have ended.
    pub async fn by_access_key(
        &self,
        app: &App,
        access_key: &str,
    ) -> Result<Option<Arc<KnownKey>>> {
        if let Some(known) = self.keys.get(access_key) {
            return Ok(Some(known));
        }
        count_lookup("access_key");
        let key = access_key.to_owned();
        let found = app
            .db
            .snapshot(async move |tx| {
                let Some(stored) = store::find_access_key(tx, &key).await? else {
                    return Ok(None);
                };
                let scope = Scope {
                    project: stored.project_id.clone(),
                    ends_at: stored.expires_at,
                    session_policy: stored.session_policy.clone(),
                };
                let principal = principal(tx, &stored.user_id, scope).await?;
                Ok(principal.map(|principal| (principal, stored)))
            })
            .await?;
        let Some((principal, stored)) = found else {
            return Ok(None);
        };
        let column = vault::ACCESS_KEYS;
        let secret = app.vault.open(column, access_key, &stored.sealed).await?;
        let noted = stored.last_used_at;
        let is_due = noted.is_none_or(|at| at.plus(NOTED_EVERY) <= app.clock.now());
        let known = Arc::new(KnownKey {
            principal: PrincipalRef::new(principal),
            secret,
            security_token: stored.security_token,
            use_is_due: AtomicBool::new(is_due),
        });
        self.keys.insert(access_key.to_owned(), Arc::clone(&known));
        Ok(Some(known))
    }

    /// By the token's hash; the token may have ended.
    pub async fn by_token(&self, app: &App, hash: &str) -> Result<Option<PrincipalRef>> {
        if let Some(known) = self.tokens.get(hash) {
            return Ok(Some(known));
        }
        count_lookup("token");
        let wanted = hash.to_owned();
        let found = app
            .db
            .snapshot(async move |tx| {
                let Some(token) = store::find_token(tx, &wanted).await? else {
                    return Ok(None);
                };
                let scope = Scope {
                    project: token.project_id.clone(),
                    ends_at: Some(token.expires_at),
                    session_policy: None,
                };
                principal(tx, &token.user_id, scope).await
            })
            .await?;
        let Some(principal) = found.map(PrincipalRef::new) else {
            return Ok(None);
        };
        self.tokens.insert(hash.to_owned(), Arc::clone(&principal));
        Ok(Some(principal))
    }
}

fn count_lookup(of: &'static str) {
    metrics::counter!("entrepot_identity_lookups_total", "of" => of).increment(1);
}

async fn principal(tx: &mut Tx, user: &UserId, scope: Scope) -> Result<Option<Principal>> {
    let found = store::find_user(tx, user).await?;
    let Some(user) = found.filter(|user| user.enabled) else {
        return Ok(None);
    };
    let projects = store::list_projects_of(tx, &user).await?;
    let only = scope.project.as_ref();
    let projects = projects
        .into_iter()
        .filter(|project| only.is_none_or(|only| *only == project.project_id))
        .map(|project| (project.project_id, project.name))
        .collect();
    let grants = if user.is_owner {
        Vec::new()
    } else {
        let stored = store::list_grants(tx, &user.user_id).await?;
        stored.into_iter().map(grant).collect::<Result<_>>()?
    };
    let session = scope.session_policy.as_deref().map(Principal::session);
    Ok(Some(Principal {
        domain_id: user.domain_id,
        domain_name: user.domain_name,
        user_id: user.user_id,
        user_name: user.name,
        is_owner: user.is_owner,
        projects,
        grants,
        session: session.transpose().map_err(Error::internal)?,
        ends_at: scope.ends_at,
    }))
}

/// A policy that can't be read any more must not be passed over: it might deny.
fn grant(stored: StoredGrant) -> Result<Grant> {
    let id = &stored.policy_id;
    let policy = match &stored.document {
        Some(document) => {
            let policy = Policy::parse(document);
            Arc::new(policy.map_err(|e| Error::internal(format!("policy {id}: {e}")))?)
        }
        None => builtin::policy(id)
            .ok_or_else(|| Error::internal(format!("there is no built-in policy {id}")))?,
    };
    Ok(Grant {
        project: stored.project_id,
        policy,
    })
}
