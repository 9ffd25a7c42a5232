//! SQL of what became of each item of an import.

use std::collections::HashSet;
use std::ops::Range;

use crate::clock::Timestamp;
use crate::db::{DbError, Row, Sql, Tx};
use crate::error::{Error, Result};
use crate::ids::{AssetId, AssetJobId};
use crate::packages::apply::item::{Item, Kind, Outcome};
use crate::params;

const COLUMNS: &str = "seq, kind, old_id, new_id, name, outcome";
/// Rows of one statement: both databases bound the number of parameters.
const AT_A_TIME: usize = 100;

fn item(mut row: Row) -> Result<Item> {
    let unknown = |text: &str| Error::internal(format!("import_items: {text}"));
    Ok(Item {
        seq: row.next()?,
        kind: {
            let text: String = row.next()?;
            Kind::parse(&text).ok_or_else(|| unknown(&text))?
        },
        old_id: row.next()?,
        new_id: row.next()?,
        name: row.next()?,
        outcome: {
            let text: String = row.next()?;
            Outcome::parse(&text).ok_or_else(|| unknown(&text))?
        },
    })
}

fn signed(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// Adds items that are not there yet.
pub async fn insert(tx: &mut Tx, job: &AssetJobId, items: &[Item]) -> Result<()> {
    for items in items.chunks(AT_A_TIME) {
        let mut sql = Sql::new("INSERT INTO import_items (job_id, ");
        sql.push(COLUMNS).push(") VALUES ");
        for (i, item) in items.iter().enumerate() {
            sql.push(if i == 0 { "(" } else { ", (" });
            sql.bind(job).push(", ").bind(signed(item.seq)).push(", ");
            sql.bind(item.kind.as_str()).push(", ");
            sql.bind(&item.old_id).push(", ");
            sql.bind(&item.new_id).push(", ");
            sql.bind(&item.name).push(", ");
            sql.bind(item.outcome.as_str()).push(")");
        }
        sql.push(" ON CONFLICT DO NOTHING");
        tx.execute(sql.text(), sql.params()).await?;
    }
    Ok(())
}

/// How many items an import has dealt with, from the first one on.
pub async fn count(tx: &mut Tx, job: &AssetJobId) -> Result<u64> {
    let sql = "SELECT COUNT(*) FROM import_items WHERE job_id = $1";
    let row = tx.query_one(sql, params![job]).await?;
    Ok(row.map(|mut row| row.next()).transpose()?.unwrap_or(0))
}

pub async fn find(tx: &mut Tx, job: &AssetJobId, seq: u64) -> Result<Option<Item>> {
    let sql = format!("SELECT {COLUMNS} FROM import_items WHERE job_id = $1 AND seq = $2");
    let row = tx.query_one(&sql, params![job, signed(seq)]).await?;
    row.map(item).transpose()
}

/// Whether the import has made or updated this asset.
pub async fn has_asset(tx: &mut Tx, job: &AssetJobId, asset: &AssetId) -> Result<bool> {
    let sql = "SELECT seq FROM import_items WHERE job_id = $1 AND new_id = $2 AND kind = 'asset'";
    Ok(tx.query_one(sql, params![job, asset]).await?.is_some())
}

/// The ids that items of a range have here.
pub async fn list_new_ids(
    tx: &mut Tx,
    job: &AssetJobId,
    range: Range<u64>,
) -> Result<HashSet<String>> {
    let rows = tx
        .query(
            "SELECT new_id FROM import_items WHERE job_id = $1 AND seq >= $2 AND seq < $3 \
             AND new_id IS NOT NULL",
            params![job, signed(range.start), signed(range.end)],
        )
        .await?;
    let ids = rows.into_iter().map(|mut row| row.next());
    Ok(ids.collect::<Result<_, DbError>>()?)
}

/// One page in the package's order.
pub async fn list(tx: &mut Tx, job: &AssetJobId, offset: i64, limit: i64) -> Result<Vec<Item>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM import_items WHERE job_id = $1 ORDER BY seq LIMIT $2 OFFSET $3"
    );
    let rows = tx.query(&sql, params![job, limit, offset]).await?;
    rows.into_iter().map(item).collect()
}

/// Forgets some items of jobs that ended before `then`; answers how many.
pub async fn delete_old(tx: &mut Tx, then: Timestamp, limit: u32) -> Result<u64> {
    let sql = "DELETE FROM import_items WHERE job_id IN (SELECT job_id FROM asset_jobs \
         WHERE end_at IS NOT NULL AND end_at < $1 AND EXISTS (SELECT 1 FROM import_items i \
         WHERE i.job_id = asset_jobs.job_id) ORDER BY end_at LIMIT $2)";
    Ok(tx.execute(sql, params![then, limit]).await?)
}
