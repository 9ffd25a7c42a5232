//! SQL of copies that come here.

use super::tickets::{progress, signed, state};
use crate::clock::Timestamp;
use crate::db::{DbError, Row, Sql, Tx};
use crate::error::Result;
use crate::ids::{AssetId, ProjectId};
use crate::params;
use crate::replication::model::{Copy, CopyState, Progress};

const COLUMNS: &str = "c.copy_id, c.project_id, c.asset_id, c.asset_name, c.peer, c.key_id, \
     c.version, c.digest, c.expires_at, c.by_hand, c.is_update, c.state, \
     c.bytes_done, c.bytes_total, c.bytes_held, c.rate, c.attempts, c.error_code, c.error, \
     c.next_try_at, c.stalled, c.local_version, c.created_by, c.created_at, c.updated_at, \
     c.finished_at, c.revision";

fn copy(mut row: Row) -> Result<Copy> {
    let row = &mut row;
    Ok(Copy {
        copy_id: row.next()?,
        project_id: row.next()?,
        asset_id: row.next()?,
        asset_name: row.next()?,
        peer: row.next()?,
        key_id: row.next()?,
        version: row.next()?,
        digest: row.next()?,
        expires_at: row.next()?,
        by_hand: row.next()?,
        is_update: row.next()?,
        state: state(&row.next::<String>()?)?,
        progress: progress(row)?,
        stalled: row.next()?,
        local_version: row.next()?,
        created_by: row.next()?,
        created_at: row.next()?,
        updated_at: row.next()?,
        finished_at: row.next()?,
        revision: row.next()?,
    })
}

/// A second one for the same asset that is under way collides, and the transaction is run again.
pub async fn insert(tx: &mut Tx, copy: &Copy) -> Result<()> {
    let inserted = tx
        .execute(
            "INSERT INTO copies (copy_id, project_id, asset_id, asset_name, peer, key_id, \
             version, digest, expires_at, by_hand, is_update, state, bytes_total, \
             created_by, created_at, updated_at, bytes_done, bytes_held, rate, \
             attempts, stalled, revision, reported) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, \
             0, 0, 0, 0, 0, 1, 0) ON CONFLICT DO NOTHING",
            params![
                &copy.copy_id,
                &copy.project_id,
                &copy.asset_id,
                &copy.asset_name,
                &copy.peer,
                &copy.key_id,
                copy.version,
                &copy.digest,
                copy.expires_at,
                copy.by_hand,
                copy.is_update,
                copy.state.as_str(),
                signed(copy.progress.bytes_total),
                &copy.created_by,
                copy.created_at,
                copy.updated_at
            ],
        )
        .await?;
    if inserted != 1 {
        return Err(DbError::Conflict(format!("the copy {} came twice", copy.copy_id)).into());
    }
    Ok(())
}

pub async fn find(tx: &mut Tx, copy_id: &str) -> Result<Option<Copy>> {
    let sql = format!("SELECT {COLUMNS} FROM copies c WHERE c.copy_id = $1");
    let row = tx.query_one(&sql, params![copy_id]).await?;
    row.map(copy).transpose()
}

/// Of an asset, the newest first.
pub async fn list_of(tx: &mut Tx, asset: &AssetId, limit: u32) -> Result<Vec<Copy>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM copies c WHERE c.asset_id = $1 \
         ORDER BY c.created_at DESC, c.copy_id DESC LIMIT $2"
    );
    let rows = tx.query(&sql, params![asset, limit]).await?;
    rows.into_iter().map(copy).collect()
}

/// Of a project, the newest first, after `marker`.
pub async fn list_page(
    tx: &mut Tx,
    project: &ProjectId,
    states: &[CopyState],
    marker: Option<&str>,
    limit: u32,
) -> Result<Vec<Copy>> {
    let mut sql = Sql::new("SELECT ");
    sql.push(COLUMNS);
    sql.push(" FROM copies c WHERE c.project_id = ")
        .bind(project);
    if !states.is_empty() {
        let states: Vec<&str> = states.iter().map(|state| state.as_str()).collect();
        sql.push(" AND c.state ").bind_in(&states);
    }
    if let Some(marker) = marker {
        sql.push(" AND c.copy_id < ").bind(marker);
    }
    sql.push(" ORDER BY c.copy_id DESC LIMIT ").bind(limit);
    let rows = tx.query(sql.text(), sql.params()).await?;
    rows.into_iter().map(copy).collect()
}

/// Writes all of a copy that changes; its revision grows.
pub async fn update(tx: &mut Tx, copy: &Copy) -> Result<()> {
    let progress = &copy.progress;
    tx.execute(
        "UPDATE copies SET state = $1, bytes_done = $2, bytes_total = $3, bytes_held = $4, \
         rate = $5, attempts = $6, stalled = $7, error_code = $8, error = $9, next_try_at = $10, \
         local_version = $11, created_at = $12, updated_at = $13, finished_at = $14, \
         is_update = $15, by_hand = $16, revision = revision + 1 WHERE copy_id = $17",
        params![
            copy.state.as_str(),
            signed(progress.bytes_done),
            signed(progress.bytes_total),
            signed(progress.bytes_held),
            signed(progress.rate),
            signed(progress.attempts),
            signed(copy.stalled),
            &progress.error_code,
            &progress.error,
            progress.next_try_at,
            copy.local_version,
            copy.created_at,
            copy.updated_at,
            copy.finished_at,
            copy.is_update,
            copy.by_hand,
            &copy.copy_id
        ],
    )
    .await?;
    Ok(())
}

/// The manifest of a copy by hand, which may be long: only what needs it reads it.
pub async fn find_manifest(tx: &mut Tx, copy_id: &str) -> Result<Option<String>> {
    let sql = "SELECT manifest FROM copies WHERE copy_id = $1";
    let row = tx.query_one(sql, params![copy_id]).await?;
    Ok(row.map(|mut row| row.next()).transpose()?.flatten())
}

pub async fn set_manifest(tx: &mut Tx, copy_id: &str, text: Option<&str>) -> Result<()> {
    let sql = "UPDATE copies SET manifest = $1 WHERE copy_id = $2";
    tx.execute(sql, params![text, copy_id]).await?;
    Ok(())
}

/// Writes how far one is that is under way; false means that it no longer is.
pub async fn set_progress(
    tx: &mut Tx,
    copy_id: &str,
    progress: &Progress,
    now: Timestamp,
) -> Result<bool> {
    let updated = tx
        .execute(
            "UPDATE copies SET state = 'COPYING', bytes_done = $1, bytes_total = $2, \
             bytes_held = $3, rate = $4, attempts = $5, next_try_at = NULL, updated_at = $6, \
             revision = revision + 1 WHERE copy_id = $7 AND state IN ('WAITING', 'COPYING')",
            params![
                signed(progress.bytes_done),
                signed(progress.bytes_total),
                signed(progress.bytes_held),
                signed(progress.rate),
                signed(progress.attempts),
                now,
                copy_id
            ],
        )
        .await?;
    Ok(updated == 1)
}

/// Copies whose source region does not know the latest, a peer's in the order of their changes.
pub async fn list_unreported(tx: &mut Tx, then: Timestamp, limit: u32) -> Result<Vec<Copy>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM copies c WHERE c.reported < c.revision AND c.by_hand = $1 \
         AND c.updated_at >= $2 ORDER BY c.updated_at LIMIT $3"
    );
    let rows = tx.query(&sql, params![false, then, limit]).await?;
    rows.into_iter().map(copy).collect()
}

pub async fn set_reported(tx: &mut Tx, copy_id: &str, revision: i64) -> Result<()> {
    let sql = "UPDATE copies SET reported = $1 WHERE copy_id = $2 AND reported < $3";
    tx.execute(sql, params![revision, copy_id, revision])
        .await?;
    Ok(())
}

/// Copies that ended before `then` without success and still hold bytes.
pub async fn list_given_up(tx: &mut Tx, then: Timestamp, limit: u32) -> Result<Vec<String>> {
    let rows = tx
        .query(
            "SELECT c.copy_id FROM copies c WHERE c.finished_at < $1 \
             AND c.finished_at IS NOT NULL AND EXISTS (SELECT 1 FROM copy_segments s \
             WHERE s.copy_id = c.copy_id) ORDER BY c.finished_at LIMIT $2",
            params![then, limit],
        )
        .await?;
    let ids = rows.into_iter().map(|mut row| row.next());
    Ok(ids.collect::<Result<_, _>>()?)
}

/// Copies by hand that nothing was heard of since `then`.
pub async fn list_idle(tx: &mut Tx, then: Timestamp, limit: u32) -> Result<Vec<Copy>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM copies c WHERE c.state IN ('WAITING', 'COPYING') \
         AND c.by_hand = $1 AND c.updated_at < $2 ORDER BY c.updated_at LIMIT $3"
    );
    let rows = tx.query(&sql, params![true, then, limit]).await?;
    rows.into_iter().map(copy).collect()
}

/// Forgets copies that were applied to an asset whose row is removed.
pub async fn delete_of(tx: &mut Tx, asset: &AssetId) -> Result<()> {
    tx.execute(
        "DELETE FROM copy_segments WHERE copy_id IN (SELECT copy_id FROM copies WHERE asset_id = $1)",
        params![asset],
    )
    .await?;
    let sql = "DELETE FROM copies WHERE asset_id = $1";
    tx.execute(sql, params![asset]).await?;
    Ok(())
}
