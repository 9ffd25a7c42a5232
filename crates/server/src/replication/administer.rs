//! What an administrator does with the key ring.

use data_encoding::BASE64;
use rand::{Rng, RngCore};
use serde_json::json;

use super::keys::{self, SECRET, StoredKey};
use super::store;
use crate::app::App;
use crate::audit::{self, Event, Outcome};
use crate::config::check_region;
use crate::db::Tx;
use crate::error::{Error, ErrorCode, Result};
use crate::iam::bootstrap::{Credentials, FILE};
use crate::keys::Secret;
use crate::vault;

/// A new key for a pair of regions; the secret is answered only here.
pub async fn create(app: &App, peer: &str) -> Result<(StoredKey, Secret)> {
    let mut bytes = [0; SECRET];
    rand::rng().fill_bytes(&mut bytes);
    let secret = Secret::new(BASE64.encode(&bytes));
    // a number that every client reads exactly, whatever it makes of numbers
    let key_id = rand::rng()
        .random_range(100_000_000_000_u64..1_000_000_000_000)
        .to_string();
    let key = put(
        app,
        &key_id,
        peer,
        &secret,
        "entrepot:replication-key:create",
    )
    .await?;
    Ok((key, secret))
}

/// The other half of [`create`], in the other region.
pub async fn add(app: &App, key_id: &str, peer: &str, secret: &Secret) -> Result<StoredKey> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if !(1..=128).contains(&key_id.len()) || !key_id.chars().all(plain) {
        return Err(Error::parameter(
            "key_id",
            "must be 1 to 128 letters, digits, -, _ and .",
        ));
    }
    keys::parse_secret(secret.expose())?;
    let secret = Secret::new(secret.expose().trim());
    put(app, key_id, peer, &secret, "entrepot:replication-key:add").await
}

/// The name that this region was last served under; a flag may have given it.
pub fn own_region(app: &App) -> Result<String> {
    let written = Credentials::read(&app.config.data.join(FILE))?;
    Ok(written.map_or_else(|| app.config.region.clone(), |written| written.region))
}

async fn put(
    app: &App,
    key_id: &str,
    peer: &str,
    secret: &Secret,
    action: &str,
) -> Result<StoredKey> {
    check_region(peer).map_err(|problem| Error::parameter("peer", problem))?;
    if peer == own_region(app)? {
        return Err(Error::parameter(
            "peer",
            format!("must be another region; this one is {peer} itself"),
        ));
    }
    let key = StoredKey {
        key_id: key_id.to_owned(),
        peer: peer.to_owned(),
        sealed: app.vault.seal(vault::REPLICATION_KEYS, key_id, secret)?,
        created_at: app.clock.now(),
        retired_at: None,
        uses: 0,
    };
    let event = event(app, action, &key);
    let stored = key.clone();
    app.db
        .write(async move |tx| {
            if !store::keys::insert(tx, &stored).await? {
                let message = format!("The ring has a key with the id {} already.", stored.key_id);
                return Err(Error::new(ErrorCode::KeyTaken, message));
            }
            audit::record(tx, &event).await
        })
        .await?;
    app.replication.keys.forget();
    Ok(key)
}

fn event(app: &App, action: &str, key: &StoredKey) -> Event {
    let (resource, detail) = (
        format!("replication-key/{}", key.key_id),
        json!({"peer": key.peer}),
    );
    Event::new(app, action, resource, Outcome::Done, detail)
}

pub async fn list(app: &App) -> Result<Vec<StoredKey>> {
    app.db.read(async |tx| store::keys::list(tx).await).await
}

/// The key seals and opens nothing any more. Copies that are under way go on under another key of
/// the pair, if there is one.
pub async fn retire(app: &App, key_id: &str) -> Result<StoredKey> {
    let id = key_id.to_owned();
    let now = app.clock.now();
    let owned = app.clone();
    let retired = app
        .db
        .write(async move |tx| {
            let key = require(tx, &id).await?;
            store::keys::retire(tx, &id, now).await?;
            let event = event(&owned, "entrepot:replication-key:retire", &key);
            audit::record(tx, &event).await?;
            require(tx, &id).await
        })
        .await?;
    app.replication.keys.forget();
    Ok(retired)
}

async fn require(tx: &mut Tx, key_id: &str) -> Result<StoredKey> {
    let found = store::keys::find(tx, key_id).await?;
    found.ok_or_else(|| {
        Error::new(
            ErrorCode::ReplicationKeyUnknown,
            format!("The ring has no key with the id {key_id}."),
        )
    })
}
