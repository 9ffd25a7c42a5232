//! Counters that the list answers from, against a count of the rows themselves.

use std::collections::BTreeMap;

use entrepot_server::db::{Row, Tx};
use entrepot_server::error::Error;

use super::Library;

type Counts = BTreeMap<Vec<String>, i64>;

fn read(mut row: Row, texts: usize) -> Result<(Vec<String>, i64), Error> {
    let mut key = Vec::new();
    for _ in 0..texts {
        key.push(row.next()?);
    }
    Ok((key, row.next()?))
}

async fn counts(tx: &mut Tx, sql: &str, texts: usize) -> Result<Counts, Error> {
    let rows = tx.query(sql, &[]).await?;
    let all = rows.into_iter().map(|row| read(row, texts));
    let all = all.collect::<Result<Counts, _>>()?;
    Ok(all.into_iter().filter(|(_, n)| *n != 0).collect())
}

impl Library {
    /// Counters of states, types, tags and other attributes equal a recount.
    pub async fn assert_counts_are_right(&self) {
        let pairs = self.app.db.snapshot(async |tx| {
            let kept = "SELECT project_id, asset_type, state, CAST(SUM(n) AS BIGINT) \
                 FROM asset_counts GROUP BY project_id, asset_type, state";
            let there = "SELECT project_id, asset_type, state, COUNT(*) FROM assets \
                 GROUP BY project_id, asset_type, state";
            let assets = (counts(tx, kept, 3).await?, counts(tx, there, 3).await?);
            let kept = "SELECT project_id, name, value, CAST(SUM(n) AS BIGINT) \
                 FROM attribute_counts GROUP BY project_id, name, value";
            let there = "SELECT project_id, name, value, COUNT(*) FROM asset_attributes \
                 GROUP BY project_id, name, value";
            let attributes = (counts(tx, kept, 3).await?, counts(tx, there, 3).await?);
            Ok([assets, attributes])
        });
        for (kept, there) in pairs.await.unwrap() {
            assert_eq!(kept, there);
        }
    }

    /// How many rows a table has where a condition holds.
    pub async fn rows(&self, from: &str) -> i64 {
        let sql = format!("SELECT COUNT(*) FROM {from}");
        let counted = self.app.db.read(async move |tx| {
            let row = tx.query_one(&sql, &[]).await?;
            Ok(row.map(|mut row| row.next()).transpose()?.unwrap_or(0))
        });
        counted.await.unwrap()
    }

    /// Makes the library what no call would.
    pub async fn execute(&self, sql: &str) {
        let sql = sql.to_owned();
        let done = self.app.db.write(async move |tx| {
            tx.execute(&sql, &[]).await?;
            Ok(())
        });
        done.await.unwrap();
    }
}
