//! SQL of archives and of the blobs that they pin.

use crate::clock::Timestamp;
use crate::db::{Row, Sql, Tx};
use crate::error::{Error, Result};
use crate::ids::{ArchiveId, BlobId, InstanceId, ProjectId, UserId};
use crate::objects;
use crate::packages::model::{Archive, ArchiveState, Delivery, Lease};
use crate::params;

const COLUMNS: &str = "archive_id, project_id, instance_id, job_id, state, file_name, size, \
     digest, entry_count, layout_key, table_at, piece_count, directory_at, created_by, \
     created_at, expires_at, holder_id, holder_name, holder_address, leased_at, lease_until, \
     receipt_required, delivery, delivery_until, delivery_from, delivery_to, covered, \
     sent_bytes, ended_at";

fn archive(mut row: Row) -> Result<Archive> {
    Ok(Archive {
        archive_id: row.next()?,
        project_id: row.next()?,
        instance_id: row.next()?,
        job_id: row.next()?,
        state: state(&row.next::<String>()?)?,
        file_name: row.next()?,
        size: row.next()?,
        digest: row.next()?,
        entry_count: row.next()?,
        layout_key: row.next()?,
        table_at: row.next()?,
        piece_count: row.next()?,
        directory_at: row.next()?,
        created_by: row.next()?,
        created_at: row.next()?,
        expires_at: row.next()?,
        lease: lease(&mut row)?,
        receipt_required: row.next()?,
        delivery: Delivery {
            number: row.next()?,
            until: row.next()?,
            from: row.next()?,
            to: row.next()?,
        },
        covered: row.next()?,
        sent_bytes: row.next()?,
        ended_at: row.next()?,
    })
}

fn state(text: &str) -> Result<ArchiveState> {
    ArchiveState::parse(text).ok_or_else(|| Error::internal(format!("archives.state: {text}")))
}

fn lease(row: &mut Row) -> Result<Option<Lease>> {
    let holder_id: Option<UserId> = row.next()?;
    let holder_name: Option<String> = row.next()?;
    let holder_address: Option<String> = row.next()?;
    let leased_at: Option<Timestamp> = row.next()?;
    let until: Option<Timestamp> = row.next()?;
    let (Some(holder_id), Some(holder_name), Some(leased_at), Some(until)) =
        (holder_id, holder_name, leased_at, until)
    else {
        return Ok(None);
    };
    Ok(Some(Lease {
        holder_id,
        holder_name,
        holder_address,
        leased_at,
        until,
    }))
}

fn signed(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// Adds an archive that waits for its first caller.
pub async fn insert(tx: &mut Tx, archive: &Archive) -> Result<()> {
    tx.execute(
        "INSERT INTO archives (archive_id, project_id, instance_id, job_id, state, file_name, \
         size, digest, entry_count, layout_key, table_at, piece_count, directory_at, created_by, \
         created_at, expires_at, receipt_required, delivery, delivery_from, delivery_to, \
         covered, sent_bytes) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, \
         $14, $15, $16, $17, 0, 0, 0, 0, 0)",
        params![
            &archive.archive_id,
            &archive.project_id,
            &archive.instance_id,
            &archive.job_id,
            archive.state.as_str(),
            &archive.file_name,
            signed(archive.size),
            &archive.digest,
            signed(archive.entry_count),
            &archive.layout_key,
            signed(archive.table_at),
            signed(archive.piece_count),
            signed(archive.directory_at),
            &archive.created_by,
            archive.created_at,
            archive.expires_at,
            archive.receipt_required
        ],
    )
    .await?;
    Ok(())
}

/// Pins those of the blobs that are LIVE, and answers how many that are.
pub async fn pin(tx: &mut Tx, archive: &ArchiveId, blobs: &[BlobId]) -> Result<u64> {
    let mut sql = Sql::new("INSERT INTO archive_pins (archive_id, blob_id) SELECT ");
    // a parameter alone has no type there
    sql.push("CAST(").bind(archive);
    sql.push(" AS TEXT), b.blob_id FROM blobs b WHERE b.state = 'LIVE' AND b.blob_id ");
    sql.bind_in(&blobs.iter().map(BlobId::as_str).collect::<Vec<_>>());
    Ok(tx.execute(sql.text(), sql.params()).await?)
}

pub async fn find(
    tx: &mut Tx,
    project: &ProjectId,
    instance: &InstanceId,
    id: &ArchiveId,
) -> Result<Option<Archive>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM archives \
         WHERE archive_id = $1 AND project_id = $2 AND instance_id = $3"
    );
    let row = tx.query_one(&sql, params![id, project, instance]).await?;
    row.map(archive).transpose()
}

/// The archive, whatever project it belongs to.
pub async fn find_anywhere(tx: &mut Tx, id: &ArchiveId) -> Result<Option<Archive>> {
    let sql = format!("SELECT {COLUMNS} FROM archives WHERE archive_id = $1");
    let row = tx.query_one(&sql, params![id]).await?;
    row.map(archive).transpose()
}

/// The newest archives of all projects; ids sort by time.
pub async fn list_latest(
    tx: &mut Tx,
    state: Option<ArchiveState>,
    limit: u32,
) -> Result<Vec<Archive>> {
    let wanted = state.map_or("", ArchiveState::as_str);
    let sql = format!(
        "SELECT {COLUMNS} FROM archives WHERE state = $1 OR $2 = '' \
         ORDER BY archive_id DESC LIMIT $3"
    );
    let rows = tx.query(&sql, params![wanted, wanted, limit]).await?;
    rows.into_iter().map(archive).collect()
}

/// An archive as it is now.
pub async fn reread(tx: &mut Tx, known: &Archive) -> Result<Option<Archive>> {
    find(tx, &known.project_id, &known.instance_id, &known.archive_id).await
}

/// Writes what the rules of `once` made of an archive, unless somebody changed it meanwhile.
pub async fn replace(tx: &mut Tx, before: &Archive, after: &Archive) -> Result<bool> {
    let lease = after.lease.as_ref();
    let sql = "UPDATE archives SET state = $1, holder_id = $2, holder_name = $3, \
         holder_address = $4, leased_at = $5, lease_until = $6, receipt_required = $7, \
         delivery = $8, delivery_until = $9, delivery_from = $10, delivery_to = $11, \
         covered = $12, sent_bytes = $13, ended_at = $14 \
         WHERE archive_id = $15 AND state = $16 AND delivery = $17 \
         AND COALESCE(delivery_until, -1) = $18 AND sent_bytes = $19";
    let params = params![
        after.state.as_str(),
        lease.map(|lease| &lease.holder_id),
        lease.map(|lease| &lease.holder_name),
        lease.and_then(|lease| lease.holder_address.as_ref()),
        lease.map(|lease| lease.leased_at),
        lease.map(|lease| lease.until),
        after.receipt_required,
        after.delivery.number,
        after.delivery.until,
        signed(after.delivery.from),
        signed(after.delivery.to),
        signed(after.covered),
        signed(after.sent_bytes),
        after.ended_at,
        &before.archive_id,
        before.state.as_str(),
        before.delivery.number,
        before.delivery.until.map_or(-1, Timestamp::millis),
        signed(before.sent_bytes)
    ];
    Ok(tx.execute(sql, params).await? == 1)
}

/// Archives whose time is over and that no delivery has said to be sending since `silent`.
pub async fn list_overdue(
    tx: &mut Tx,
    now: Timestamp,
    silent: Timestamp,
    limit: u32,
) -> Result<Vec<Archive>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM archives WHERE state = 'READY' AND expires_at <= $1 \
         UNION ALL SELECT {COLUMNS} FROM archives WHERE state = 'LEASED' AND lease_until <= $2 \
         AND COALESCE(delivery_until, 0) <= $3 LIMIT $4"
    );
    let rows = tx.query(&sql, params![now, now, silent, limit]).await?;
    rows.into_iter().map(archive).collect()
}

/// Archives that a delivery was sending when it last said so.
pub async fn list_sending(tx: &mut Tx) -> Result<Vec<Archive>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM archives WHERE state = 'LEASED' AND delivery_until IS NOT NULL"
    );
    let rows = tx.query(&sql, &[]).await?;
    rows.into_iter().map(archive).collect()
}

/// Unpins at most `limit` blobs of an archive whose life is over; those that nothing else refers
/// to are DYING then. Answers whether there may be more.
pub async fn release_pins(
    tx: &mut Tx,
    archive: &ArchiveId,
    limit: u32,
    now: Timestamp,
) -> Result<bool> {
    let rows = tx
        .query(
            "DELETE FROM archive_pins WHERE archive_id = $1 AND blob_id IN (\
             SELECT blob_id FROM archive_pins WHERE archive_id = $2 LIMIT $3) RETURNING blob_id",
            params![archive, archive, limit],
        )
        .await?;
    let blobs: Vec<BlobId> = rows
        .into_iter()
        .map(|mut row| row.next())
        .collect::<Result<_, _>>()?;
    objects::release_all(tx, &blobs, now).await?;
    Ok(blobs.len() == limit as usize)
}

/// Lets go of the layout object of an archive whose life is over; answers its key.
pub async fn forget_layout(tx: &mut Tx, archive: &ArchiveId) -> Result<Option<String>> {
    let row = tx
        .query_one(
            "SELECT layout_key FROM archives WHERE archive_id = $1 AND ended_at IS NOT NULL",
            params![archive],
        )
        .await?;
    let Some(key) = row
        .map(|mut row| row.next::<Option<String>>())
        .transpose()?
    else {
        return Ok(None);
    };
    let sql = "UPDATE archives SET layout_key = NULL WHERE archive_id = $1";
    tx.execute(sql, params![archive]).await?;
    Ok(key)
}

/// Archives whose life is over and that still hold bytes.
pub async fn list_unreleased(tx: &mut Tx, limit: u32) -> Result<Vec<ArchiveId>> {
    let rows = tx
        .query(
            "SELECT archive_id FROM archives WHERE layout_key IS NOT NULL \
             AND state IN ('CONSUMED', 'EXPIRED') LIMIT $1",
            params![limit],
        )
        .await?;
    let ids = rows.into_iter().map(|mut row| row.next());
    Ok(ids.collect::<Result<_, _>>()?)
}
