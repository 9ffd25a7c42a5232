//! SQL of access keys: permanent ones, and temporary ones with an end.

use crate::clock::Timestamp;
use crate::db::{DbError, Row, Tx};
use crate::error::Result;
use crate::iam::model::StoredKey;
use crate::ids::{ProjectId, UserId};
use crate::params;

const KEY: &str = "SELECT access_key, user_id, secret, enabled, description, created_at, \
     last_used_at, expires_at, security_token, project_id, session_policy FROM access_keys";

fn key(mut row: Row) -> Result<StoredKey, DbError> {
    Ok(StoredKey {
        access_key: row.next()?,
        user_id: row.next()?,
        sealed: row.next()?,
        enabled: row.next()?,
        description: row.next()?,
        created_at: row.next()?,
        last_used_at: row.next()?,
        expires_at: row.next()?,
        security_token: row.next()?,
        project_id: row.next()?,
        session_policy: row.next()?,
    })
}

fn keys(rows: Vec<Row>) -> Result<Vec<StoredKey>> {
    Ok(rows.into_iter().map(key).collect::<Result<_, _>>()?)
}

/// `sealed` is the secret under the master key.
pub async fn insert_access_key(
    tx: &mut Tx,
    access_key: &str,
    user: &UserId,
    sealed: &str,
    now: Timestamp,
) -> Result<()> {
    let key = StoredKey::permanent(access_key, user, sealed, now);
    insert_key(tx, &key).await
}

pub async fn insert_key(tx: &mut Tx, key: &StoredKey) -> Result<()> {
    tx.execute(
        "INSERT INTO access_keys (access_key, user_id, secret, enabled, description, created_at, \
         expires_at, security_token, project_id, session_policy) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        params![
            &key.access_key,
            &key.user_id,
            &key.sealed,
            key.enabled,
            &key.description,
            key.created_at,
            key.expires_at,
            &key.security_token,
            &key.project_id,
            &key.session_policy
        ],
    )
    .await?;
    Ok(())
}

/// An enabled key, permanent or temporary (it may have expired).
pub async fn find_access_key(tx: &mut Tx, access_key: &str) -> Result<Option<StoredKey>> {
    let sql = format!("{KEY} WHERE access_key = $1 AND enabled = $2");
    let row = tx.query_one(&sql, params![access_key, true]).await?;
    Ok(row.map(key).transpose()?)
}

/// A key that is managed by name; temporary ones are not.
pub async fn find_permanent_key(tx: &mut Tx, access_key: &str) -> Result<Option<StoredKey>> {
    let sql = format!("{KEY} WHERE access_key = $1 AND expires_at IS NULL");
    let row = tx.query_one(&sql, params![access_key]).await?;
    Ok(row.map(key).transpose()?)
}

/// The oldest first.
pub async fn list_permanent_keys(tx: &mut Tx, user: &UserId) -> Result<Vec<StoredKey>> {
    let sql =
        format!("{KEY} WHERE user_id = $1 AND expires_at IS NULL ORDER BY created_at, access_key");
    keys(tx.query(&sql, params![user]).await?)
}

pub async fn update_key(tx: &mut Tx, key: &StoredKey) -> Result<()> {
    tx.execute(
        "UPDATE access_keys SET enabled = $1, description = $2 WHERE access_key = $3",
        params![key.enabled, &key.description, &key.access_key],
    )
    .await?;
    Ok(())
}

/// That the key signed a request. Whoever looks keys up calls this once in a while, not each time.
pub async fn set_key_used(tx: &mut Tx, access_key: &str, now: Timestamp) -> Result<()> {
    let sql = "UPDATE access_keys SET last_used_at = $1 WHERE access_key = $2";
    tx.execute(sql, params![now, access_key]).await?;
    Ok(())
}

pub async fn delete_key(tx: &mut Tx, access_key: &str) -> Result<()> {
    let sql = "DELETE FROM access_keys WHERE access_key = $1";
    tx.execute(sql, params![access_key]).await?;
    Ok(())
}

pub async fn delete_temporary_keys_of(tx: &mut Tx, user: &UserId) -> Result<()> {
    let sql = "DELETE FROM access_keys WHERE user_id = $1 AND expires_at IS NOT NULL";
    tx.execute(sql, params![user]).await?;
    Ok(())
}

pub async fn delete_temporary_keys_in(tx: &mut Tx, project: &ProjectId) -> Result<()> {
    let sql = "DELETE FROM access_keys WHERE project_id = $1 AND expires_at IS NOT NULL";
    tx.execute(sql, params![project]).await?;
    Ok(())
}

/// Removes temporary keys that expired before `then`.
pub async fn delete_expired_keys(tx: &mut Tx, then: Timestamp) -> Result<u64> {
    let sql = "DELETE FROM access_keys WHERE expires_at < $1";
    Ok(tx.execute(sql, params![then]).await?)
}
