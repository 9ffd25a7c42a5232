mod group_commit;
mod isolation;
mod sql;
mod values;

use entrepot_server::db::{FromCell, Tx};
use entrepot_server::error::Error;

/// The first column of the first row.
async fn first<T: FromCell>(tx: &mut Tx, sql: &str) -> Result<T, Error> {
    let row = tx.query_one(sql, &[]).await?;
    Ok(row.unwrap().next()?)
}

/// A row of a table that has few columns.
async fn insert_domain(tx: &mut Tx, id: &str, name: &str) -> Result<(), Error> {
    let sql = "INSERT INTO domains (domain_id, name, created_at) VALUES ($1, $2, $3)";
    tx.execute(sql, entrepot_server::params![id, name, 0])
        .await?;
    Ok(())
}
