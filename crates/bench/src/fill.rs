//! Makes a library of many assets in a folder, through the server's own store, with the indexes
//! made afterwards: the same rows as if each had come by HTTP, in a minute.

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::anyhow;
use entrepot_server::app::App;
use entrepot_server::assets;
use entrepot_server::config::Config;
use entrepot_server::db::Tx;
use entrepot_server::error::{Error, Result};
use entrepot_server::files;
use entrepot_server::iam::bootstrap::bootstrap;
use entrepot_server::ids::ProjectId;
use entrepot_server::{params, server};

use crate::bench::Bench;
use crate::{content, load};

const BATCH: u64 = 10_000;

/// The folder of a library with `count` assets, made at the first call.
pub fn library(bench: &Bench, count: usize) -> anyhow::Result<PathBuf> {
    let data = bench.folder().join(format!("library-{count}"));
    if data.is_dir() {
        return Ok(data);
    }
    let began = Instant::now();
    load::block_on(make(&data, u64::try_from(count)?))?;
    // nothing is left for the first start to catch up with
    let sqlite = rusqlite::Connection::open(data.join("entrepot.db"))?;
    sqlite.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    let took = began.elapsed().as_secs_f64();
    eprintln!("a library of {count} assets: {took:.0} s");
    Ok(data)
}

async fn make(data: &Path, count: u64) -> anyhow::Result<()> {
    let config = Config {
        data: data.to_owned(),
        database_synchronous: "normal".into(),
        ..Config::default()
    };
    let app = server::open(config, "http://127.0.0.1:1").await?;
    let made = fill(&app, data, count).await;
    made.map_err(|error| anyhow!("{} {:?}", error.message, error.cause))
}

async fn fill(app: &App, data: &Path, count: u64) -> Result<()> {
    bootstrap(app, "http://127.0.0.1:1").await?;
    let credentials = crate::server::credentials(data).map_err(Error::internal)?;
    let project = ProjectId::new(credentials.project_id);
    let indexes = app.db.write(async |tx| drop_indexes(tx).await).await?;
    for first in (0..count).step_by(usize::try_from(BATCH).unwrap_or(usize::MAX)) {
        let project = project.clone();
        let numbers = first..(first + BATCH).min(count);
        app.db
            .write(async move |tx| {
                for i in numbers.clone() {
                    insert(tx, i, &project).await?;
                }
                Ok(())
            })
            .await?;
    }
    app.db
        .write(async move |tx| {
            for sql in &indexes {
                tx.execute(sql, &[]).await?;
            }
            Ok(())
        })
        .await?;
    // as the server's own upkeep has done by the time that a library is so large
    app.db.optimize().await
}

async fn insert(tx: &mut Tx, i: u64, project: &ProjectId) -> Result<()> {
    let asset = content::asset(i, project);
    assets::store::insert(tx, &asset).await?;
    if let Some(file) = content::main_file(i, &asset) {
        files::store::insert(tx, &file).await?;
    }
    Ok(())
}

/// Drops all indexes that can be made again and answers the statements that do so.
async fn drop_indexes(tx: &mut Tx) -> Result<Vec<String>> {
    let sql = "SELECT name, sql FROM sqlite_master WHERE type = $1 AND sql IS NOT NULL";
    let rows = tx.query(sql, params!["index"]).await?;
    let mut made_by = Vec::new();
    for mut row in rows {
        let name: String = row.next()?;
        made_by.push(row.next()?);
        tx.execute(&format!("DROP INDEX {name}"), &[]).await?;
    }
    Ok(made_by)
}
