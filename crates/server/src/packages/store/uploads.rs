//! SQL of packages on their way in.

use crate::clock::Timestamp;
use crate::db::{Row, Tx};
use crate::error::{Error, ErrorCode, Result};
use crate::ids::{AssetJobId, UploadId};
use crate::packages::uploads::model::{Upload, UploadState};
use crate::params;

const COLUMNS: &str = "upload_id, project_id, instance_id, user_id, file_name, resumable, size, \
     received, writer, state, job_id, created_at, updated_at";

fn upload(mut row: Row) -> Result<Upload> {
    Ok(Upload {
        upload_id: row.next()?,
        project_id: row.next()?,
        instance_id: row.next()?,
        user_id: row.next()?,
        file_name: row.next()?,
        resumable: row.next()?,
        size: row.next()?,
        received: row.next()?,
        writer: row.next()?,
        state: {
            let text: String = row.next()?;
            let parsed = UploadState::parse(&text);
            parsed.ok_or_else(|| Error::internal(format!("package_uploads.state: {text}")))?
        },
        job_id: row.next()?,
        created_at: row.next()?,
        updated_at: row.next()?,
    })
}

fn signed(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

pub async fn insert(tx: &mut Tx, upload: &Upload) -> Result<()> {
    tx.execute(
        "INSERT INTO package_uploads (upload_id, project_id, instance_id, user_id, file_name, \
         resumable, size, received, writer, state, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        params![
            &upload.upload_id,
            &upload.project_id,
            &upload.instance_id,
            &upload.user_id,
            &upload.file_name,
            upload.resumable,
            upload.size.map(signed),
            signed(upload.received),
            upload.writer,
            upload.state.as_str(),
            upload.created_at,
            upload.updated_at
        ],
    )
    .await?;
    Ok(())
}

pub async fn find(tx: &mut Tx, id: &UploadId) -> Result<Option<Upload>> {
    let sql = format!("SELECT {COLUMNS} FROM package_uploads WHERE upload_id = $1");
    let row = tx.query_one(&sql, params![id]).await?;
    row.map(upload).transpose()
}

pub async fn require(tx: &mut Tx, id: &UploadId) -> Result<Upload> {
    find(tx, id).await?.ok_or_else(|| not_found(id))
}

pub fn not_found(id: &UploadId) -> Error {
    let message = format!("The upload does not exist, or was given up;id:{id}");
    Error::new(ErrorCode::UploadNotFound, message)
}

/// Makes the caller the one connection that may add entries; answers its number.
pub async fn take_over(tx: &mut Tx, id: &UploadId, now: Timestamp) -> Result<i64> {
    let row = tx
        .query_one(
            "UPDATE package_uploads SET writer = writer + 1, updated_at = $1 \
             WHERE upload_id = $2 AND state = 'RECEIVING' RETURNING writer",
            params![now, id],
        )
        .await?;
    let writer = row.map(|mut row| row.next()).transpose()?;
    writer.ok_or_else(|| not_found(id))
}

/// Records how much is stored, for the connection that may; false means that another one took over
/// or that the upload was given up.
pub async fn advance(
    tx: &mut Tx,
    id: &UploadId,
    writer: i64,
    received: u64,
    now: Timestamp,
) -> Result<bool> {
    let updated = tx
        .execute(
            "UPDATE package_uploads SET received = $1, updated_at = $2 \
             WHERE upload_id = $3 AND writer = $4 AND state = 'RECEIVING'",
            params![signed(received), now, id, writer],
        )
        .await?;
    Ok(updated == 1)
}

/// Everything has arrived. False as for [`advance`].
pub async fn complete(
    tx: &mut Tx,
    id: &UploadId,
    writer: i64,
    size: u64,
    now: Timestamp,
) -> Result<bool> {
    let updated = tx
        .execute(
            "UPDATE package_uploads SET state = 'RECEIVED', size = $1, received = $2, \
             updated_at = $3 WHERE upload_id = $4 AND writer = $5 AND state = 'RECEIVING'",
            params![signed(size), signed(size), now, id, writer],
        )
        .await?;
    Ok(updated == 1)
}

/// Hands a whole package over to a job; false where it is not there to be had.
pub async fn begin_import(
    tx: &mut Tx,
    id: &UploadId,
    job: &AssetJobId,
    now: Timestamp,
) -> Result<bool> {
    let updated = tx
        .execute(
            "UPDATE package_uploads SET state = 'IMPORTING', job_id = $1, updated_at = $2 \
             WHERE upload_id = $3 AND state = 'RECEIVED'",
            params![job, now, id],
        )
        .await?;
    Ok(updated == 1)
}

/// What of it is to be removed; false where it is gone, or a job that runs has it.
pub async fn set_dropped(tx: &mut Tx, id: &UploadId, now: Timestamp) -> Result<bool> {
    let updated = tx
        .execute(
            "UPDATE package_uploads SET state = 'DROPPED', updated_at = $1 WHERE upload_id = $2 \
             AND NOT EXISTS (SELECT 1 FROM asset_jobs j WHERE j.job_id = package_uploads.job_id \
             AND j.status = 'RUNNING')",
            params![now, id],
        )
        .await?;
    Ok(updated == 1)
}

/// Its entries are gone: with a job it stays to answer which one, without it goes.
pub async fn end(tx: &mut Tx, id: &UploadId, now: Timestamp) -> Result<()> {
    tx.execute(
        "DELETE FROM package_uploads WHERE upload_id = $1 AND (job_id IS NULL OR NOT resumable)",
        params![id],
    )
    .await?;
    tx.execute(
        "UPDATE package_uploads SET state = 'IMPORTED', updated_at = $1 WHERE upload_id = $2",
        params![now, id],
    )
    .await?;
    Ok(())
}

pub async fn forget(tx: &mut Tx, id: &UploadId) -> Result<()> {
    let sql = "DELETE FROM package_uploads WHERE upload_id = $1";
    tx.execute(sql, params![id]).await?;
    Ok(())
}

/// Uploads that are over: given up, or their job has ended, or silent since `plain`, or, where they
/// can be resumed, since `resumable`.
pub async fn list_over(
    tx: &mut Tx,
    plain: Timestamp,
    resumable: Timestamp,
    limit: u32,
) -> Result<Vec<Upload>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM package_uploads WHERE state = 'DROPPED' \
         OR (state <> 'IMPORTING' AND updated_at < $1) \
         OR (state IN ('RECEIVING', 'RECEIVED') AND updated_at < $2 AND NOT resumable) \
         OR (state = 'IMPORTING' AND NOT EXISTS (SELECT 1 FROM asset_jobs j \
         WHERE j.job_id = package_uploads.job_id AND j.status = 'RUNNING')) \
         ORDER BY updated_at LIMIT $3"
    );
    let rows = tx.query(&sql, params![resumable, plain, limit]).await?;
    rows.into_iter().map(upload).collect()
}
