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
use crate::stats::{count, median};
use crate::{copy, load};

const SOONEST: Bound = Bound::AtMost(3.0);
const LEAST: Bound = Bound::AtMost(10.0);

/// Seconds and new disk, turn by turn.
#[derive(Default)]
struct Exports {
    took: Vec<f64>,
    grown: Vec<Disk>,
}

impl Exports {
    fn rows(&self, database: &str, stock: &Stock, place: &str) -> [Row; 2] {
        let worst = |values: &[f64]| values.iter().copied().fold(0.0, f64::max);
        let grown: Vec<f64> = self.grown.iter().map(|disk| disk.total()).collect();
        let first = self.grown.first().copied().unwrap_or_default();
        let what = described(stock.amount.files);
        let turns = self.took.len();
        let took = format!(
            "from the POST to the poll that says SUCCEEDED: worst of {turns}, median {:.2} s",
            median(&self.took)
        );
        let grown_detail = format!(
            "{place}: worst of {turns}, median {:.1} MB; the first: {:.1} MB of blobs, {:.1} of \
             database, {:.1} of its log",
            median(&grown),
            first.blobs,
            first.database,
            first.log
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
                worst(&grown),
                " MB",
                grown_detail,
            ),
        ]
    }
}

pub fn on_sqlite(bench: &Bench, data: &Path, stock: &Stock) -> anyhow::Result<Vec<Row>> {
    let server = Server::start(bench, Start::on(data))?;
    let workspace = Workspace::of(&server, data)?;
    let mut exports = Exports::default();
    for _ in 0..bench.sizes.turns {
        let before = Disk::of(data)?;
        let export = load::block_on(workspace.export(&stock.all))?;
        exports.took.push(export.took);
        exports.grown.push(Disk::of(data)?.since(before));
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
        let (before, (size, log)) = (Disk::of(data)?, postgres(&url)?);
        let export = load::block_on(workspace.export(&stock.all))?;
        let (after, (new_size, new_log)) = (Disk::of(data)?, postgres(&url)?);
        exports.took.push(export.took);
        exports.grown.push(Disk {
            database: new_size - size,
            ..after.since(before)
        });
        logged.push(new_log - log);
    }
    server.stop(bench, "exports on PostgreSQL");
    let place = format!(
        "pg_database_size and the blocks of the data folder ({:.1} MB went through PostgreSQL's \
         log, whose files are used again)",
        median(&logged)
    );
    Ok(exports.rows("PostgreSQL", stock, &place).into())
}

/// MB on the disk, by what takes them.
#[derive(Debug, Clone, Copy, Default)]
struct Disk {
    blobs: f64,
    database: f64,
    log: f64,
}

impl Disk {
    fn of(folder: &Path) -> anyhow::Result<Self> {
        let mut disk = Self::default();
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
                let name = entry.file_name();
                let name = name.to_string_lossy();
                let part = match name.starts_with("entrepot.db") {
                    true if name.ends_with("-wal") => &mut disk.log,
                    true => &mut disk.database,
                    false => &mut disk.blobs,
                };
                // blocks are of 512 bytes, whatever the file system
                *part += count(usize::try_from(metadata.blocks())?) * 512.0 / MB;
            }
        }
        Ok(disk)
    }

    fn since(self, before: Self) -> Self {
        Self {
            blobs: self.blobs - before.blobs,
            database: self.database - before.database,
            log: self.log - before.log,
        }
    }

    fn total(self) -> f64 {
        self.blobs + self.database + self.log
    }
}

/// MB of a database, and how many have gone through its log.
fn postgres(url: &str) -> anyhow::Result<(f64, f64)> {
    let sql = "SELECT pg_database_size(current_database())::float8, \
               pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::float8";
    load::block_on(async {
        let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
        tokio::spawn(connection);
        let row = client.query_one(sql, &[]).await?;
        Ok((row.get::<_, f64>(0) / MB, row.get::<_, f64>(1) / MB))
    })
}
