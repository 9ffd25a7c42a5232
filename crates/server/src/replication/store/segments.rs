//! SQL of the bytes that a copy has so far.

use entrepot_blob::StorageKey;

use super::tickets::signed;
use crate::db::{Row, Sql, Tx};
use crate::error::{Error, Result};
use crate::ids::{AssetId, BlobId, ProjectId};
use crate::params;

/// A stretch of a file under a storage key of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    pub storage_key: StorageKey,
    pub file_id: String,
    /// Where in the file it begins.
    pub start: u64,
    /// Bytes; at least one.
    pub size: u64,
}

impl Segment {
    pub fn end(&self) -> u64 {
        self.start + self.size
    }
}

fn segment(mut row: Row) -> Result<Segment> {
    Ok(Segment {
        storage_key: storage_key(&row.next::<String>()?)?,
        file_id: row.next()?,
        start: row.next()?,
        size: row.next()?,
    })
}

fn storage_key(text: &str) -> Result<StorageKey> {
    StorageKey::parse(text).map_err(|e| Error::internal(format!("copy_segments: {e}")))
}

pub async fn insert(tx: &mut Tx, copy_id: &str, segments: &[Segment]) -> Result<()> {
    for some in segments.chunks(100) {
        let mut sql = Sql::new(
            "INSERT INTO copy_segments (storage_key, copy_id, file_id, start_at, size) VALUES ",
        );
        for (i, segment) in some.iter().enumerate() {
            sql.push(if i == 0 { "(" } else { ", (" });
            sql.bind(segment.storage_key.as_str()).push(", ");
            sql.bind(copy_id).push(", ");
            sql.bind(&segment.file_id).push(", ");
            sql.bind(signed(segment.start)).push(", ");
            sql.bind(signed(segment.size)).push(")");
        }
        tx.execute(sql.text(), sql.params()).await?;
    }
    Ok(())
}

/// All of a copy, by file and place.
pub async fn list(tx: &mut Tx, copy_id: &str) -> Result<Vec<Segment>> {
    let rows = tx
        .query(
            "SELECT storage_key, file_id, start_at, size FROM copy_segments WHERE copy_id = $1 \
             ORDER BY file_id, start_at",
            params![copy_id],
        )
        .await?;
    rows.into_iter().map(segment).collect()
}

/// Those of one file, in order.
pub async fn list_of_file(tx: &mut Tx, copy_id: &str, file_id: &str) -> Result<Vec<Segment>> {
    let rows = tx
        .query(
            "SELECT storage_key, file_id, start_at, size FROM copy_segments WHERE copy_id = $1 \
             AND file_id = $2 ORDER BY start_at",
            params![copy_id, file_id],
        )
        .await?;
    rows.into_iter().map(segment).collect()
}

/// Forgets some; their bytes are no longer claimed.
pub async fn delete(tx: &mut Tx, keys: &[StorageKey]) -> Result<()> {
    for some in keys.chunks(500) {
        let mut sql = Sql::new("DELETE FROM copy_segments WHERE storage_key ");
        sql.bind_in(&some.iter().map(StorageKey::as_str).collect::<Vec<_>>());
        tx.execute(sql.text(), sql.params()).await?;
    }
    Ok(())
}

/// Forgets all of a copy; answers the keys.
pub async fn delete_all(tx: &mut Tx, copy_id: &str) -> Result<Vec<StorageKey>> {
    let keys = list(tx, copy_id).await?;
    let sql = "DELETE FROM copy_segments WHERE copy_id = $1";
    tx.execute(sql, params![copy_id]).await?;
    Ok(keys.into_iter().map(|s| s.storage_key).collect())
}

/// What other copies of the asset have, this one goes on with.
pub async fn hand_over(tx: &mut Tx, asset: &AssetId, to: &str) -> Result<()> {
    tx.execute(
        "UPDATE copy_segments SET copy_id = $1 WHERE copy_id IN \
         (SELECT c.copy_id FROM copies c WHERE c.asset_id = $2)",
        params![to, asset],
    )
    .await?;
    Ok(())
}

/// Content by SHA-256 and size.
pub type Content<'a> = (&'a str, u64);

/// Those of some contents that files of the project hold.
pub async fn list_held(
    tx: &mut Tx,
    project: &ProjectId,
    contents: &[Content<'_>],
) -> Result<Vec<(String, u64, BlobId)>> {
    let mut held = Vec::new();
    for some in contents.chunks(500) {
        let digests: Vec<&str> = some.iter().map(|(sha256, _)| *sha256).collect();
        let mut sql = Sql::new(
            "SELECT b.sha256, b.size, b.blob_id FROM blobs b WHERE b.state = 'LIVE' AND b.sha256 ",
        );
        sql.bind_in(&digests);
        sql.push(
            " AND EXISTS (SELECT 1 FROM files f WHERE f.blob_id = b.blob_id \
             AND f.state = 'CREATED' AND f.project_id = ",
        );
        sql.bind(project).push(")");
        for mut row in tx.query(sql.text(), sql.params()).await? {
            held.push((row.next()?, row.next()?, row.next()?));
        }
    }
    Ok(held)
}
