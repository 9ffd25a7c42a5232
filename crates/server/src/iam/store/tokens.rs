//! SQL of tokens.

use crate::clock::Timestamp;
use crate::db::Tx;
use crate::error::Result;
use crate::iam::model::StoredToken;
use crate::ids::{ProjectId, UserId};
use crate::params;

pub async fn insert_token(tx: &mut Tx, hash: &str, token: &StoredToken) -> Result<()> {
    tx.execute(
        "INSERT INTO tokens (token_hash, user_id, project_id, methods, issued_at, expires_at) \
         VALUES ($1, $2, $3, $4, $5, $6)",
        params![
            hash,
            &token.user_id,
            &token.project_id,
            token.methods.join(","),
            token.issued_at,
            token.expires_at
        ],
    )
    .await?;
    Ok(())
}

/// It may have expired.
pub async fn find_token(tx: &mut Tx, hash: &str) -> Result<Option<StoredToken>> {
    let row = tx
        .query_one(
            "SELECT user_id, project_id, methods, issued_at, expires_at FROM tokens \
             WHERE token_hash = $1",
            params![hash],
        )
        .await?;
    let Some(mut row) = row else { return Ok(None) };
    Ok(Some(StoredToken {
        user_id: row.next()?,
        project_id: row.next()?,
        methods: row
            .next::<String>()?
            .split(',')
            .map(str::to_owned)
            .collect(),
        issued_at: row.next()?,
        expires_at: row.next()?,
    }))
}

pub async fn delete_token(tx: &mut Tx, hash: &str) -> Result<()> {
    let sql = "DELETE FROM tokens WHERE token_hash = $1";
    tx.execute(sql, params![hash]).await?;
    Ok(())
}

pub async fn delete_tokens_of(tx: &mut Tx, user: &UserId) -> Result<()> {
    let sql = "DELETE FROM tokens WHERE user_id = $1";
    tx.execute(sql, params![user]).await?;
    Ok(())
}

/// Those whose scope is the project.
pub async fn delete_tokens_in(tx: &mut Tx, project: &ProjectId) -> Result<()> {
    let sql = "DELETE FROM tokens WHERE project_id = $1";
    tx.execute(sql, params![project]).await?;
    Ok(())
}

/// Removes tokens that expired before `then`.
pub async fn delete_expired_tokens(tx: &mut Tx, then: Timestamp) -> Result<u64> {
    let sql = "DELETE FROM tokens WHERE expires_at < $1";
    Ok(tx.execute(sql, params![then]).await?)
}
