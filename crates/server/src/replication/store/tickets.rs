//! SQL of tickets issued here, and of the manifests that they name.

use crate::clock::Timestamp;
use crate::db::{Row, Sql, Tx};
use crate::error::{Error, Result};
use crate::ids::AssetId;
use crate::params;
use crate::replication::model::{CopyState, Progress, Ticket};

const COLUMNS: &str = "t.ticket_id, t.project_id, t.asset_id, t.asset_name, t.version, t.digest, \
     t.key_id, t.peer, t.to_project, t.issued_by, t.issued_at, t.expires_at, t.used_at, \
     t.revoked_at, t.state, t.revision, t.bytes_done, t.bytes_total, t.bytes_held, t.rate, \
     t.attempts, t.error_code, t.error, t.next_try_at, t.updated_at, t.finished_at";

pub(super) fn state(text: &str) -> Result<CopyState> {
    CopyState::parse(text).ok_or_else(|| Error::internal(format!("state of a copy: {text}")))
}

pub(super) fn progress(row: &mut Row) -> Result<Progress> {
    Ok(Progress {
        bytes_done: row.next()?,
        bytes_total: row.next()?,
        bytes_held: row.next()?,
        rate: row.next()?,
        attempts: row.next()?,
        error_code: row.next()?,
        error: row.next()?,
        next_try_at: row.next()?,
    })
}

fn ticket(mut row: Row) -> Result<Ticket> {
    let row = &mut row;
    Ok(Ticket {
        ticket_id: row.next()?,
        project_id: row.next()?,
        asset_id: row.next()?,
        asset_name: row.next()?,
        version: row.next()?,
        digest: row.next()?,
        key_id: row.next()?,
        peer: row.next()?,
        to_project: row.next()?,
        issued_by: row.next()?,
        issued_at: row.next()?,
        expires_at: row.next()?,
        used_at: row.next()?,
        revoked_at: row.next()?,
        state: state(&row.next::<String>()?)?,
        revision: row.next()?,
        progress: progress(row)?,
        updated_at: row.next()?,
        finished_at: row.next()?,
    })
}

pub fn signed(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

pub async fn insert(tx: &mut Tx, ticket: &Ticket) -> Result<()> {
    tx.execute(
        "INSERT INTO tickets (ticket_id, project_id, asset_id, asset_name, version, digest, \
         key_id, peer, to_project, issued_by, issued_at, expires_at, state, revision, bytes_done, \
         bytes_total, bytes_held, rate, attempts, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 0, 0, 0, 0, 0, 0, $14)",
        params![
            &ticket.ticket_id,
            &ticket.project_id,
            &ticket.asset_id,
            &ticket.asset_name,
            ticket.version,
            &ticket.digest,
            &ticket.key_id,
            &ticket.peer,
            &ticket.to_project,
            &ticket.issued_by,
            ticket.issued_at,
            ticket.expires_at,
            ticket.state.as_str(),
            ticket.updated_at
        ],
    )
    .await?;
    Ok(())
}

pub async fn find(tx: &mut Tx, ticket_id: &str) -> Result<Option<Ticket>> {
    let sql = format!("SELECT {COLUMNS} FROM tickets t WHERE t.ticket_id = $1");
    let row = tx.query_one(&sql, params![ticket_id]).await?;
    row.map(ticket).transpose()
}

/// Of an asset, the newest first.
pub async fn list_of(tx: &mut Tx, asset: &AssetId, limit: u32) -> Result<Vec<Ticket>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM tickets t WHERE t.asset_id = $1 \
         ORDER BY t.issued_at DESC, t.ticket_id DESC LIMIT $2"
    );
    let rows = tx.query(&sql, params![asset, limit]).await?;
    rows.into_iter().map(ticket).collect()
}

/// Notes that the peer came with it.
pub async fn set_used(tx: &mut Tx, ticket_id: &str, now: Timestamp) -> Result<()> {
    let sql = "UPDATE tickets SET used_at = $1 WHERE ticket_id = $2";
    tx.execute(sql, params![now, ticket_id]).await?;
    Ok(())
}

pub async fn revoke(tx: &mut Tx, ticket_id: &str, now: Timestamp) -> Result<()> {
    tx.execute(
        "UPDATE tickets SET revoked_at = $1, updated_at = $2 \
         WHERE ticket_id = $3 AND revoked_at IS NULL",
        params![now, now, ticket_id],
    )
    .await?;
    Ok(())
}

/// Notes what the peer tells of its copy, unless something newer is known.
pub async fn set_reported(
    tx: &mut Tx,
    ticket_id: &str,
    peer: &str,
    revision: i64,
    state: CopyState,
    told: &Progress,
    now: Timestamp,
) -> Result<bool> {
    let ended = (!state.is_under_way()).then_some(now);
    let updated = tx
        .execute(
            "UPDATE tickets SET state = $1, revision = $2, bytes_done = $3, bytes_total = $4, \
             bytes_held = $5, rate = $6, attempts = $7, error_code = $8, error = $9, \
             next_try_at = $10, updated_at = $11, finished_at = $12 \
             WHERE ticket_id = $13 AND peer = $14 AND revision < $15",
            params![
                state.as_str(),
                revision,
                signed(told.bytes_done),
                signed(told.bytes_total),
                signed(told.bytes_held),
                signed(told.rate),
                signed(told.attempts),
                &told.error_code,
                &told.error,
                told.next_try_at,
                now,
                ended,
                ticket_id,
                peer,
                revision
            ],
        )
        .await?;
    Ok(updated == 1)
}

/// The digest of a version's manifest, where it is kept.
pub async fn find_digest(tx: &mut Tx, asset: &AssetId, version: i64) -> Result<Option<String>> {
    let sql = "SELECT digest FROM manifests WHERE asset_id = $1 AND version = $2";
    let row = tx.query_one(sql, params![asset, version]).await?;
    Ok(row.map(|mut row| row.next()).transpose()?)
}

pub async fn insert_manifest(
    tx: &mut Tx,
    asset: &AssetId,
    version: i64,
    digest: &str,
    body: &str,
    now: Timestamp,
) -> Result<()> {
    tx.execute(
        "INSERT INTO manifests (asset_id, version, digest, body, created_at) \
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
        params![asset, version, digest, body, now],
    )
    .await?;
    Ok(())
}

pub async fn find_manifest(tx: &mut Tx, ticket: &Ticket) -> Result<Option<String>> {
    let sql = "SELECT body FROM manifests WHERE asset_id = $1 AND version = $2 AND digest = $3";
    let params = params![&ticket.asset_id, ticket.version, &ticket.digest];
    let row = tx.query_one(sql, params).await?;
    Ok(row.map(|mut row| row.next()).transpose()?)
}

/// Forgets some manifests that no ticket needs which may still be used at `then`; answers whether
/// there may be more.
pub async fn delete_manifests(tx: &mut Tx, then: Timestamp, limit: u32) -> Result<bool> {
    let mut sql = Sql::new(
        "DELETE FROM manifests WHERE (asset_id, version) IN (SELECT m.asset_id, m.version \
         FROM manifests m WHERE m.created_at < ",
    );
    sql.bind(then);
    sql.push(
        " AND NOT EXISTS (SELECT 1 FROM tickets t WHERE t.asset_id = m.asset_id \
         AND t.version = m.version AND t.revoked_at IS NULL AND (t.expires_at >= ",
    );
    sql.bind(then).push(" OR t.used_at >= ").bind(then);
    sql.push(")) LIMIT ").bind(limit).push(")");
    let deleted = tx.execute(sql.text(), sql.params()).await?;
    Ok(deleted == u64::from(limit))
}

/// Forgets tickets that expired, and were last used, before `then`.
pub async fn delete_old(tx: &mut Tx, then: Timestamp) -> Result<u64> {
    let sql = "DELETE FROM tickets WHERE expires_at < $1 AND (used_at IS NULL OR used_at < $2)";
    Ok(tx.execute(sql, params![then, then]).await?)
}
