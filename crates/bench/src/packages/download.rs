//! Downloads: the package beside one plain file of its size, and from the call for an export to
//! the last byte beside `zip -0` and nginx.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, ensure};

use super::stock::Stock;
use super::workspace::Workspace;
use super::{FILE, TURNS, described, is_there, memory, settle, succeed};
use crate::bench::Bench;
use crate::large::blobs;
use crate::nginx::Nginx;
use crate::report::{Bound, Row};
use crate::server::{Server, Start};
use crate::stats::{count, firsts, ratio, seconds};
use crate::{load, raw};

/// Rows, and one package kept in a file.
pub fn run(bench: &Bench, data: &Path, stock: &Stock, package: &Path) -> anyhow::Result<Vec<Row>> {
    let server = Server::start(bench, Start::on(data))?;
    let download = Download {
        workspace: Workspace::of(&server, data)?,
        stock,
    };
    let mut rows = vec![download.beside_plain()?, download.end_to_end(bench, data)?];
    let peak = server.process.peak();
    let detail = format!("{}, with the exports", described(stock.amount.part));
    rows.push(memory("anonymous memory, download", peak, detail));
    download.keep(package)?;
    server.stop(bench, "downloads of packages");
    Ok(rows)
}

struct Download<'a> {
    workspace: Workspace,
    stock: &'a Stock,
}

impl Download<'_> {
    fn beside_plain(&self) -> anyhow::Result<Row> {
        let mut pairs = Vec::new();
        // the first turn brings the files and the large one into the page cache
        for turn in 0..=TURNS {
            let export = load::block_on(self.workspace.export(&self.stock.part))?;
            let package = self.timed(&export.target, true)?;
            let plain = self.timed(&self.stock.single, false)?;
            if turn > 0 {
                pairs.push((package, plain));
            }
        }
        let what = described(self.stock.amount.part);
        let figure = format!("download of a package of {what} / GET of one file as large");
        let detail = format!(
            "{:.0} MiB/s against {:.0}, all files in the page cache; one connection, the client \
             throws the bytes away unread",
            firsts(&pairs),
            seconds(&pairs)
        );
        let bound = Bound::AtLeast(0.9);
        Ok(Row::measured(&figure, bound, ratio(&pairs), "", detail))
    }

    /// MiB a second.
    fn timed(&self, target: &str, authenticated: bool) -> anyhow::Result<f64> {
        let library = &self.workspace.library;
        let token = authenticated.then_some(library.token.as_str());
        let began = Instant::now();
        let bytes = raw::get(library.address, target, token)?;
        let took = began.elapsed().as_secs_f64();
        ensure!(bytes >= self.stock.amount.part * FILE, "{bytes} bytes");
        Ok(count(bytes / FILE) / took)
    }

    fn end_to_end(&self, bench: &Bench, data: &Path) -> anyhow::Result<Row> {
        let what = described(self.stock.amount.part);
        let figure = format!("export and download of {what} / zip -0 -r and nginx");
        let bound = Bound::AtMost(1.0);
        if !Nginx::is_there() || !is_there("zip") {
            let why = "nginx or zip is not installed";
            return Ok(Row::not_measured(&figure, bound, why));
        }
        let zipping = Zipping::prepare(bench, data, self.stock.amount.part)?;
        let mut pairs = Vec::new();
        for _ in 0..TURNS {
            settle()?;
            let began = Instant::now();
            let export = load::block_on(self.workspace.export(&self.stock.part))?;
            self.timed(&export.target, true)?;
            pairs.push((began.elapsed().as_secs_f64(), zipping.turn()?));
        }
        zipping.remove()?;
        let detail = format!(
            "{:.1} s against {:.1}, from the call to the last byte at the client",
            firsts(&pairs),
            seconds(&pairs)
        );
        Ok(Row::measured(&figure, bound, ratio(&pairs), "", detail))
    }

    fn keep(&self, package: &Path) -> anyhow::Result<()> {
        let library = &self.workspace.library;
        let export = load::block_on(self.workspace.export(&self.stock.part))?;
        raw::fetch(library.address, &export.target, &library.token, package)
    }
}

/// The same files in a folder, and nginx that serves what zip makes of them.
struct Zipping {
    folder: PathBuf,
    files: PathBuf,
    nginx: Nginx,
}

impl Zipping {
    fn prepare(bench: &Bench, data: &Path, files: usize) -> anyhow::Result<Self> {
        let folder = bench.folder().join("zipping");
        std::fs::create_dir_all(folder.join("root"))?;
        let extracted = folder.join("files");
        std::fs::create_dir_all(&extracted)?;
        // the stored files by another name: the same pages of the cache for both
        let of_that_size = blobs(data)?
            .into_iter()
            .filter(|path| path.metadata().is_ok_and(|file| file.size() == FILE as u64));
        let mut linked = 0;
        for blob in of_that_size.take(files) {
            std::fs::hard_link(blob, extracted.join(format!("frame-{linked:05}.jpg")))?;
            linked += 1;
        }
        ensure!(linked == files, "only {linked} stored files were found");
        let nginx = Nginx::serve(&folder)?;
        Ok(Self {
            folder,
            files: extracted,
            nginx,
        })
    }

    /// Seconds until the last byte.
    fn turn(&self) -> anyhow::Result<f64> {
        let zip = self.folder.join("root/files.zip");
        settle()?;
        let began = Instant::now();
        let mut command = Command::new("zip");
        command.args(["-0", "-r", "-q"]).arg(&zip).arg(".");
        succeed(command.current_dir(&self.files)).context("zip")?;
        raw::get(self.nginx.address, "/files.zip", None)?;
        let took = began.elapsed().as_secs_f64();
        std::fs::remove_file(&zip)?;
        Ok(took)
    }

    fn remove(self) -> anyhow::Result<()> {
        drop(self.nginx);
        Ok(std::fs::remove_dir_all(&self.folder)?)
    }
}
