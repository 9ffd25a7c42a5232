//! The embedded database: a pool of readers and one writer with group commit.
//!
//! Transactions queue for the writer. It opens one outer transaction, runs each queued one in a
//! savepoint, commits once and only then answers all of them, so that many writers share one
//! sync of the log. An error that rolls the outer transaction back fails every one of them.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{ErrorCode, OpenFlags};
use tokio::sync::{Semaphore, oneshot};

use super::{Cell, DbError, Row, Synchronous, Tx, Value, migrate};
use crate::error::Error;

/// Other processes (admin commands) may write too: how long to wait for them.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// At most so many transactions share a commit …
const GROUP_MAX: usize = 256;
/// … or as many as fit into this time, so that the first one is not kept waiting.
const GROUP_TIME: Duration = Duration::from_millis(10);
/// How long the writer waits for company when the last group had some.
const LINGER: Duration = Duration::from_micros(700);
const READERS: usize = 4;
const STATEMENTS: usize = 256;

#[derive(Debug)]
pub struct Connection(rusqlite::Connection);

impl Connection {
    fn open(path: &Path, synchronous: Synchronous) -> Result<Self, DbError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = rusqlite::Connection::open_with_flags(path, flags)?;
        // mapped, a page that the system has in memory is read without a call or a copy
        connection.busy_timeout(BUSY_TIMEOUT)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        let synchronous = match synchronous {
            Synchronous::Full => "FULL",
            Synchronous::Normal => "NORMAL",
        };
        connection.execute_batch(&format!(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = {synchronous}; \
             PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY; \
             PRAGMA case_sensitive_like = ON; \
             PRAGMA cache_size = -8192; PRAGMA mmap_size = 2147418112; \
             PRAGMA wal_autocheckpoint = 4000; \
             PRAGMA journal_size_limit = 67108864;"
        ))?;
        Ok(Self(connection))
    }

    pub(super) fn query(&self, sql: &str, params: &[Value<'_>]) -> Result<Vec<Row>, DbError> {
        let mut statement = self.0.prepare_cached(sql)?;
        let columns = statement.column_count();
        let mut rows = statement.query(rusqlite::params_from_iter(params))?;
        let mut all = Vec::new();
        while let Some(row) = rows.next()? {
            // collecting results would not know how many there are, and grow
            let mut cells = Vec::with_capacity(columns);
            for i in 0..columns {
                cells.push(cell(row.get_ref(i)?)?);
            }
            all.push(Row::new(cells));
        }
        Ok(all)
    }

    pub(super) fn execute(&self, sql: &str, params: &[Value<'_>]) -> Result<u64, DbError> {
        let mut statement = self.0.prepare_cached(sql)?;
        let changed = statement.execute(rusqlite::params_from_iter(params))?;
        Ok(changed as u64)
    }

    fn run(&self, sql: &str) -> Result<(), DbError> {
        self.0.prepare_cached(sql)?.execute([])?;
        Ok(())
    }
}

impl rusqlite::ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Value::Null => ValueRef::Null,
            Value::Int(v) => ValueRef::Integer(*v),
            Value::Real(v) => ValueRef::Real(*v),
            Value::Bool(v) => ValueRef::Integer(i64::from(*v)),
            Value::Text(v) => ValueRef::Text(v.as_bytes()),
        }))
    }
}

fn cell(value: ValueRef<'_>) -> Result<Cell, DbError> {
    Ok(match value {
        ValueRef::Null => Cell::Null,
        ValueRef::Integer(v) => Cell::Int(v),
        ValueRef::Real(v) => Cell::Real(v),
        ValueRef::Text(v) => Cell::Text(
            std::str::from_utf8(v)
                .map_err(|e| DbError::Other(format!("text in the database is not UTF-8: {e}")))?
                .to_owned(),
        ),
        ValueRef::Blob(_) => return Err(DbError::Other("a blob where text was expected".into())),
    })
}

impl From<rusqlite::Error> for DbError {
    fn from(error: rusqlite::Error) -> Self {
        let text = error.to_string();
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => DbError::Full(text),
            Some(
                ErrorCode::DatabaseBusy
                | ErrorCode::DatabaseLocked
                | ErrorCode::SystemIoFailure
                | ErrorCode::CannotOpen
                | ErrorCode::ReadOnly,
            ) => DbError::Unavailable(text),
            Some(ErrorCode::ConstraintViolation) => DbError::Conflict(text),
            _ => DbError::Other(text),
        }
    }
}

#[derive(Debug, Clone)]
pub struct Sqlite {
    readers: Arc<Readers>,
    writer: Sender<Box<dyn Queued>>,
}

#[derive(Debug)]
struct Readers {
    path: PathBuf,
    synchronous: Synchronous,
    idle: Mutex<Vec<Connection>>,
    permits: Semaphore,
}

impl Readers {
    fn idle(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self) -> Result<Connection, DbError> {
        let idle = self.idle().pop();
        idle.map_or_else(|| Connection::open(&self.path, self.synchronous), Ok)
    }

    fn run<T>(&self, f: &impl AsyncFn(&mut Tx) -> Result<T, Error>) -> Result<T, Error> {
        let mut tx = Tx::Sqlite(self.take()?);
        let result = to_completion(f(&mut tx));
        // one that was left inside a transaction is closed instead of being used again
        if let Tx::Sqlite(connection) = tx
            && connection.0.is_autocommit()
        {
            self.idle().push(connection);
        }
        result
    }
}

impl Sqlite {
    pub fn open(path: &Path, synchronous: Synchronous) -> Result<Self, DbError> {
        let mut connection = Connection::open(path, synchronous)?;
        migrate::sqlite(&mut connection.0)?;
        let (writer, queue) = channel();
        std::thread::Builder::new()
            .name("db-writer".into())
            .spawn(move || Writer::new(connection).run(&queue))
            .map_err(|e| DbError::Other(format!("no thread for the writer: {e}")))?;
        let readers = Readers {
            path: path.to_owned(),
            synchronous,
            idle: Mutex::default(),
            permits: Semaphore::new(READERS),
        };
        Ok(Self {
            readers: Arc::new(readers),
            writer,
        })
    }

    /// Runs on the caller's thread. A look-up by key takes some ten microseconds, less than handing
    /// it to another thread and back costs. The price: where pages must come from a slow disk, other
    /// requests of this thread wait meanwhile; the runtime's other threads take over what is queued.
    /// What reads more than a few rows belongs into [`Self::snapshot`].
    pub fn read<T, F>(&self, f: &F) -> Result<T, Error>
    where
        F: AsyncFn(&mut Tx) -> Result<T, Error>,
    {
        self.readers.run(f)
    }

    /// Runs on a thread that may take its time.
    pub async fn snapshot<T, F>(&self, f: F) -> Result<T, Error>
    where
        F: AsyncFn(&mut Tx) -> Result<T, Error> + Send + 'static,
        T: Send + 'static,
    {
        let readers = Arc::clone(&self.readers);
        let _permit = self
            .readers
            .permits
            .acquire()
            .await
            .map_err(|_| DbError::Unavailable("the database is closed".into()))?;
        let work = move || {
            readers.run(&async |tx| {
                tx.execute("BEGIN", &[]).await?;
                let result = f(tx).await;
                tx.execute("COMMIT", &[]).await?;
                result
            })
        };
        tokio::task::spawn_blocking(work)
            .await
            .map_err(|e| DbError::Other(format!("a read panicked: {e}")))?
    }

    pub async fn write<T, F>(&self, f: F) -> Result<T, Error>
    where
        F: AsyncFn(&mut Tx) -> Result<T, Error> + Send + 'static,
        T: Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let transaction = Transaction {
            f,
            result: None,
            answer,
        };
        let gone = || DbError::Unavailable("the database is closed".into());
        self.writer
            .send(Box::new(transaction))
            .map_err(|_| gone())?;
        answered.await.map_err(|_| gone())?
    }

    pub async fn optimize(&self) -> Result<(), Error> {
        self.write(async |tx| {
            tx.query("PRAGMA analysis_limit = 1000", &[]).await?;
            tx.query("PRAGMA optimize", &[]).await?;
            Ok(())
        })
        .await
    }
}

/// Runs a transaction's future, which has nothing to wait for on `SQLite`.
fn to_completion<T>(future: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    future.now_or_never().unwrap_or_else(|| {
        let text = "a transaction awaited something other than its tx";
        Err(DbError::Other(text.into()).into())
    })
}

/// A transaction in the writer's queue.
trait Queued: Send {
    /// Runs it; answers whether its changes should stay.
    fn run(&mut self, tx: &mut Tx) -> bool;
    /// Tells the caller, once the outer transaction is committed or has failed.
    fn answer(self: Box<Self>, committed: Result<(), DbError>);
}

struct Transaction<F, T> {
    f: F,
    result: Option<Result<T, Error>>,
    answer: oneshot::Sender<Result<T, Error>>,
}

impl<F, T> Queued for Transaction<F, T>
where
    F: AsyncFn(&mut Tx) -> Result<T, Error> + Send,
    T: Send,
{
    fn run(&mut self, tx: &mut Tx) -> bool {
        let run = std::panic::AssertUnwindSafe(|| to_completion((self.f)(tx)));
        let result = std::panic::catch_unwind(run)
            .unwrap_or_else(|_| Err(DbError::Other("a transaction panicked".into()).into()));
        let keep = result.is_ok();
        self.result = Some(result);
        keep
    }

    fn answer(self: Box<Self>, committed: Result<(), DbError>) {
        let result = match (committed, self.result) {
            (Ok(()), Some(result)) => result,
            (Ok(()), None) => Err(DbError::Other("a transaction was not run".into()).into()),
            // its own error tells more than that of the group
            (Err(_), Some(Err(own))) => Err(own),
            (Err(error), _) => Err(error.into()),
        };
        // a caller that went away no longer wants to know
        let _ = self.answer.send(result);
    }
}

struct Writer {
    /// Taken out only while a transaction runs on it.
    tx: Tx,
    had_company: bool,
}

impl Writer {
    fn new(connection: Connection) -> Self {
        Self {
            tx: Tx::Sqlite(connection),
            had_company: false,
        }
    }

    fn connection(&self) -> &Connection {
        match &self.tx {
            Tx::Sqlite(connection) => connection,
            Tx::Postgres(_) => unreachable!("the writer was made with an SQLite connection"),
        }
    }

    fn run(mut self, queue: &Receiver<Box<dyn Queued>>) {
        while let Ok(first) = queue.recv() {
            let mut group = vec![first];
            let committed = self.commit_group(&mut group, queue);
            self.had_company = group.len() > 1;
            metrics::counter!("entrepot_db_commits_total").increment(1);
            metrics::counter!("entrepot_db_transactions_total").increment(group.len() as u64);
            for transaction in group {
                transaction.answer(committed.as_ref().copied().map_err(same));
            }
        }
    }

    /// Runs `group`, and what joins it meanwhile, in one outer transaction.
    fn commit_group(
        &mut self,
        group: &mut Vec<Box<dyn Queued>>,
        queue: &Receiver<Box<dyn Queued>>,
    ) -> Result<(), DbError> {
        let began = Instant::now();
        self.connection().run("BEGIN IMMEDIATE")?;
        let mut next = 0;
        while next < group.len() {
            if let Err(error) = self.savepoint(group[next].as_mut()) {
                let _ = self.connection().run("ROLLBACK");
                return Err(error);
            }
            next += 1;
            let room = group.len() < GROUP_MAX && began.elapsed() < GROUP_TIME;
            if room && let Ok(transaction) = self.company(queue, began) {
                group.push(transaction);
            }
        }
        let committed = self.connection().run("COMMIT");
        if committed.is_err() {
            let _ = self.connection().run("ROLLBACK");
        }
        committed
    }

    /// The next queued transaction; waits a moment for one where others are likely to come.
    fn company(
        &self,
        queue: &Receiver<Box<dyn Queued>>,
        began: Instant,
    ) -> Result<Box<dyn Queued>, RecvTimeoutError> {
        let wait = if self.had_company {
            LINGER.saturating_sub(began.elapsed())
        } else {
            Duration::ZERO
        };
        queue.recv_timeout(wait)
    }

    /// Runs one transaction; an error means that the outer one is lost.
    fn savepoint(&mut self, transaction: &mut dyn Queued) -> Result<(), DbError> {
        self.connection().run("SAVEPOINT t")?;
        let keep = transaction.run(&mut self.tx);
        if self.connection().0.is_autocommit() {
            return Err(DbError::Unavailable(
                "the database rolled the group of transactions back".into(),
            ));
        }
        if !keep {
            self.connection().run("ROLLBACK TO t")?;
        }
        self.connection().run("RELEASE t")
    }
}

/// The same error again, for each transaction of a group.
fn same(error: &DbError) -> DbError {
    match error {
        DbError::Full(text) => DbError::Full(text.clone()),
        DbError::Unavailable(text) => DbError::Unavailable(text.clone()),
        other => DbError::Other(other.to_string()),
    }
}
