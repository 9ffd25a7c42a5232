//! Asset packages: export, download and import, beside the tools that do the same with files.
//!
//! One library holds an application of all files, and one of as many of them as fit on the disk
//! and in the page cache a few times more; downloads and imports are of the latter.

mod download;
mod export;
mod import;
pub mod stock;
mod workspace;

use std::path::Path;
use std::process::Command;

use anyhow::{Context, ensure};

use crate::bench::Bench;
use crate::machine;
use crate::report::{Bound, Row};

/// Files are of this size.
pub const FILE: usize = 1 << 20;
/// What is left to others of the disk, in MiB.
const RESERVE: usize = 5 * 1024;
/// The most that one PUT takes, in MiB.
const ONE_PUT: usize = 5 * 1024;
const MB: f64 = 1e6;
const TURNS: usize = 3;

pub fn run(bench: &Bench) -> anyhow::Result<Vec<Row>> {
    let amount = Amount::that_fits(bench)?;
    eprintln!("{amount:?}");
    let data = bench.folder().join("packages");
    let package = bench.folder().join("package.zip");
    let stock = stock::fill(bench, &data, amount)?;
    let mut rows = Vec::new();
    let mut add = |what, measured: anyhow::Result<Vec<Row>>| {
        rows.extend(measured.unwrap_or_else(|error| vec![failed(what, &error)]));
    };
    add("export, SQLite", export::on_sqlite(bench, &data, &stock));
    let downloads = download::run(bench, &data, &stock, &package);
    add("download of a package", downloads);
    let exports = export::on_postgres(bench, &data, &stock);
    add("export, PostgreSQL", exports);
    std::fs::remove_dir_all(&data)?;
    add("import of a package", import::run(bench, &package, amount));
    Ok(rows)
}

/// One part that fails leaves the others.
fn failed(what: &str, error: &anyhow::Error) -> Row {
    eprintln!("{error:#}");
    Row::failed(what, error)
}

/// How many files, of 1 MiB each.
#[derive(Debug, Clone, Copy)]
pub struct Amount {
    /// In the export that is timed.
    files: usize,
    /// In downloads and imports.
    part: usize,
}

impl Amount {
    fn that_fits(bench: &Bench) -> anyhow::Result<Self> {
        let disk = free_disk(bench.folder())? / FILE;
        let disk = disk.saturating_sub(RESERVE);
        let files = bench.sizes.packed.min(disk / 3 * 2);
        // beside the library there are one large file, and a zip, at the same time
        let part = files.min(ONE_PUT).min((disk - files) / 2);
        // the files, the large one and the zip are in the page cache together
        let part = part.min(machine::available_memory()? / FILE / 4);
        ensure!(part > 0, "the disk is full");
        Ok(Self { files, part })
    }
}

/// `10,000 files, 9.8 GiB`
fn described(files: usize) -> String {
    use crate::stats::{count, grouped};
    let gib = count(files) / 1024.0;
    format!("{} files, {gib:.1} GiB", grouped(count(files)))
}

fn free_disk(folder: &Path) -> anyhow::Result<usize> {
    let mut df = Command::new("df");
    let output = df.args(["--output=avail", "-B1"]).arg(folder).output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let last = text.lines().last().context("df says nothing")?;
    Ok(last.trim().parse()?)
}

/// Everything written before is on the disk: nobody pays for another.
pub fn settle() -> anyhow::Result<()> {
    succeed(&mut Command::new("sync"))
}

pub fn succeed(command: &mut Command) -> anyhow::Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let status = command.status().with_context(|| name.clone())?;
    ensure!(status.success(), "{name} ended with {status}");
    Ok(())
}

pub fn is_there(program: &str) -> bool {
    Command::new(program).arg("-v").output().is_ok()
}

pub fn memory(figure: &str, peak: u64, detail: String) -> Row {
    #[expect(clippy::cast_precision_loss, reason = "memory is far below 2^52 bytes")]
    let mb = peak as f64 / MB;
    Row::measured(figure, Bound::AtMost(100.0), mb, " MB", detail)
}
