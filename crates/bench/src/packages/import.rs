//! Import into an empty library, from the first byte to SUCCEEDED, beside `unzip`, `sync` and
//! `sha256sum` of the same package, one after the other.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, ensure};
use serde_json::Value;

use super::workspace::Workspace;
use super::{Amount, TURNS, described, is_there, memory, settle, succeed};
use crate::bench::Bench;
use crate::library::text;
use crate::report::{Bound, Row};
use crate::server::{Server, Start};
use crate::stats::{firsts, ratio, seconds};
use crate::{client, load, raw};

const BOUNDARY: &str = "entrepot-bench";

pub fn run(bench: &Bench, package: &Path, amount: Amount) -> anyhow::Result<Vec<Row>> {
    let what = described(amount.part);
    let figure = format!("import of {what} / unzip, sync, sha256sum");
    let bound = Bound::AtMost(1.0);
    if !is_there("unzip") {
        return Ok(vec![Row::not_measured(
            &figure,
            bound,
            "unzip is not installed",
        )]);
    }
    ensure!(package.is_file(), "no package was downloaded");
    // brings the package into the page cache
    sha256sum(package)?;
    let (mut pairs, mut peak) = (Vec::new(), 0);
    for _ in 0..TURNS {
        let (ours, memory) = import(bench, package, amount)?;
        pairs.push((ours, unpack(bench, package)?));
        peak = peak.max(memory);
    }
    std::fs::remove_file(package)?;
    let detail = format!(
        "{:.1} s against {:.1}, each onto an empty disk with the package in the page cache; \
         sha256sum is of the package",
        firsts(&pairs),
        seconds(&pairs)
    );
    Ok(vec![
        Row::measured(&figure, bound, ratio(&pairs), "", detail),
        memory("anonymous memory, import", peak, what),
    ])
}

/// Seconds, and the most anonymous memory of the server.
fn import(bench: &Bench, package: &Path, amount: Amount) -> anyhow::Result<(f64, u64)> {
    let data = bench.folder().join("imported");
    let server = Server::start(bench, Start::on(&data))?;
    let workspace = Workspace::of(&server, &data)?;
    settle()?;
    let began = Instant::now();
    let answer = send(&workspace, package).context("the import")?;
    let job = text(&serde_json::from_slice::<Value>(&answer)?, "job_id")?;
    load::block_on(workspace.succeeded(&job))?;
    let took = began.elapsed().as_secs_f64();
    let imported = load::block_on(workspace.count_assets())?;
    ensure!(
        imported == amount.part as u64,
        "{imported} assets were imported"
    );
    let peak = server.process.peak();
    server.stop(bench, "imports of packages");
    std::fs::remove_dir_all(&data)?;
    Ok((took, peak))
}

fn send(workspace: &Workspace, package: &Path) -> anyhow::Result<Vec<u8>> {
    let library = &workspace.library;
    let before = format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"ImportAssetRequestBody\"; \
         filename=\"package.zip\"\r\n\r\n"
    );
    let after = format!("\r\n--{BOUNDARY}--\r\n");
    let size = usize::try_from(package.metadata()?.len())?;
    let length = before.len() + size + after.len();
    let form = format!("multipart/form-data; boundary={BOUNDARY}");
    let headers = [
        ("Host", "bench"),
        ("X-Auth-Token", library.token.as_str()),
        ("Content-Type", form.as_str()),
    ];
    let mut head = client::head("POST", &workspace.import_target(), &headers, length);
    head.extend_from_slice(before.as_bytes());
    raw::send_file(library.address, &head, package, after.as_bytes())
}

/// Seconds.
fn unpack(bench: &Bench, package: &Path) -> anyhow::Result<f64> {
    let folder = bench.folder().join("unpacked");
    settle()?;
    let began = Instant::now();
    let mut unzip = Command::new("unzip");
    succeed(unzip.arg("-q").arg(package).arg("-d").arg(&folder))?;
    settle()?;
    sha256sum(package)?;
    let took = began.elapsed().as_secs_f64();
    std::fs::remove_dir_all(&folder)?;
    Ok(took)
}

fn sha256sum(package: &Path) -> anyhow::Result<()> {
    let mut command = Command::new("sha256sum");
    succeed(command.arg(package).stdout(Stdio::null()))
}
