//! SQL of the vault: its keys, and the sealed texts of all tables.

use super::FIRST;
use super::sealed::{COLUMNS, Column, prefix};
use crate::clock::Timestamp;
use crate::db::{DbError, Row, Tx};
use crate::error::Result;
use crate::params;

/// A data key, wrapped under one master key.
#[derive(Clone)]
pub struct Wrapped {
    pub key_id: String,
    pub master_id: String,
    pub text: String,
    /// When the data key was made.
    pub created_at: Timestamp,
    /// When the master key came to open it.
    pub since: Timestamp,
}

fn wrapped(mut row: Row) -> Result<Wrapped, DbError> {
    Ok(Wrapped {
        key_id: row.next()?,
        master_id: row.next()?,
        text: row.next()?,
        created_at: row.next()?,
        since: row.next()?,
    })
}

/// By the age of the data keys, the newest last.
pub async fn list(tx: &mut Tx) -> Result<Vec<Wrapped>> {
    let sql = "SELECT key_id, master_id, wrapped, created_at, wrapped_at FROM vault_keys \
         ORDER BY created_at, key_id, wrapped_at, master_id";
    let rows = tx.query(sql, &[]).await?;
    Ok(rows.into_iter().map(wrapped).collect::<Result<_, _>>()?)
}

/// Each data key once, the newest last.
pub fn key_ids(rows: &[Wrapped]) -> Vec<String> {
    let mut ids: Vec<String> = rows.iter().map(|row| row.key_id.clone()).collect();
    ids.dedup();
    ids
}

/// Each master key once, in the order in which they came.
pub fn master_ids(rows: &[Wrapped]) -> Vec<String> {
    let mut rows: Vec<&Wrapped> = rows.iter().collect();
    rows.sort_by_key(|row| row.since);
    let mut ids = Vec::<String>::new();
    for row in rows {
        if !ids.contains(&row.master_id) {
            ids.push(row.master_id.clone());
        }
    }
    ids
}

pub async fn insert(tx: &mut Tx, row: &Wrapped) -> Result<()> {
    tx.execute(
        "INSERT INTO vault_keys (key_id, master_id, wrapped, created_at, wrapped_at) \
         VALUES ($1, $2, $3, $4, $5)",
        params![
            &row.key_id,
            &row.master_id,
            &row.text,
            row.created_at,
            row.since
        ],
    )
    .await?;
    Ok(())
}

/// Only this master key opens the data keys from now on.
pub async fn delete_other_masters(tx: &mut Tx, master_id: &str) -> Result<()> {
    let sql = "DELETE FROM vault_keys WHERE master_id <> $1";
    tx.execute(sql, params![master_id]).await?;
    Ok(())
}

pub async fn delete_key(tx: &mut Tx, key_id: &str) -> Result<()> {
    let sql = "DELETE FROM vault_keys WHERE key_id = $1";
    tx.execute(sql, params![key_id]).await?;
    Ok(())
}

/// What texts sealed under a data key look like, as patterns.
fn patterns(key_id: &str) -> (String, String) {
    let pattern = prefix(key_id) + "%";
    let older = if key_id == FIRST {
        "v1:%".to_owned()
    } else {
        pattern.clone()
    };
    (pattern, older)
}

/// Whether anything is sealed as before there were data keys.
pub async fn has_first(tx: &mut Tx) -> Result<bool> {
    is_used(tx, FIRST).await
}

/// Whether anything is sealed under a data key.
pub async fn is_used(tx: &mut Tx, key_id: &str) -> Result<bool> {
    let (pattern, older) = patterns(key_id);
    for column in COLUMNS {
        let (table, secret) = (column.table, column.secret);
        let sql = format!(
            "SELECT {secret} FROM {table} WHERE {secret} LIKE $1 OR {secret} LIKE $2 LIMIT 1"
        );
        if tx
            .query_one(&sql, params![&pattern, &older])
            .await?
            .is_some()
        {
            return Ok(true);
        }
    }
    Ok(false)
}

/// How many texts of a column are sealed under a data key.
pub async fn count(tx: &mut Tx, column: Column, key_id: &str) -> Result<u64> {
    let (pattern, older) = patterns(key_id);
    let (table, secret) = (column.table, column.secret);
    let sql = format!("SELECT COUNT(*) FROM {table} WHERE {secret} LIKE $1 OR {secret} LIKE $2");
    one(tx.query_one(&sql, params![&pattern, &older]).await?)
}

pub async fn count_all(tx: &mut Tx, column: Column) -> Result<u64> {
    let sql = format!("SELECT COUNT(*) FROM {}", column.table);
    one(tx.query_one(&sql, &[]).await?)
}

fn one(row: Option<Row>) -> Result<u64> {
    Ok(row.map(|mut row| row.next()).transpose()?.unwrap_or(0))
}

/// The next rows, in order of their ids, that are not sealed under a data key.
pub async fn list_others(
    tx: &mut Tx,
    column: Column,
    key_id: &str,
    after: &str,
    limit: u32,
) -> Result<Vec<(String, String)>> {
    let (table, id, secret) = (column.table, column.id, column.secret);
    let sql = format!(
        "SELECT {id}, {secret} FROM {table} WHERE {id} > $1 AND {secret} NOT LIKE $2 \
         ORDER BY {id} LIMIT $3"
    );
    let pattern = prefix(key_id) + "%";
    let rows = tx.query(&sql, params![after, &pattern, limit]).await?;
    let pairs = rows
        .into_iter()
        .map(|mut row| Ok::<_, DbError>((row.next()?, row.next()?)));
    Ok(pairs.collect::<Result<_, _>>()?)
}

/// Puts one sealed text in place of another; false where somebody has changed it.
pub async fn replace(
    tx: &mut Tx,
    column: Column,
    id: &str,
    sealed: &str,
    before: &str,
) -> Result<bool> {
    let sql = format!(
        "UPDATE {} SET {} = $1 WHERE {} = $2 AND {} = $3",
        column.table, column.secret, column.id, column.secret
    );
    Ok(tx.execute(&sql, params![sealed, id, before]).await? == 1)
}
