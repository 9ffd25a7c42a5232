//! SQL of blobs, their segments, and the parts of uploads.

use std::collections::HashMap;

use data_encoding::HEXLOWER;
use entrepot_blob::{Digests, StorageKey};

use super::content::{Content, Segment};
use crate::clock::Timestamp;
use crate::db::{DbError, Row, Sql, Tx};
use crate::error::{Error, ErrorCode, Result};
use crate::ids::{BlobId, FileId};
use crate::params;

fn signed(size: u64) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX)
}

fn storage_key(text: &str) -> Result<StorageKey> {
    StorageKey::parse(text).map_err(|e| Error::internal(format!("segments.storage_key: {e}")))
}

/// The live blob with this content.
async fn find_live(tx: &mut Tx, digests: &Digests) -> Result<Option<BlobId>> {
    let row = tx
        .query_one(
            "SELECT blob_id FROM blobs WHERE sha256 = $1 AND size = $2 AND state = 'LIVE'",
            params![HEXLOWER.encode(&digests.sha256), signed(digests.size)],
        )
        .await?;
    Ok(row.map(|mut row| row.next()).transpose()?)
}

/// The blob for content that was just stored under a key: one that is there already, or a new one
/// made of that key. The second value tells whether the key is now part of the library.
pub async fn claim(
    tx: &mut Tx,
    new: &BlobId,
    key: &StorageKey,
    digests: &Digests,
    now: Timestamp,
) -> Result<(BlobId, bool)> {
    let whole = [(key.clone(), digests.size)];
    claim_stretches(tx, new, &whole, digests, now).await
}

/// The same for content that was stored in stretches, which are given in order with their sizes.
pub async fn claim_stretches(
    tx: &mut Tx,
    new: &BlobId,
    stretches: &[(StorageKey, u64)],
    digests: &Digests,
    now: Timestamp,
) -> Result<(BlobId, bool)> {
    if let Some(known) = find_live(tx, digests).await? {
        return Ok((known, false));
    }
    let inserted = tx
        .execute(
            "INSERT INTO blobs (blob_id, state, size, md5, sha256, crc32, created_at) \
             VALUES ($1, 'LIVE', $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
            params![
                new,
                signed(digests.size),
                HEXLOWER.encode(&digests.md5),
                HEXLOWER.encode(&digests.sha256),
                digests.crc32,
                now
            ],
        )
        .await?;
    if inserted == 0 {
        return Err(DbError::Conflict("the same content came twice at once".into()).into());
    }
    for (seq, (key, size)) in (0..).zip(stretches) {
        insert_segment(tx, new, key.as_str(), seq, signed(*size)).await?;
    }
    Ok((new.clone(), true))
}

async fn insert_segment(tx: &mut Tx, blob: &BlobId, key: &str, seq: i64, size: i64) -> Result<()> {
    tx.execute(
        "INSERT INTO segments (storage_key, blob_id, seq, size) VALUES ($1, $2, $3, $4)",
        params![key, blob, seq, size],
    )
    .await?;
    Ok(())
}

/// Makes a blob of a file's parts; its digests are not known yet.
pub async fn join_parts(
    tx: &mut Tx,
    new: BlobId,
    file: &FileId,
    parts: &[Part],
    now: Timestamp,
) -> Result<BlobId> {
    let size: i64 = parts.iter().map(|part| part.size).sum();
    tx.execute(
        "INSERT INTO blobs (blob_id, state, size, created_at) VALUES ($1, 'LIVE', $2, $3)",
        params![&new, size, now],
    )
    .await?;
    for part in parts {
        insert_segment(tx, &new, &part.storage_key, part.number, part.size).await?;
    }
    drop_parts(tx, file).await?;
    Ok(new)
}

/// Writes the digests of a joined blob. Where equal content is there already, that one is answered
/// and takes its place.
pub async fn identify(
    tx: &mut Tx,
    blob: &BlobId,
    digests: &Digests,
    now: Timestamp,
) -> Result<BlobId> {
    if let Some(known) = find_live(tx, digests).await?.filter(|known| known != blob) {
        return Ok(known);
    }
    let updated = tx
        .execute(
            "UPDATE blobs SET md5 = $1, sha256 = $2, crc32 = $3 WHERE blob_id = $4",
            params![
                HEXLOWER.encode(&digests.md5),
                HEXLOWER.encode(&digests.sha256),
                digests.crc32,
                blob
            ],
        )
        .await?;
    if updated != 1 {
        let cause = format!(
            "blob {blob} vanished while it was hashed at {}",
            now.rfc3339()
        );
        return Err(Error::internal(cause));
    }
    Ok(blob.clone())
}

/// Nothing refers to the blob at hand: no file, no package on its way out or in.
const UNREFERENCED: &str = "NOT EXISTS (SELECT 1 FROM files f WHERE f.blob_id = blobs.blob_id) \
     AND NOT EXISTS (SELECT 1 FROM archive_pins p WHERE p.blob_id = blobs.blob_id) \
     AND NOT EXISTS (SELECT 1 FROM package_entries e WHERE e.blob_id = blobs.blob_id)";

/// Tells that one reference to a blob is gone: without any left it is DYING.
pub async fn release(tx: &mut Tx, blob: &BlobId, now: Timestamp) -> Result<()> {
    let sql = format!(
        "UPDATE blobs SET state = 'DYING', dying_at = $1 WHERE blob_id = $2 AND state = 'LIVE' \
         AND {UNREFERENCED}"
    );
    tx.execute(&sql, params![now, blob]).await?;
    Ok(())
}

/// The same for several blobs, in one statement.
pub async fn release_all(tx: &mut Tx, blobs: &[BlobId], now: Timestamp) -> Result<()> {
    let mut sql = Sql::new("UPDATE blobs SET state = 'DYING', dying_at = ");
    sql.bind(now).push(" WHERE state = 'LIVE' AND blob_id ");
    sql.bind_in(&blobs.iter().map(BlobId::as_str).collect::<Vec<_>>());
    sql.push(" AND ").push(UNREFERENCED);
    tx.execute(sql.text(), sql.params()).await?;
    Ok(())
}

/// Blobs that have been DYING since before `then`.
pub async fn list_dying(tx: &mut Tx, then: Timestamp, limit: u32) -> Result<Vec<BlobId>> {
    let rows = tx
        .query(
            "SELECT blob_id FROM blobs WHERE state = 'DYING' AND dying_at <= $1 \
             ORDER BY dying_at LIMIT $2",
            params![then, limit],
        )
        .await?;
    let ids = rows.into_iter().map(|mut row| row.next());
    Ok(ids.collect::<Result<_, _>>()?)
}

/// Forgets a dying blob, after a second look at who refers to it, and answers the keys that may
/// now be unlinked.
pub async fn delete_dying(tx: &mut Tx, blob: &BlobId) -> Result<Vec<StorageKey>> {
    let sql = format!(
        "SELECT blob_id FROM blobs WHERE blob_id = $1 AND state = 'DYING' AND {UNREFERENCED}"
    );
    let held = tx.query_one(&sql, params![blob]).await?;
    if held.is_none() {
        return Ok(Vec::new());
    }
    let rows = tx
        .query(
            "SELECT storage_key FROM segments WHERE blob_id = $1",
            params![blob],
        )
        .await?;
    let keys = rows
        .into_iter()
        .map(|mut row| storage_key(&row.next::<String>()?))
        .collect::<Result<_>>()?;
    tx.execute("DELETE FROM segments WHERE blob_id = $1", params![blob])
        .await?;
    tx.execute("DELETE FROM blobs WHERE blob_id = $1", params![blob])
        .await?;
    Ok(keys)
}

/// Whether a row of the library claims a storage key.
pub async fn is_claimed(tx: &mut Tx, key: &StorageKey) -> Result<bool> {
    let row = tx
        .query_one(
            "SELECT storage_key FROM segments WHERE storage_key = $1 \
             UNION ALL SELECT storage_key FROM file_parts WHERE storage_key = $2 \
             UNION ALL SELECT storage_key FROM package_entries WHERE storage_key = $3 \
             UNION ALL SELECT layout_key FROM archives WHERE layout_key = $4 \
             UNION ALL SELECT storage_key FROM copy_segments WHERE storage_key = $5 \
             UNION ALL SELECT storage_key FROM previews WHERE storage_key = $6 \
             UNION ALL SELECT storage_key FROM made_files WHERE storage_key = $7",
            params![
                key.as_str(),
                key.as_str(),
                key.as_str(),
                key.as_str(),
                key.as_str(),
                key.as_str(),
                key.as_str()
            ],
        )
        .await?;
    Ok(row.is_some())
}

pub async fn require_content(tx: &mut Tx, blob: &BlobId) -> Result<Content> {
    let rows = tx
        .query(
            "SELECT storage_key, size FROM segments WHERE blob_id = $1 ORDER BY seq",
            params![blob],
        )
        .await?;
    if rows.is_empty() {
        return Err(Error::new(
            ErrorCode::NoSuchKey,
            "The bytes of this file are gone.",
        ));
    }
    let segments: Vec<Segment> = rows
        .into_iter()
        .map(|mut row: Row| {
            Ok(Segment {
                storage_key: storage_key(&row.next::<String>()?)?,
                size: row.next()?,
            })
        })
        .collect::<Result<_>>()?;
    Ok(Content {
        size: segments.iter().map(|segment| segment.size).sum(),
        segments,
    })
}

/// Where the bytes of several blobs are; a blob that is gone is not there.
pub async fn list_contents(tx: &mut Tx, blobs: &[BlobId]) -> Result<HashMap<BlobId, Content>> {
    let mut sql = Sql::new("SELECT blob_id, storage_key, size FROM segments WHERE blob_id ");
    sql.bind_in(&blobs.iter().map(BlobId::as_str).collect::<Vec<_>>());
    sql.push(" ORDER BY blob_id, seq");
    let mut contents: HashMap<BlobId, Content> = HashMap::new();
    for mut row in tx.query(sql.text(), sql.params()).await? {
        let content = contents.entry(row.next()?).or_default();
        let segment = Segment {
            storage_key: storage_key(&row.next::<String>()?)?,
            size: row.next()?,
        };
        content.size += segment.size;
        content.segments.push(segment);
    }
    Ok(contents)
}

/// A part that has arrived.
#[derive(Debug, Clone)]
pub struct Part {
    /// From 1.
    pub number: i64,
    pub storage_key: String,
    pub size: i64,
    /// Hexadecimal digits.
    pub md5: String,
}

/// The parts of a file that have arrived, by number.
pub async fn list_parts(tx: &mut Tx, file: &FileId) -> Result<Vec<Part>> {
    let rows = tx
        .query(
            "SELECT part_number, storage_key, size, md5 FROM file_parts WHERE file_id = $1 \
             ORDER BY part_number",
            params![file],
        )
        .await?;
    rows.into_iter()
        .map(|mut row| {
            Ok(Part {
                number: row.next()?,
                storage_key: row.next()?,
                size: row.next()?,
                md5: row.next()?,
            })
        })
        .collect()
}

/// Records a part; answers the key of the one that it replaces.
pub async fn put_part(
    tx: &mut Tx,
    file: &FileId,
    part: &Part,
    now: Timestamp,
) -> Result<Option<StorageKey>> {
    let old = tx
        .query_one(
            "SELECT storage_key FROM file_parts WHERE file_id = $1 AND part_number = $2",
            params![file, part.number],
        )
        .await?;
    tx.execute(
        "INSERT INTO file_parts (file_id, part_number, storage_key, size, md5) \
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT (file_id, part_number) DO UPDATE \
         SET storage_key = excluded.storage_key, size = excluded.size, md5 = excluded.md5",
        params![file, part.number, &part.storage_key, part.size, &part.md5],
    )
    .await?;
    tx.execute(
        "UPDATE files SET updated_at = $1 WHERE file_id = $2",
        params![now, file],
    )
    .await?;
    old.map(|mut row| storage_key(&row.next::<String>()?))
        .transpose()
}

/// Forgets the parts of a file; the sweep finds what nothing claims any more.
pub async fn drop_parts(tx: &mut Tx, file: &FileId) -> Result<()> {
    let sql = "DELETE FROM file_parts WHERE file_id = $1";
    tx.execute(sql, params![file]).await?;
    Ok(())
}
