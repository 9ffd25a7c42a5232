//! SQL of the entries of packages that are on their way in.

use data_encoding::HEXLOWER;
use entrepot_blob::{Digests, StorageKey};

use crate::db::{DbError, Row, Sql, Tx};
use crate::error::{Error, Result};
use crate::ids::{AssetId, BlobId, UploadId};
use crate::packages::uploads::model::{Entry, Place};
use crate::params;

const COLUMNS: &str = "seq, path, mark, end_at, storage_key, blob_id, size, md5, sha256, crc32";

/// Rows of one statement: both databases bound the number of parameters.
const AT_A_TIME: usize = 64;

fn entry(mut row: Row) -> Result<Entry> {
    Ok(Entry {
        seq: row.next()?,
        path: row.next()?,
        mark: row.next()?,
        end_at: row.next()?,
        place: place(row.next()?, row.next()?)?,
        digests: Digests {
            size: row.next()?,
            md5: bytes(&row.next::<String>()?)?,
            sha256: bytes(&row.next::<String>()?)?,
            crc32: u32::try_from(row.next::<i64>()?).map_err(Error::internal)?,
        },
    })
}

fn place(key: Option<String>, blob: Option<BlobId>) -> Result<Place> {
    Ok(match (key, blob) {
        (Some(key), _) => Place::Own(StorageKey::parse(&key).map_err(Error::internal)?),
        (None, Some(blob)) => Place::Held(blob),
        (None, None) => Place::Nowhere,
    })
}

fn bytes<const N: usize>(hex: &str) -> Result<[u8; N]> {
    let bytes = HEXLOWER.decode(hex.as_bytes()).ok();
    let bytes = bytes.and_then(|bytes| bytes.try_into().ok());
    bytes.ok_or_else(|| Error::internal(format!("package_entries: a digest is {hex}")))
}

fn signed(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// Adds entries; answers how many there were not yet, by number or by path.
pub async fn insert(tx: &mut Tx, upload: &UploadId, entries: &[Entry]) -> Result<u64> {
    let mut added = 0;
    for entries in entries.chunks(AT_A_TIME) {
        let mut sql = Sql::new("INSERT INTO package_entries (upload_id, ");
        sql.push(COLUMNS).push(") VALUES ");
        for (i, entry) in entries.iter().enumerate() {
            sql.push(if i == 0 { "(" } else { ", (" });
            sql.bind(upload).push(", ");
            push_values(&mut sql, entry);
            sql.push(")");
        }
        sql.push(" ON CONFLICT DO NOTHING");
        added += tx.execute(sql.text(), sql.params()).await?;
    }
    Ok(added)
}

fn push_values(sql: &mut Sql, entry: &Entry) {
    let (key, blob) = match &entry.place {
        Place::Own(key) => (Some(key.as_str().to_owned()), None),
        Place::Held(blob) => (None, Some(blob.as_str().to_owned())),
        Place::Nowhere => (None, None),
    };
    sql.bind(signed(entry.seq)).push(", ");
    sql.bind(&entry.path).push(", ");
    sql.bind(&entry.mark).push(", ");
    sql.bind(signed(entry.end_at)).push(", ");
    sql.bind(key).push(", ").bind(blob).push(", ");
    sql.bind(signed(entry.digests.size)).push(", ");
    sql.bind(HEXLOWER.encode(&entry.digests.md5)).push(", ");
    sql.bind(HEXLOWER.encode(&entry.digests.sha256)).push(", ");
    sql.bind(i64::from(entry.digests.crc32));
}

/// What a reader needs to go on: the marks in order, the number and sizes of entries, and how many
/// of them are payload.
#[derive(Debug, Default)]
pub struct Progress {
    pub marks: Vec<[u8; 16]>,
    pub total_size: u64,
    pub payload: u64,
}

pub async fn progress(tx: &mut Tx, upload: &UploadId) -> Result<Progress> {
    const PAGE: i64 = 10_000;
    let mut progress = Progress::default();
    let mut after = -1_i64;
    loop {
        let rows = tx
            .query(
                "SELECT seq, path, mark, size FROM package_entries \
                 WHERE upload_id = $1 AND seq > $2 ORDER BY seq LIMIT $3",
                params![upload, after, PAGE],
            )
            .await?;
        if rows.is_empty() {
            return Ok(progress);
        }
        for mut row in rows {
            after = row.next()?;
            let path: String = row.next()?;
            progress.marks.push(bytes(&row.next::<String>()?)?);
            progress.total_size += row.next::<u64>()?;
            let file = path.starts_with("data/") && !path.ends_with('/');
            progress.payload += u64::from(file);
        }
    }
}

/// One page in the archive's order, after a number.
pub async fn list(
    tx: &mut Tx,
    upload: &UploadId,
    after: Option<u64>,
    limit: u32,
) -> Result<Vec<Entry>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM package_entries WHERE upload_id = $1 AND seq > $2 \
         ORDER BY seq LIMIT $3"
    );
    let after = after.map_or(-1, signed);
    let rows = tx.query(&sql, params![upload, after, limit]).await?;
    rows.into_iter().map(entry).collect()
}

pub async fn list_by_path(tx: &mut Tx, upload: &UploadId, paths: &[&str]) -> Result<Vec<Entry>> {
    let mut sql = Sql::new("SELECT ");
    sql.push(COLUMNS)
        .push(" FROM package_entries WHERE upload_id = ");
    sql.bind(upload).push(" AND path ").bind_in(paths);
    let rows = tx.query(sql.text(), sql.params()).await?;
    rows.into_iter().map(entry).collect()
}

/// Whether the package has files of an asset with this id.
pub async fn has_asset(tx: &mut Tx, upload: &UploadId, asset: &AssetId) -> Result<bool> {
    let row = tx
        .query_one(
            "SELECT seq FROM package_entries WHERE upload_id = $1 AND path >= $2 AND path < $3 \
             LIMIT 1",
            // the character after the slash
            params![
                upload,
                format!("data/assets/{asset}/"),
                format!("data/assets/{asset}0")
            ],
        )
        .await?;
    Ok(row.is_some())
}

/// The entry's bytes have become part of the library; what is left of it is a pin.
pub async fn set_blob(tx: &mut Tx, upload: &UploadId, seq: u64, blob: &BlobId) -> Result<()> {
    tx.execute(
        "UPDATE package_entries SET storage_key = NULL, blob_id = $1 \
         WHERE upload_id = $2 AND seq = $3",
        params![blob, upload, signed(seq)],
    )
    .await?;
    Ok(())
}

/// Removes some entries, the last ones first; answers them.
pub async fn remove_some(tx: &mut Tx, upload: &UploadId, limit: u32) -> Result<Vec<Place>> {
    let rows = tx
        .query(
            "DELETE FROM package_entries WHERE upload_id = $1 AND seq IN (SELECT seq \
             FROM package_entries WHERE upload_id = $2 ORDER BY seq DESC LIMIT $3) \
             RETURNING storage_key, blob_id",
            params![upload, upload, limit],
        )
        .await?;
    rows.into_iter()
        .map(|mut row| place(row.next()?, row.next()?))
        .collect()
}

/// The live blobs with one of these SHA-256 in hexadecimal digits: digest, size and id.
pub async fn list_held(tx: &mut Tx, digests: &[&str]) -> Result<Vec<(String, u64, BlobId)>> {
    let mut sql =
        Sql::new("SELECT sha256, size, blob_id FROM blobs WHERE state = 'LIVE' AND sha256 ");
    sql.bind_in(digests);
    let rows = tx.query(sql.text(), sql.params()).await?;
    let held = rows
        .into_iter()
        .map(|mut row| Ok((row.next()?, row.next()?, row.next()?)));
    Ok(held.collect::<Result<_, DbError>>()?)
}

/// How many of these blobs are live.
pub async fn count_live(tx: &mut Tx, blobs: &[&str]) -> Result<usize> {
    let mut sql = Sql::new("SELECT blob_id FROM blobs WHERE state = 'LIVE' AND blob_id ");
    sql.bind_in(blobs);
    Ok(tx.query(sql.text(), sql.params()).await?.len())
}
