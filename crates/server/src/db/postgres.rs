//! `PostgreSQL` through a pool of connections with cached statements.
//!
//! Writes are SERIALIZABLE and run again when they collide; snapshots are REPEATABLE READ, so
//! that readers never make a writer collide.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::BytesMut;
use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, RecyclingMethod, Runtime};
use rand::Rng;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};
use tokio_postgres::{Config, NoTls};

use super::{Cell, DbError, Row, Tx, Value, migrate};
use crate::error::Error;

/// How often a colliding transaction is run again before its caller hears of it.
const ATTEMPTS: u32 = 40;
const WAIT_FOR_CONNECTION: Duration = Duration::from_secs(10);

/// A pooled connection. Dropped inside a transaction (its caller went away), it is closed
/// instead of going back to the pool with the transaction open.
#[derive(Debug)]
pub struct Connection {
    client: Option<Object>,
    open: bool,
    shard: i64,
    shards: Arc<Shards>,
}

/// The counter shards that no connection in use has: two transactions of a process never add to
/// the same row of a counter. Processes begin at different places.
#[derive(Debug)]
struct Shards(Mutex<Vec<i64>>);

const SHARDS: i64 = 64;

impl Shards {
    fn new() -> Self {
        let first = rand::rng().random_range(0..SHARDS);
        Self(Mutex::new(
            (0..SHARDS).rev().map(|i| (first + i) % SHARDS).collect(),
        ))
    }

    fn free(&self) -> MutexGuard<'_, Vec<i64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self) -> i64 {
        let free = self.free().pop();
        free.unwrap_or_else(|| rand::rng().random_range(0..SHARDS))
    }

    fn put_back(&self, shard: i64) {
        let mut free = self.free();
        if !free.contains(&shard) {
            free.push(shard);
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.shards.put_back(self.shard);
        if self.open
            && let Some(client) = self.client.take()
        {
            drop(Object::take(client));
        }
    }
}

impl Connection {
    fn client(&self) -> &Object {
        self.client
            .as_ref()
            .expect("the client is only taken out when the connection is dropped")
    }

    pub(super) fn shard(&self) -> i64 {
        self.shard
    }

    pub(super) async fn query(&self, sql: &str, params: &[Value<'_>]) -> Result<Vec<Row>, DbError> {
        let client = self.client();
        let statement = client.prepare_cached(sql).await?;
        let params: Vec<&(dyn ToSql + Sync)> = params.iter().map(|p| p as _).collect();
        let rows = client.query(&statement, &params).await?;
        rows.iter().map(row).collect()
    }

    pub(super) async fn execute(&self, sql: &str, params: &[Value<'_>]) -> Result<u64, DbError> {
        let client = self.client();
        let statement = client.prepare_cached(sql).await?;
        let params: Vec<&(dyn ToSql + Sync)> = params.iter().map(|p| p as _).collect();
        Ok(client.execute(&statement, &params).await?)
    }

    async fn begin(&mut self, isolation: Isolation) -> Result<(), DbError> {
        self.open = true;
        Ok(self.client().batch_execute(isolation.begin()).await?)
    }

    async fn end(&mut self, sql: &str) -> Result<(), DbError> {
        self.client().batch_execute(sql).await?;
        self.open = false;
        Ok(())
    }
}

fn row(row: &tokio_postgres::Row) -> Result<Row, DbError> {
    let mut cells = Vec::with_capacity(row.len());
    for (i, column) in row.columns().iter().enumerate() {
        let cell = match *column.type_() {
            Type::INT8 => row.try_get::<_, Option<i64>>(i)?.map(Cell::Int),
            Type::INT4 => row
                .try_get::<_, Option<i32>>(i)?
                .map(|v| Cell::Int(v.into())),
            Type::BOOL => row.try_get::<_, Option<bool>>(i)?.map(Cell::Bool),
            Type::FLOAT8 => row.try_get::<_, Option<f64>>(i)?.map(Cell::Real),
            _ => row.try_get::<_, Option<String>>(i)?.map(Cell::Text),
        };
        cells.push(cell.unwrap_or(Cell::Null));
    }
    Ok(Row::new(cells))
}

impl ToSql for Value<'_> {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Value::Null => Ok(IsNull::Yes),
            Value::Int(v) if *ty == Type::INT4 => i32::try_from(*v)?.to_sql(ty, out),
            Value::Int(v) => v.to_sql(ty, out),
            Value::Real(v) => v.to_sql(ty, out),
            Value::Bool(v) => v.to_sql(ty, out),
            Value::Text(v) => v.as_ref().to_sql(ty, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

impl From<tokio_postgres::Error> for DbError {
    fn from(error: tokio_postgres::Error) -> Self {
        let text = error
            .as_db_error()
            .map_or_else(|| error.to_string(), ToString::to_string);
        let Some(state) = error.code() else {
            return DbError::Unavailable(text);
        };
        match *state {
            SqlState::T_R_SERIALIZATION_FAILURE
            | SqlState::T_R_DEADLOCK_DETECTED
            | SqlState::UNIQUE_VIOLATION
            | SqlState::FOREIGN_KEY_VIOLATION => DbError::Conflict(text),
            SqlState::DISK_FULL => DbError::Full(text),
            SqlState::ADMIN_SHUTDOWN
            | SqlState::CRASH_SHUTDOWN
            | SqlState::CANNOT_CONNECT_NOW
            | SqlState::TOO_MANY_CONNECTIONS => DbError::Unavailable(text),
            _ => DbError::Other(text),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Isolation {
    Snapshot,
    Serializable,
}

impl Isolation {
    fn begin(self) -> &'static str {
        match self {
            Isolation::Snapshot => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
            Isolation::Serializable => "BEGIN ISOLATION LEVEL SERIALIZABLE",
        }
    }
}

#[derive(Debug, Clone)]
pub struct Postgres {
    pool: Pool,
    shards: Arc<Shards>,
}

impl Postgres {
    pub async fn connect(url: &str, connections: usize) -> Result<Self, DbError> {
        let config: Config = url
            .parse()
            .map_err(|e| DbError::Other(format!("the database URL is not understood: {e}")))?;
        let manager = Manager::from_config(
            config,
            NoTls,
            ManagerConfig {
                recycling_method: RecyclingMethod::Fast,
            },
        );
        let pool = Pool::builder(manager)
            .max_size(connections)
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(WAIT_FOR_CONNECTION))
            .create_timeout(Some(WAIT_FOR_CONNECTION))
            .build()
            .map_err(|e| DbError::Other(e.to_string()))?;
        let postgres = Self {
            pool,
            shards: Arc::new(Shards::new()),
        };
        let mut connection = postgres.connection().await?;
        let client = connection
            .client
            .as_mut()
            .expect("a new connection has its client");
        migrate::postgres(client).await?;
        Ok(postgres)
    }

    async fn connection(&self) -> Result<Connection, DbError> {
        let client = self
            .pool
            .get()
            .await
            .map_err(|e| DbError::Unavailable(e.to_string()))?;
        Ok(Connection {
            client: Some(client),
            open: false,
            shard: self.shards.take(),
            shards: Arc::clone(&self.shards),
        })
    }

    pub async fn read<T, F>(&self, f: F) -> Result<T, Error>
    where
        F: AsyncFn(&mut Tx) -> Result<T, Error> + Send + 'static,
    {
        let mut tx = Tx::Postgres(self.connection().await?);
        f(&mut tx).await
    }

    pub async fn transaction<T, F>(&self, f: F, isolation: Isolation) -> Result<T, Error>
    where
        F: AsyncFn(&mut Tx) -> Result<T, Error> + Send + 'static,
    {
        let mut attempt = 0;
        loop {
            attempt += 1;
            let error = match self.attempt(&f, isolation).await {
                Ok(value) => return Ok(value),
                Err(error) => error,
            };
            if !error.is_conflict() || attempt == ATTEMPTS {
                return Err(error);
            }
            let most = 1 << attempt.min(7);
            let wait = rand::rng().random_range(0..=most);
            tokio::time::sleep(Duration::from_millis(wait)).await;
        }
    }

    async fn attempt<T, F>(&self, f: &F, isolation: Isolation) -> Result<T, Error>
    where
        F: AsyncFn(&mut Tx) -> Result<T, Error> + Send + 'static,
    {
        let mut connection = self.connection().await?;
        connection.begin(isolation).await?;
        let mut tx = Tx::Postgres(connection);
        let result = f(&mut tx).await;
        let Tx::Postgres(connection) = &mut tx else {
            unreachable!("the transaction was begun on PostgreSQL")
        };
        match result {
            Ok(value) => {
                connection.end("COMMIT").await?;
                Ok(value)
            }
            Err(error) => {
                // where this fails too, the connection is closed when it is dropped
                let _ = connection.end("ROLLBACK").await;
                Err(error)
            }
        }
    }
}
