//! The metadata database: `SQLite` or `PostgreSQL` behind one `Db`, one SQL text for both.
//!
//! A transaction is a closure that may be run again and awaits nothing but its `tx`:
//!
//! ```ignore
//! db.write(async move |tx| { store::insert(tx, &asset).await?; Ok(asset.asset_id.clone()) }).await?
//! ```
//!
//! * [`Db::read`] looks up a few rows by key; each statement sees the latest commit.
//! * [`Db::snapshot`] runs several reads that must agree with each other.
//! * [`Db::write`] is one transaction: on `SQLite` a savepoint of a group commit on the one
//!   writer, on `PostgreSQL` SERIALIZABLE with bounded retry. It answers after the commit is durable.

mod feed;
mod migrate;
mod postgres;
mod sql;
mod sqlite;
mod value;

use std::path::Path;
use std::time::Duration;

pub use feed::Feed;
pub use sql::{Sql, like_escape, placeholders};
pub use value::{Cell, FromCell, Row, Value};

use crate::error::Error;

/// What the database can answer instead of a result.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    #[error("the metadata database has no room left: {0}")]
    Full(String),
    #[error("the metadata database is busy or out of reach: {0}")]
    Unavailable(String),
    #[error("the transaction met another one: {0}")]
    Conflict(String),
    #[error("row '{row}': column {column} should hold {expected}, but holds {found}")]
    Corrupt {
        row: String,
        column: usize,
        expected: &'static str,
        found: &'static str,
    },
    /// `PostgreSQL` cannot keep it, so neither database is asked to.
    #[error("a text has a NUL character")]
    Nul,
    #[error("{0}")]
    Other(String),
}

/// How hard `SQLite` works for durability; `Full` syncs the log at every (group) commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Synchronous {
    #[default]
    Full,
    Normal,
}

/// A connection inside a transaction; all statements go through it.
#[derive(Debug)]
pub enum Tx {
    Sqlite(sqlite::Connection),
    Postgres(postgres::Connection),
}

impl Tx {
    /// All rows of a query.
    pub async fn query(&mut self, sql: &str, params: &[Value<'_>]) -> Result<Vec<Row>, DbError> {
        refuse_nul(params)?;
        match self {
            Tx::Sqlite(connection) => connection.query(sql, params),
            Tx::Postgres(connection) => connection.query(sql, params).await,
        }
    }

    /// The first row of a query, if there is one.
    pub async fn query_one(
        &mut self,
        sql: &str,
        params: &[Value<'_>],
    ) -> Result<Option<Row>, DbError> {
        Ok(self.query(sql, params).await?.into_iter().next())
    }

    /// Runs a statement and answers how many rows it changed.
    pub async fn execute(&mut self, sql: &str, params: &[Value<'_>]) -> Result<u64, DbError> {
        refuse_nul(params)?;
        match self {
            Tx::Sqlite(connection) => connection.execute(sql, params),
            Tx::Postgres(connection) => connection.execute(sql, params).await,
        }
    }

    /// The row that this transaction adds to of a counter that many writers share: with several
    /// writers at once a single row would make each of them wait for, or collide with, the others.
    pub fn counter_shard(&self) -> i64 {
        match self {
            // one writer
            Tx::Sqlite(_) => 0,
            Tx::Postgres(connection) => connection.shard(),
        }
    }
}

fn refuse_nul(params: &[Value<'_>]) -> Result<(), DbError> {
    let has_nul = |value: &Value<'_>| matches!(value, Value::Text(text) if text.contains('\0'));
    if params.iter().any(has_nul) {
        return Err(DbError::Nul);
    }
    Ok(())
}

/// A handle on the database; cheap to clone.
#[derive(Debug, Clone)]
pub enum Db {
    Sqlite(sqlite::Sqlite),
    Postgres(postgres::Postgres),
}

impl Db {
    /// Opens the embedded database file and brings it up to date.
    pub fn open_sqlite(path: &Path, synchronous: Synchronous) -> Result<Self, DbError> {
        sqlite::Sqlite::open(path, synchronous).map(Db::Sqlite)
    }

    /// Connects to `PostgreSQL` (`postgres://…`) and brings the schema up to date.
    pub async fn connect_postgres(url: &str, connections: usize) -> Result<Self, DbError> {
        postgres::Postgres::connect(url, connections)
            .await
            .map(Db::Postgres)
    }

    /// A few statements that look up rows by key, outside a transaction.
    pub async fn read<T, F>(&self, f: F) -> Result<T, Error>
    where
        F: AsyncFn(&mut Tx) -> Result<T, Error> + Send + 'static,
        T: Send + 'static,
    {
        match self {
            Db::Sqlite(sqlite) => sqlite.read(&f),
            Db::Postgres(postgres) => postgres.read(f).await,
        }
    }

    /// Reads that all see the same state of the database.
    pub async fn snapshot<T, F>(&self, f: F) -> Result<T, Error>
    where
        F: AsyncFn(&mut Tx) -> Result<T, Error> + Send + 'static,
        T: Send + 'static,
    {
        match self {
            Db::Sqlite(sqlite) => sqlite.snapshot(f).await,
            Db::Postgres(postgres) => postgres.transaction(f, postgres::Isolation::Snapshot).await,
        }
    }

    /// One transaction; when it answers `Ok`, it is durable. An `Err` from the closure undoes it.
    pub async fn write<T, F>(&self, f: F) -> Result<T, Error>
    where
        F: AsyncFn(&mut Tx) -> Result<T, Error> + Send + 'static,
        T: Send + 'static,
    {
        match self {
            Db::Sqlite(sqlite) => sqlite.write(f).await,
            Db::Postgres(postgres) => {
                postgres
                    .transaction(f, postgres::Isolation::Serializable)
                    .await
            }
        }
    }

    /// Whether the database answers, for `/readyz`.
    pub async fn ping(&self) -> Result<(), Error> {
        let alive = self.read(async |tx| Ok(tx.query("SELECT 1", &[]).await.map(|_| ())?));
        tokio::time::timeout(Duration::from_secs(2), alive)
            .await
            .map_err(|_| DbError::Unavailable("no answer within 2 s".into()))?
    }

    /// Refreshes the planner's statistics; cheap when little has changed.
    pub async fn optimize(&self) -> Result<(), Error> {
        match self {
            Db::Sqlite(sqlite) => sqlite.optimize().await,
            // autovacuum does this by itself
            Db::Postgres(_) => Ok(()),
        }
    }
}
