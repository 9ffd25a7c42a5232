//! How long an export takes and how much disk it uses, on both databases.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use tokio_postgres::NoTls;

use super::stock::Stock;
use super::workspace::Workspace;
use super::{MB, described, memory};
use crate::bench::Bench;
use crate::report::{Bound, Row};
use crate::server::{Server, Start};
use crate::stats::median;
use crate::{copy, load};

const SOONEST: Bound = Bound::AtMost(3.0);
const LEAST: Bound = Bound::AtMost(10.0);

/// Seconds and new bytes on disk, turn by turn.
#[derive(Default)]
struct Exports {
    took: Vec<f64>,
    grown: Vec<f64>,
}

impl Exports {
    fn rows(&self, database: &str, stock: &Stock, where_from: &str) -> [Row; 2] {
        let worst = |values: &[f64]| values.iter().copied().fold(0.0, f64::max);
        let what = described(stock.amount.files);
        let turns = self.took.len();
        let took = format!(
            "from the POST to the poll that says SUCCEEDED: worst of {turns}, median {:.2} s",
            median(&self.took)
        );
        let grown = format!(
            "{where_from}: worst of {turns}, median {:.1} MB",
            median(&self.grown)
        );
        [
            Row::measured(
                &format!("export of {what}, {database}"),
                SOONEST,
                worst(&self.took),
                " s",
                took,
            ),
            Row::measured(
                &format!("new disk of that export, {database}"),
                LEAST,
                worst(&self.grown),
                " MB",
                grown,
            ),
        ]
    }
}

pub fn on_sqlite(bench: &Bench, data: &Path, stock: &Stock) -> anyhow::Result<Vec<Row>> {
    let server = Server::start(bench, Start::on(data))?;
    let workspace = Workspace::of(&server, data)?;
    let mut exports = Exports::default();
    for _ in 0..bench.sizes.turns {
        let before = disk(data)?;
        let export = load::block_on(workspace.export(&stock.all))?;
        exports.took.push(export.took);
        exports.grown.push(disk(data)? - before);
    }
    let peak = server.process.peak();
    server.stop(bench, "exports on SQLite");
    let what = described(stock.amount.files);
    let place = "blocks of all files of the data folder, database and its log among them";
    let mut rows = Vec::from(exports.rows("SQLite", stock, place));
    let detail = format!("{what}; {} exports by one process", exports.took.len());
    rows.push(memory("anonymous memory, export", peak, detail));
    Ok(rows)
}

pub fn on_postgres(bench: &Bench, data: &Path, stock: &Stock) -> anyhow::Result<Vec<Row>> {
    let Some(url) = &bench.postgres else {
        let what = described(stock.amount.files);
        let figure = format!("export of {what}, PostgreSQL");
        return Ok(vec![Row::not_measured(
            &figure,
            SOONEST,
            "no PostgreSQL was given",
        )]);
    };
    let url = load::block_on(copy::to_postgres(data, url))?;
    let variables = [("ENTREPOT_DATABASE_URL", url.as_str())];
    let server = Server::start(bench, Start::on(data).with(&variables))?;
    let workspace = Workspace::of(&server, data)?;
    let (mut exports, mut logged) = (Exports::default(), Vec::new());
    for _ in 0..bench.sizes.turns {
        let (before, at) = (disk(data)?, postgres(&url)?);
        let export = load::block_on(workspace.export(&stock.all))?;
        let (after, end) = (disk(data)?, postgres(&url)?);
        exports.took.push(export.took);
        exports
            .grown
            .push(after - before + (end.size - at.size) / MB);
        logged.push((end.log - at.log) / MB);
    }
    server.stop(bench, "exports on PostgreSQL");
    let place = format!(
        "pg_database_size and the blocks of the data folder ({:.1} MB went through PostgreSQL's \
         log, whose files are used again)",
        median(&logged)
    );
    Ok(exports.rows("PostgreSQL", stock, &place).into())
}

/// MB on the disk below a folder.
fn disk(folder: &Path) -> anyhow::Result<f64> {
    let mut megabytes = 0.0;
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            // what is gone by now is not on the disk
            let Ok(metadata) = entry.metadata() else {
                continue;
            };
            if metadata.is_dir() {
                folders.push(entry.path());
            }
            // blocks are of 512 bytes, whatever the file system
            megabytes += crate::stats::count(usize::try_from(metadata.blocks())?) * 512.0 / MB;
        }
    }
    Ok(megabytes)
}

/// Bytes of a database, and how many have gone through the log.
struct Postgres {
    size: f64,
    log: f64,
}

fn postgres(url: &str) -> anyhow::Result<Postgres> {
    let sql = "SELECT pg_database_size(current_database())::float8, \
               pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::float8";
    load::block_on(async {
        let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
        tokio::spawn(connection);
        let row = client.query_one(sql, &[]).await?;
        Ok(Postgres {
            size: row.get(0),
            log: row.get(1),
        })
    })
}
