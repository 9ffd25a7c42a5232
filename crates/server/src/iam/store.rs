//! SQL of identity.

use super::model::{Domain, Project, StoredToken, User};
use crate::clock::Timestamp;
use crate::db::{DbError, Row, Tx};
use crate::error::Result;
use crate::ids::{DomainId, UserId};
use crate::keys::Secret;
use crate::params;

const USER: &str = "SELECT u.user_id, u.domain_id, d.name, u.name, u.password_hash, u.is_owner, \
     u.enabled FROM users u JOIN domains d ON d.domain_id = u.domain_id";

fn user(mut row: Row) -> Result<User, DbError> {
    Ok(User {
        user_id: row.next()?,
        domain_id: row.next()?,
        domain_name: row.next()?,
        name: row.next()?,
        password_hash: Secret::new(row.next::<String>()?),
        is_owner: row.next()?,
        enabled: row.next()?,
    })
}

fn project(mut row: Row) -> Result<Project, DbError> {
    Ok(Project {
        project_id: row.next()?,
        domain_id: row.next()?,
        name: row.next()?,
    })
}

pub async fn has_domain(tx: &mut Tx) -> Result<bool> {
    let found = tx
        .query_one("SELECT domain_id FROM domains LIMIT 1", &[])
        .await?;
    Ok(found.is_some())
}

pub async fn insert_domain(tx: &mut Tx, domain: &Domain, now: Timestamp) -> Result<()> {
    tx.execute(
        "INSERT INTO domains (domain_id, name, created_at) VALUES ($1, $2, $3)",
        params![&domain.domain_id, &domain.name, now],
    )
    .await?;
    Ok(())
}

pub async fn insert_project(tx: &mut Tx, project: &Project, now: Timestamp) -> Result<()> {
    tx.execute(
        "INSERT INTO projects (project_id, domain_id, name, created_at) VALUES ($1, $2, $3, $4)",
        params![&project.project_id, &project.domain_id, &project.name, now],
    )
    .await?;
    Ok(())
}

pub async fn insert_user(tx: &mut Tx, user: &User, now: Timestamp) -> Result<()> {
    tx.execute(
        "INSERT INTO users (user_id, domain_id, name, password_hash, is_owner, enabled, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        params![
            &user.user_id,
            &user.domain_id,
            &user.name,
            user.password_hash.expose(),
            user.is_owner,
            user.enabled,
            now
        ],
    )
    .await?;
    Ok(())
}

/// `sealed` is the secret under the master key.
pub async fn insert_access_key(
    tx: &mut Tx,
    access_key: &str,
    user: &UserId,
    sealed: &str,
    now: Timestamp,
) -> Result<()> {
    tx.execute(
        "INSERT INTO access_keys (access_key, user_id, secret, enabled, created_at) \
         VALUES ($1, $2, $3, $4, $5)",
        params![access_key, user, sealed, true, now],
    )
    .await?;
    Ok(())
}

/// The user of an enabled access key, with the sealed secret.
pub async fn find_access_key(tx: &mut Tx, access_key: &str) -> Result<Option<(UserId, String)>> {
    let row = tx
        .query_one(
            "SELECT user_id, secret FROM access_keys WHERE access_key = $1 AND enabled = $2",
            params![access_key, true],
        )
        .await?;
    Ok(row
        .map(|mut row| Ok::<_, DbError>((row.next()?, row.next()?)))
        .transpose()?)
}

pub async fn find_user(tx: &mut Tx, user_id: &UserId) -> Result<Option<User>> {
    let sql = format!("{USER} WHERE u.user_id = $1");
    let row = tx.query_one(&sql, params![user_id]).await?;
    Ok(row.map(user).transpose()?)
}

/// `domain` is a name or an id.
pub async fn find_user_by_name(tx: &mut Tx, domain: &str, name: &str) -> Result<Option<User>> {
    let sql = format!("{USER} WHERE (d.name = $1 OR d.domain_id = $2) AND u.name = $3");
    let row = tx.query_one(&sql, params![domain, domain, name]).await?;
    Ok(row.map(user).transpose()?)
}

/// All projects of a domain, or those of a name.
pub async fn list_projects(
    tx: &mut Tx,
    domain: &DomainId,
    name: Option<&str>,
) -> Result<Vec<Project>> {
    let mut sql = crate::db::Sql::new("SELECT project_id, domain_id, name FROM projects");
    sql.push(" WHERE domain_id = ").bind(domain);
    if let Some(name) = name {
        sql.push(" AND name = ").bind(name);
    }
    sql.push(" ORDER BY project_id");
    let rows = tx.query(sql.text(), sql.params()).await?;
    Ok(rows.into_iter().map(project).collect::<Result<_, _>>()?)
}

/// Of every domain; for administrators.
pub async fn list_all_projects(tx: &mut Tx) -> Result<Vec<Project>> {
    let sql = "SELECT project_id, domain_id, name FROM projects ORDER BY project_id";
    let rows = tx.query(sql, &[]).await?;
    Ok(rows.into_iter().map(project).collect::<Result<_, _>>()?)
}

pub async fn insert_token(tx: &mut Tx, hash: &str, token: &StoredToken) -> Result<()> {
    tx.execute(
        "INSERT INTO tokens (token_hash, user_id, project_id, issued_at, expires_at) \
         VALUES ($1, $2, $3, $4, $5)",
        params![
            hash,
            &token.user_id,
            &token.project_id,
            token.issued_at,
            token.expires_at
        ],
    )
    .await?;
    Ok(())
}

pub async fn find_token(tx: &mut Tx, hash: &str) -> Result<Option<StoredToken>> {
    let row = tx
        .query_one(
            "SELECT user_id, project_id, issued_at, expires_at FROM tokens WHERE token_hash = $1",
            params![hash],
        )
        .await?;
    let Some(mut row) = row else { return Ok(None) };
    Ok(Some(StoredToken {
        user_id: row.next()?,
        project_id: row.next()?,
        issued_at: row.next()?,
        expires_at: row.next()?,
    }))
}

/// Removes tokens that expired before `then`.
pub async fn delete_expired_tokens(tx: &mut Tx, then: Timestamp) -> Result<u64> {
    let sql = "DELETE FROM tokens WHERE expires_at < $1";
    Ok(tx.execute(sql, params![then]).await?)
}
