//! SQL of previews and of the files that the server made.

use std::collections::HashSet;

use entrepot_blob::StorageKey;

use super::model::{Outcome, Preview, Stored};
use crate::clock::Timestamp;
use crate::db::{Row, Sql, Tx};
use crate::error::{Error, Result};
use crate::ids::{AssetId, FileId, ProjectId};
use crate::params;

fn signed(size: u64) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX)
}

fn storage_key(text: &str) -> Result<StorageKey> {
    StorageKey::parse(text).map_err(|e| Error::internal(format!("previews.storage_key: {e}")))
}

/// What became of an asset's thumbnail, if it was tried.
pub async fn find_preview(tx: &mut Tx, asset: &AssetId) -> Result<Option<Preview>> {
    let row = tx
        .query_one(
            "SELECT asset_id, preview_id, file_id, storage_key, webp_size, jpeg_size, \
             error_code, error FROM previews WHERE asset_id = $1",
            params![asset],
        )
        .await?;
    row.map(|mut row| preview(&mut row)).transpose()
}

fn preview(row: &mut Row) -> Result<Preview> {
    let (asset_id, id, file_id) = (row.next()?, row.next()?, row.next()?);
    let key: Option<String> = row.next()?;
    let (webp_size, jpeg_size) = (row.next()?, row.next()?);
    let outcome = match key {
        Some(storage_key) => Outcome::Ready(Stored {
            storage_key,
            webp_size,
            jpeg_size,
        }),
        None => Outcome::None {
            code: row.next::<Option<String>>()?.unwrap_or_default(),
            message: row.next::<Option<String>>()?.unwrap_or_default(),
        },
    };
    Ok(Preview {
        asset_id,
        id,
        file_id,
        outcome,
    })
}

/// Takes the place of the preview that was there; answers what that one had stored.
pub async fn set_preview(
    tx: &mut Tx,
    preview: &Preview,
    now: Timestamp,
) -> Result<Option<StorageKey>> {
    let old = clear_preview(tx, &preview.asset_id).await?;
    let (key, sizes, code, message) = match &preview.outcome {
        Outcome::Ready(stored) => {
            let sizes = [stored.webp_size, stored.jpeg_size].map(signed);
            (Some(stored.storage_key.as_str()), sizes, None, None)
        }
        Outcome::None { code, message } => (None, [0; 2], Some(code), Some(message)),
    };
    tx.execute(
        "INSERT INTO previews (asset_id, preview_id, file_id, storage_key, webp_size, jpeg_size, \
         error_code, error, made_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        params![
            &preview.asset_id,
            &preview.id,
            &preview.file_id,
            key,
            sizes[0],
            sizes[1],
            code.map(String::as_str),
            message.map(String::as_str),
            now
        ],
    )
    .await?;
    let shown = key.map(|_| preview.id.as_str());
    tx.execute(
        "UPDATE assets SET preview_id = $1 WHERE asset_id = $2",
        params![shown, &preview.asset_id],
    )
    .await?;
    Ok(old)
}

/// The asset shows no thumbnail; answers what the one that it had was stored under.
pub async fn clear_preview(tx: &mut Tx, asset: &AssetId) -> Result<Option<StorageKey>> {
    let row = tx
        .query_one(
            "DELETE FROM previews WHERE asset_id = $1 RETURNING storage_key",
            params![asset],
        )
        .await?;
    let Some(mut row) = row else {
        return Ok(None);
    };
    tx.execute(
        "UPDATE assets SET preview_id = NULL WHERE asset_id = $1",
        params![asset],
    )
    .await?;
    let key: Option<String> = row.next()?;
    key.map(|key| storage_key(&key)).transpose()
}

/// `webp`: where the WebP form of a cover is, and its size.
pub async fn insert_made(
    tx: &mut Tx,
    asset: &AssetId,
    file: &FileId,
    webp: Option<(&str, u64)>,
) -> Result<()> {
    tx.execute(
        "INSERT INTO made_files (file_id, asset_id, storage_key, webp_size) VALUES ($1, $2, $3, $4)",
        params![
            file,
            asset,
            webp.map(|(key, _)| key),
            webp.map_or(0, |(_, size)| signed(size))
        ],
    )
    .await?;
    Ok(())
}

/// Answers where its WebP form is.
pub async fn delete_made(tx: &mut Tx, file: &FileId) -> Result<Option<StorageKey>> {
    let row = tx
        .query_one(
            "DELETE FROM made_files WHERE file_id = $1 RETURNING storage_key",
            params![file],
        )
        .await?;
    let Some(mut row) = row else {
        return Ok(None);
    };
    let key: Option<String> = row.next()?;
    key.map(|key| storage_key(&key)).transpose()
}

/// The files of an asset that the server made.
pub async fn list_made(tx: &mut Tx, asset: &AssetId) -> Result<HashSet<FileId>> {
    let sql = "SELECT file_id FROM made_files WHERE asset_id = $1";
    let rows = tx.query(sql, params![asset]).await?;
    let ids = rows.into_iter().map(|mut row| row.next());
    Ok(ids.collect::<Result<_, _>>()?)
}

/// Where the WebP form of a cover is, and its size, if the server made the file.
pub async fn find_webp(tx: &mut Tx, file: &FileId) -> Result<Option<(StorageKey, u64)>> {
    let row = tx
        .query_one(
            "SELECT storage_key, webp_size FROM made_files WHERE file_id = $1 \
             AND storage_key IS NOT NULL",
            params![file],
        )
        .await?;
    row.map(|mut row| Ok((storage_key(&row.next::<String>()?)?, row.next()?)))
        .transpose()
}

/// An asset is purged: the sweep finds what it had stored.
pub async fn forget(tx: &mut Tx, asset: &AssetId) -> Result<()> {
    clear_preview(tx, asset).await?;
    tx.execute("DELETE FROM made_files WHERE asset_id = $1", params![asset])
        .await?;
    Ok(())
}

/// A main file that may be processed again.
#[derive(Debug)]
pub struct Candidate {
    pub project_id: ProjectId,
    pub asset_id: AssetId,
    pub file_id: FileId,
    pub has_thumbnail: bool,
    pub has_cover: bool,
}

/// Main files of assets of a type, in the order of asset ids, after one.
pub async fn list_candidates(
    tx: &mut Tx,
    kind: &str,
    project: Option<&ProjectId>,
    after: &str,
    limit: u32,
) -> Result<Vec<Candidate>> {
    let mut sql = Sql::new(
        "SELECT a.project_id, a.asset_id, f.file_id, a.preview_id IS NOT NULL, \
         EXISTS (SELECT 1 FROM files c WHERE c.asset_id = a.asset_id AND c.category = 'COVER' \
         AND c.state = 'CREATED') FROM assets a \
         JOIN files f ON f.asset_id = a.asset_id AND f.category = 'MAIN' AND f.state = 'CREATED' \
         WHERE a.asset_id > ",
    );
    sql.bind(after).push(" AND a.asset_type = ").bind(kind);
    sql.push(" AND a.state <> 'DELETED'");
    if let Some(project) = project {
        sql.push(" AND a.project_id = ").bind(project);
    }
    sql.push(" ORDER BY a.asset_id LIMIT ").bind(limit);
    let rows = tx.query(sql.text(), sql.params()).await?;
    rows.into_iter()
        .map(|mut row| {
            Ok(Candidate {
                project_id: row.next()?,
                asset_id: row.next()?,
                file_id: row.next()?,
                has_thumbnail: row.next()?,
                has_cover: row.next()?,
            })
        })
        .collect()
}
