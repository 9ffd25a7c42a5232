//! SQL of files and their parts.

use super::model::{Category, File, FileState};
use crate::assets::Asset;
use crate::clock::Timestamp;
use crate::db::{Row, Sql, Tx};
use crate::error::{Error, ErrorCode, Result};
use crate::ids::{AssetId, BlobId, FileId, ProjectId};
use crate::objects;
use crate::params;

pub const COLUMNS: &str = "f.file_id, f.asset_id, f.project_id, f.name, f.file_type, f.category, \
     f.state, f.declared_md5, f.declared_size, f.part_count, f.blob_id, f.reason, \
     f.created_at, f.updated_at";

pub fn file(row: &mut Row) -> Result<File> {
    Ok(File {
        file_id: row.next()?,
        asset_id: row.next()?,
        project_id: row.next()?,
        name: row.next()?,
        file_type: row.next()?,
        category: category(&row.next::<String>()?)?,
        state: state(&row.next::<String>()?)?,
        declared_md5: row.next()?,
        declared_size: row.next()?,
        part_count: row.next()?,
        blob_id: row.next()?,
        reason: row.next()?,
        created_at: row.next()?,
        updated_at: row.next()?,
    })
}

fn category(text: &str) -> Result<Category> {
    Category::parse(text).ok_or_else(|| Error::internal(format!("files.category: {text}")))
}

fn state(text: &str) -> Result<FileState> {
    FileState::parse(text).ok_or_else(|| Error::internal(format!("files.state: {text}")))
}

/// Answers false where the asset has a MAIN or COVER file already.
pub async fn insert(tx: &mut Tx, file: &File) -> Result<bool> {
    let inserted = tx
        .execute(
            "INSERT INTO files (file_id, asset_id, project_id, name, file_type, category, state, \
             declared_md5, declared_size, part_count, blob_id, created_at, updated_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT DO NOTHING",
            params![
                &file.file_id,
                &file.asset_id,
                &file.project_id,
                &file.name,
                &file.file_type,
                file.category.as_str(),
                file.state.as_str(),
                &file.declared_md5,
                file.declared_size,
                file.part_count,
                &file.blob_id,
                file.created_at,
                file.updated_at
            ],
        )
        .await?;
    Ok(inserted == 1)
}

/// Whether a file of whatever project and state has this id.
pub async fn is_id_taken(tx: &mut Tx, id: &FileId) -> Result<bool> {
    let sql = "SELECT file_id FROM files WHERE file_id = $1";
    Ok(tx.query_one(sql, params![id]).await?.is_some())
}

pub async fn find(tx: &mut Tx, project: &ProjectId, id: &FileId) -> Result<Option<File>> {
    let sql = format!("SELECT {COLUMNS} FROM files f WHERE f.file_id = $1 AND f.project_id = $2");
    let row = tx.query_one(&sql, params![id, project]).await?;
    row.map(|mut row| file(&mut row)).transpose()
}

/// The file, unless it is deleted or another project's.
pub async fn require(tx: &mut Tx, project: &ProjectId, id: &FileId) -> Result<File> {
    let found = find(tx, project, id).await?;
    let there = found.filter(|file| file.state != FileState::Deleted);
    there.ok_or_else(|| Error::new(ErrorCode::FileNotFound, "The file not found"))
}

pub async fn set_state(
    tx: &mut Tx,
    id: &FileId,
    state: FileState,
    reason: Option<&str>,
    now: Timestamp,
) -> Result<()> {
    tx.execute(
        "UPDATE files SET state = $1, reason = $2, updated_at = $3 WHERE file_id = $4",
        params![state.as_str(), reason, now, id],
    )
    .await?;
    Ok(())
}

/// Lets a file refer to a blob; what it referred to before is released.
pub async fn set_blob(
    tx: &mut Tx,
    file: &File,
    blob: Option<&BlobId>,
    now: Timestamp,
) -> Result<()> {
    tx.execute(
        "UPDATE files SET blob_id = $1, updated_at = $2 WHERE file_id = $3",
        params![blob, now, &file.file_id],
    )
    .await?;
    match &file.blob_id {
        Some(old) if Some(old) != blob => objects::release(tx, old, now).await,
        _ => Ok(()),
    }
}

/// Takes a file out of its asset: its bytes are released, the row stays to answer for the id.
pub async fn discard(
    tx: &mut Tx,
    file: &File,
    state: FileState,
    reason: Option<&str>,
    now: Timestamp,
) -> Result<()> {
    set_blob(tx, file, None, now).await?;
    if file.part_count.is_some() {
        objects::drop_parts(tx, &file.file_id).await?;
        super::hash::cancel(tx, &file.file_id, now).await?;
    }
    set_state(tx, &file.file_id, state, reason, now).await
}

/// Whether an asset has files that came to something, or may.
pub async fn has_any(tx: &mut Tx, asset: &AssetId) -> Result<bool> {
    let row = tx
        .query_one(
            "SELECT file_id FROM files WHERE asset_id = $1 \
             AND state IN ('CREATING', 'UPLOADED', 'CREATED') LIMIT 1",
            params![asset],
        )
        .await?;
    Ok(row.is_some())
}

pub async fn list_of(tx: &mut Tx, asset: &AssetId) -> Result<Vec<File>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM files f WHERE f.asset_id = $1 ORDER BY f.created_at, f.file_id"
    );
    let rows = tx.query(&sql, params![asset]).await?;
    rows.into_iter().map(|mut row| file(&mut row)).collect()
}

/// The digests of a file's bytes, once known.
#[derive(Debug, Default)]
pub struct Digests {
    pub size: Option<i64>,
    pub md5: Option<String>,
    pub sha256: Option<String>,
    pub crc32: Option<u32>,
}

/// All files of some assets but the deleted ones, oldest first.
pub async fn list_with_digests(tx: &mut Tx, assets: &[&Asset]) -> Result<Vec<(File, Digests)>> {
    let ids: Vec<&str> = assets.iter().map(|asset| asset.asset_id.as_str()).collect();
    let mut sql = Sql::new("SELECT ");
    sql.push(COLUMNS);
    sql.push(", b.size, b.md5, b.sha256, b.crc32 FROM files f LEFT JOIN blobs b ON b.blob_id = f.blob_id");
    sql.push(" WHERE f.asset_id ").bind_in(&ids);
    sql.push(" AND f.state <> 'DELETED' ORDER BY f.asset_id, f.created_at, f.file_id");
    let rows = tx.query(sql.text(), sql.params()).await?;
    rows.into_iter()
        .map(|mut row| {
            let file = file(&mut row)?;
            let digests = Digests {
                size: row.next()?,
                md5: row.next()?,
                sha256: row.next()?,
                crc32: row.next()?,
            };
            Ok((file, digests))
        })
        .collect()
}

/// Deletes all files of an asset that is purged.
pub async fn delete_all(tx: &mut Tx, asset: &Asset, now: Timestamp) -> Result<()> {
    for file in list_of(tx, &asset.asset_id).await? {
        if file.state != FileState::Deleted {
            discard(tx, &file, FileState::Deleted, None, now).await?;
        }
    }
    Ok(())
}

/// Removes the rows of a purged asset's files.
pub async fn forget_all(tx: &mut Tx, asset: &AssetId) -> Result<()> {
    let sql = "DELETE FROM files WHERE asset_id = $1";
    tx.execute(sql, params![asset]).await?;
    Ok(())
}

/// Uploads that nothing has been heard of since `then`.
pub async fn list_unfinished(tx: &mut Tx, then: Timestamp, limit: u32) -> Result<Vec<File>> {
    let mut sql = Sql::new("SELECT ");
    sql.push(COLUMNS);
    sql.push(" FROM files f WHERE f.state = 'CREATING' AND f.updated_at < ");
    sql.bind(then)
        .push(" ORDER BY f.updated_at LIMIT ")
        .bind(limit);
    let rows = tx.query(sql.text(), sql.params()).await?;
    rows.into_iter().map(|mut row| file(&mut row)).collect()
}

pub fn taken(category: Category) -> Error {
    match category {
        Category::Cover => Error::new(
            ErrorCode::CoverFileExists,
            "Asset cover file already exists",
        ),
        _ => Error::new(ErrorCode::MainFileExists, "Asset main file already exists"),
    }
}
