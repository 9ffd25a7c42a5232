//! The database of one test: a file, or a PostgreSQL database copied from one that was migrated
//! once, and dropped afterwards.

use std::path::{Path, PathBuf};
use std::time::Duration;

use entrepot_server::app::App;
use entrepot_server::db::Db;
use tokio_postgres::{Client, NoTls};

const TEMPLATE: &str = "entrepot_it_template";
const LOCK: &str = "SELECT pg_advisory_lock(7310235)";
const UNFINISHED: &str =
    "SELECT kind, state, subject FROM jobs WHERE state IN ('QUEUED', 'RUNNING')";

#[derive(Clone)]
pub enum Database {
    Sqlite(PathBuf),
    Postgres { server: String, name: String },
}

impl Database {
    /// `folder` is the test's own.
    pub async fn create(folder: &Path) -> Self {
        let Ok(server) = std::env::var("ENTREPOT_TEST_POSTGRES_URL") else {
            return Self::Sqlite(folder.to_owned());
        };
        let admin = connect(&server).await;
        admin.batch_execute(LOCK).await.unwrap();
        make_template(&admin, &server).await;
        let name = format!("it_{}", entrepot_server::ids::Ids.next());
        let sql = format!("CREATE DATABASE {name} TEMPLATE {TEMPLATE}");
        admin.batch_execute(&sql).await.unwrap();
        Self::Postgres { server, name }
    }

    pub async fn open(&self, connections: usize) -> Db {
        match self {
            Self::Sqlite(folder) => super::open_sqlite(folder),
            Self::Postgres { server, name } => {
                let url = url_of(server, name);
                Db::connect_postgres(&url, connections).await.unwrap()
            }
        }
    }

    /// Answers the jobs that are not finished. Runs on a thread of its own, since a test that is
    /// being dropped can't await.
    pub fn close(&self, app: &App) -> Vec<String> {
        let work = || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(self.unfinished(app))
        };
        std::thread::scope(|scope| scope.spawn(work).join().unwrap_or_default())
    }

    async fn unfinished(&self, app: &App) -> Vec<String> {
        let Self::Postgres { server, name } = self else {
            let rows = app.db.read(async |tx| {
                let rows = tx.query(UNFINISHED, &[]).await?;
                let texts = rows.into_iter().map(|mut row| row.next::<String>());
                Ok(texts.collect::<Result<Vec<_>, _>>()?)
            });
            return rows.await.unwrap_or_default();
        };
        let client = connect(&url_of(server, name)).await;
        let rows = client.query(UNFINISHED, &[]).await.unwrap_or_default();
        drop(client);
        let admin = connect(server).await;
        let sql = format!("DROP DATABASE {name} WITH (FORCE)");
        admin.batch_execute(&sql).await.unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    }
}

async fn make_template(admin: &Client, server: &str) {
    const MAKING: &str = "entrepot_it_making";
    let there = "SELECT 1 FROM pg_database WHERE datname = $1";
    if admin
        .query_opt(there, &[&TEMPLATE])
        .await
        .unwrap()
        .is_some()
    {
        return;
    }
    for sql in [
        format!("DROP DATABASE IF EXISTS {MAKING} WITH (FORCE)"),
        format!("CREATE DATABASE {MAKING}"),
    ] {
        admin.batch_execute(&sql).await.unwrap();
    }
    drop(
        Db::connect_postgres(&url_of(server, MAKING), 1)
            .await
            .unwrap(),
    );
    // its connection takes a moment to close
    let rename = format!("ALTER DATABASE {MAKING} RENAME TO {TEMPLATE}");
    while admin.batch_execute(&rename).await.is_err() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

fn url_of(server: &str, name: &str) -> String {
    let (server, _) = server.rsplit_once('/').unwrap();
    format!("{server}/{name}")
}

async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}
