//! SQL of archives and of the blobs that they pin.

use crate::clock::Timestamp;
use crate::db::{Row, Tx};
use crate::error::{Error, Result};
use crate::ids::{ArchiveId, InstanceId, ProjectId, UserId};
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
