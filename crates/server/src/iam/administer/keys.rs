//! Permanent access keys.

use serde_json::json;

use super::{event, home, missing, require_user};
use crate::app::App;
use crate::audit;
use crate::db::Tx;
use crate::error::Result;
use crate::iam::model::{StoredKey, User};
use crate::iam::rules::check_description;
use crate::iam::{credentials, store};
use crate::ids::{DomainId, UserId};
use crate::keys::Secret;

/// A key and whose it is.
#[derive(Debug, Clone)]
pub struct Found {
    pub key: StoredKey,
    pub user: User,
}

/// What is `None` stays as it is.
#[derive(Debug, Clone, Default)]
pub struct Change {
    pub enabled: Option<bool>,
    pub description: Option<String>,
}

/// With the secret, which is answered only here.
pub async fn create(app: &App, user: &str, description: &str) -> Result<(Found, Secret)> {
    check_description(description)?;
    // whose it is, is known in the transaction only
    let (key, secret) = credentials::make(app, &UserId::new(""), description)?;
    let (owned, user) = (app.clone(), user.to_owned());
    let found = app
        .db
        .write(async move |tx| {
            let domain = home(tx).await?;
            let user = require_user(tx, &domain, &user).await?;
            let key = StoredKey {
                user_id: user.user_id.clone(),
                ..key.clone()
            };
            credentials::insert(tx, &key).await?;
            let found = Found { key, user };
            record(&owned, tx, "key-create", &found).await?;
            Ok(found)
        })
        .await?;
    Ok((found, secret))
}

async fn record(app: &App, tx: &mut Tx, what: &str, found: &Found) -> Result<()> {
    let Found { key, user } = found;
    let detail = json!({"user_id": user.user_id, "user_name": user.name, "enabled": key.enabled});
    let event = event(app, what, format!("access-key/{}", key.access_key), detail);
    audit::record(tx, &event).await
}

/// Of one user, or of all.
pub async fn list(app: &App, user: Option<&str>) -> Result<Vec<Found>> {
    let only = user.map(str::to_owned);
    app.db
        .snapshot(async move |tx| {
            let domain = home(tx).await?;
            let mut users = store::list_all_users(tx).await?;
            users.retain(|user| user.domain_id == domain);
            if let Some(named) = &only {
                users = vec![require_user(tx, &domain, named).await?];
            }
            let mut all = Vec::new();
            for user in users {
                for key in store::list_permanent_keys(tx, &user.user_id).await? {
                    let user = user.clone();
                    all.push(Found { key, user });
                }
            }
            Ok(all)
        })
        .await
}

async fn require(tx: &mut Tx, domain: &DomainId, access_key: &str) -> Result<Found> {
    let unknown = || missing("access key", access_key);
    let key = store::find_permanent_key(tx, access_key).await?;
    let key = key.ok_or_else(unknown)?;
    let user = store::find_user(tx, &key.user_id).await?;
    let user = user.filter(|user| user.domain_id == *domain);
    let user = user.ok_or_else(unknown)?;
    Ok(Found { key, user })
}

pub async fn show(app: &App, access_key: &str) -> Result<Found> {
    let access_key = access_key.to_owned();
    app.db
        .snapshot(async move |tx| {
            let domain = home(tx).await?;
            require(tx, &domain, &access_key).await
        })
        .await
}

pub async fn update(app: &App, access_key: &str, change: Change) -> Result<Found> {
    if let Some(description) = &change.description {
        check_description(description)?;
    }
    let (owned, access_key) = (app.clone(), access_key.to_owned());
    app.db
        .write(async move |tx| {
            let domain = home(tx).await?;
            let mut found = require(tx, &domain, &access_key).await?;
            found.key.enabled = change.enabled.unwrap_or(found.key.enabled);
            if let Some(description) = &change.description {
                found.key.description.clone_from(description);
            }
            store::update_key(tx, &found.key).await?;
            record(&owned, tx, "key-update", &found).await?;
            Ok(found)
        })
        .await
}

pub async fn delete(app: &App, access_key: &str) -> Result<Found> {
    let (owned, access_key) = (app.clone(), access_key.to_owned());
    app.db
        .write(async move |tx| {
            let domain = home(tx).await?;
            let found = require(tx, &domain, &access_key).await?;
            store::delete_key(tx, &found.key.access_key).await?;
            record(&owned, tx, "key-delete", &found).await?;
            Ok(found)
        })
        .await
}
