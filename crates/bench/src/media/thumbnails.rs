//! All photographs of a library processed again, beside `vipsthumbnail` over the same files: as many
//! processes of it as the server has workers, each with its share of the files.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};

use super::memory::Sampler;
use super::photos::Photos;
use crate::bench::Bench;
use crate::client::{self, Connection};
use crate::load;
use crate::packages::{settle, succeed};
use crate::report::{Bound, Row};
use crate::server::{Server, Start};
use crate::stats::{count, firsts, least, ratio, seconds};

pub const WANTED: f64 = 0.8;
const TURNS: usize = 3;
const MEMORY: f64 = 150.0;
const LONGEST: Duration = Duration::from_mins(20);

pub fn run(bench: &Bench, photos: &Photos) -> anyhow::Result<Vec<Row>> {
    let data = bench.folder().join("thumbnails");
    upload(bench, photos, &data)?;
    let workers = std::thread::available_parallelism()?.get();
    let (mut pairs, mut peak) = (Vec::new(), 0);
    for _ in 0..TURNS {
        let (ours, memory) = process(bench, photos, &data, workers)?;
        pairs.push((ours, vips(bench, photos, workers)?));
        peak = peak.max(memory);
    }
    std::fs::remove_dir_all(&data)?;
    let what = photos.described();
    let detail = format!(
        "{what}; {:.1} a second against {:.1}, {workers} workers each; ours are WebP and JPEG, \
         durable, with metadata, vipsthumbnail's are WebP; worst of {TURNS}: {:.2}",
        firsts(&pairs),
        seconds(&pairs),
        least(&pairs)
    );
    let bound = Bound::AtLeast(WANTED);
    #[expect(clippy::cast_precision_loss, reason = "memory is far below 2^52 bytes")]
    let mb = peak as f64 / 1e6 / count(workers);
    Ok(vec![
        Row::measured(
            "thumbnails / vipsthumbnail",
            bound,
            ratio(&pairs),
            "",
            detail,
        ),
        Row::measured(
            "anonymous memory of server and children, a worker",
            Bound::AtMost(MEMORY),
            mb,
            " MB",
            format!("at the highest moment, divided by {workers} workers"),
        ),
    ])
}

fn upload(bench: &Bench, photos: &Photos, data: &Path) -> anyhow::Result<()> {
    let start = Start::on(data).with(&[("ENTREPOT_MEDIA", "false")]);
    let server = Server::start(bench, start)?;
    let mut command = Command::new(&bench.entrepot);
    command
        .args(["upload", "--type", "IMAGE", "--json", "--credentials"])
        .arg(data.join("credentials.json"))
        .args(&photos.files)
        .stdout(std::process::Stdio::null());
    succeed(&mut command)?;
    server.stop(bench, "uploads of photographs");
    Ok(())
}

/// Thumbnails a second, and bytes of memory.
fn process(
    bench: &Bench,
    photos: &Photos,
    data: &Path,
    workers: usize,
) -> anyhow::Result<(f64, u64)> {
    let number = workers.to_string();
    let variables = [("ENTREPOT_MEDIA_WORKERS", number.as_str())];
    let server = Server::start(bench, Start::on(data).with(&variables))?;
    settle()?;
    let sampler = Sampler::start(server.process.pid());
    let began = Instant::now();
    let mut command = Command::new(&bench.entrepot);
    command
        .args(["admin", "--data"])
        .arg(data)
        .args(["reprocess", "--type", "IMAGE", "--json"])
        .stdout(std::process::Stdio::null());
    succeed(&mut command)?;
    load::block_on(made(&server, photos.files.len(), began))?;
    let took = began.elapsed().as_secs_f64();
    let peak = sampler.stop();
    server.stop(bench, "thumbnails");
    Ok((count(photos.files.len()) / took, peak))
}

/// Waits until so many thumbnails were made since the server's start.
async fn made(server: &Server, wanted: usize, began: Instant) -> anyhow::Result<()> {
    let request = client::request("GET", "/metrics", &[("Host", "bench")], &[]);
    let mut connection = Connection::open(server.address).await?;
    loop {
        let answer = connection.call(&request).await?;
        let text = String::from_utf8_lossy(answer.success()?).into_owned();
        let line = r#"entrepot_thumbnails_total{outcome="ready"} "#;
        let ready = text.lines().find_map(|l| l.strip_prefix(line));
        let ready: usize = ready.map_or(Ok(0), str::parse)?;
        if ready >= wanted {
            return Ok(());
        }
        ensure!(
            began.elapsed() < LONGEST,
            "only {ready} thumbnails were made"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Thumbnails a second.
fn vips(bench: &Bench, photos: &Photos, workers: usize) -> anyhow::Result<f64> {
    let folder = bench.folder().join("vips");
    std::fs::create_dir(&folder)?;
    let share = photos.files.len().div_ceil(workers);
    let list = bench.folder().join("photos.list");
    let lines: Vec<_> = photos
        .files
        .iter()
        .map(|f| f.display().to_string())
        .collect();
    std::fs::write(&list, lines.join("\n"))?;
    let (workers, share) = (workers.to_string(), share.to_string());
    let mut command = Command::new("xargs");
    command
        .args(["-a"])
        .arg(&list)
        .args(["-P", &workers, "-n", &share])
        .args(["vipsthumbnail", "--size", "320", "-o"])
        .arg(folder.join("%s.webp[Q=80]"))
        .env("VIPS_CONCURRENCY", "1");
    settle()?;
    let began = Instant::now();
    succeed(&mut command)?;
    let took = began.elapsed().as_secs_f64();
    let made = std::fs::read_dir(&folder).context("vips")?.count();
    ensure!(made == photos.files.len(), "vipsthumbnail made {made}");
    std::fs::remove_dir_all(&folder)?;
    Ok(count(made) / took)
}
