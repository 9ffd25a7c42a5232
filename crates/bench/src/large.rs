//! One file of 1 GiB: PUT against the same PUT that only writes, GET against nginx.

use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::Context;
use data_encoding::BASE64;

use crate::bench::Bench;
use crate::client;
use crate::library::{Declared, Library};
use crate::load;
use crate::nginx::Nginx;
use crate::raw::{self, CHUNK};
use crate::report::{Bound, Row};
use crate::server::{Server, Start};
use crate::stats::{count, firsts, ratio, seconds};

const GETS: usize = 4;
const PUT: &str = "PUT of 1 GiB, verified / only written";
const GET_CPU: &str = "GET of 1 GiB, CPU seconds / nginx";
const GET_RATE: &str = "GET of 1 GiB, throughput / nginx";

pub fn run(bench: &Bench) -> anyhow::Result<Vec<Row>> {
    let data = bench.folder().join("large");
    let ours = Server::start(bench, Start::on(&data))?;
    let (put, url) = put(bench, &ours, &data)?;
    let mut rows = vec![put];
    rows.extend(get(bench, &ours, &data, &url)?);
    ours.stop(bench, "PUT and GET of 1 GiB");
    std::fs::remove_dir_all(&data)?;
    Ok(rows)
}

/// Bytes that are never the same twice, as chunks.
pub struct Content {
    first: Vec<u8>,
    rest: Vec<u8>,
    chunks: u64,
}

impl Content {
    pub fn new(size: u64, turn: usize) -> Self {
        let mut state = 0x2545_F491_4F6C_DD1D_u64;
        let rest: Vec<u8> = std::iter::repeat_with(|| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state.to_le_bytes()
        })
        .take(CHUNK / 8)
        .flatten()
        .collect();
        let mut first = rest.clone();
        first[..8].copy_from_slice(&(turn as u64).to_le_bytes());
        Self {
            first,
            rest,
            chunks: size / CHUNK as u64,
        }
    }

    fn chunks(&self) -> impl Iterator<Item = &[u8]> {
        let rest = (1..self.chunks).map(|_| self.rest.as_slice());
        std::iter::once(self.first.as_slice()).chain(rest)
    }

    fn md5(&self) -> String {
        let mut md5 = fast_md5::Md5::new();
        self.chunks().for_each(|chunk| md5.update(chunk));
        BASE64.encode(&md5.finalize())
    }
}

/// The row, and where the last file can be had.
fn put(bench: &Bench, ours: &Server, data: &Path) -> anyhow::Result<(Row, String)> {
    let (size, turns) = (bench.sizes.large, bench.sizes.turns);
    let written = bench.folder().join("written");
    let baseline = Server::baseline("write-only", Start::on(&written))?;
    let library = Library::of(ours, data)?;
    let (mut pairs, mut url) = (Vec::new(), String::new());
    for turn in 0..turns {
        let content = Content::new(size, turn);
        let verified;
        (verified, url) = store(&library, &content)?;
        let target = format!("/written/{turn:032x}");
        let head = client::head("PUT", &target, &[("Host", "bench")], usize::try_from(size)?);
        let only_written = send(baseline.address, &head, &content)?;
        pairs.push((verified, only_written));
        remove_blobs(&written)?;
        if turn + 1 < turns {
            remove_blobs(data)?;
        }
    }
    drop(baseline);
    std::fs::remove_dir_all(&written)?;
    let mib = count(usize::try_from(size)? / CHUNK);
    let detail = format!(
        "{:.0} MiB/s verified and durable, {:.0} MiB/s only written and durable",
        mib / firsts(&pairs),
        mib / seconds(&pairs)
    );
    let by_rate = 1.0 / ratio(&pairs);
    Ok((
        Row::measured(PUT, Bound::AtLeast(0.55), by_rate, "", detail),
        url,
    ))
}

/// Makes an asset of one file: the seconds that its PUT took, and where it can be had.
pub fn store(library: &Library, content: &Content) -> anyhow::Result<(f64, String)> {
    let (took, file) = upload(library, content)?;
    Ok((took, load::block_on(library.download_target(&file))?))
}

/// The same, answering the file.
pub fn upload(library: &Library, content: &Content) -> anyhow::Result<(f64, Declared)> {
    let size = content.chunks * CHUNK as u64;
    let file = load::block_on(library.declare(size, &content.md5()))?;
    let headers = [
        ("Host", "bench"),
        ("Content-MD5", &file.md5),
        ("Content-Type", "video/mp4"),
    ];
    let head = client::head("PUT", &file.target, &headers, usize::try_from(size)?);
    let took = send(library.address, &head, content)?;
    load::block_on(library.complete(&file))?;
    Ok((took, file))
}

/// Seconds until the PUT is answered.
fn send(address: SocketAddr, head: &[u8], content: &Content) -> anyhow::Result<f64> {
    let began = Instant::now();
    let mut stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    stream.write_all(head)?;
    for chunk in content.chunks() {
        stream.write_all(chunk)?;
    }
    raw::answer(&mut stream).context("a PUT")?;
    Ok(began.elapsed().as_secs_f64())
}

fn get(bench: &Bench, ours: &Server, data: &Path, target: &str) -> anyhow::Result<Vec<Row>> {
    let (cpu_bound, rate_bound) = (Bound::AtMost(2.2), Bound::AtLeast(1.0));
    if !Nginx::is_there() {
        let why = "nginx is not installed";
        return Ok(vec![
            Row::not_measured(GET_CPU, cpu_bound, why),
            Row::not_measured(GET_RATE, rate_bound, why),
        ]);
    }
    let blob = largest(data)?;
    let nginx = Nginx::start(bench, &blob)?;
    let (mut cpu, mut rates) = (Vec::new(), Vec::new());
    // the first turn warms the page cache and both servers
    for turn in 0..=bench.sizes.turns {
        let (their_cpu, their_rate) = gets(nginx.address, Nginx::TARGET, || nginx.process.cpu())?;
        let (cpu_of_ours, our_rate) = gets(ours.address, target, || ours.process.cpu())?;
        if turn > 0 {
            cpu.push((cpu_of_ours, their_cpu));
            rates.push((our_rate, their_rate));
        }
    }
    let each = count(GETS);
    let cpu_detail = format!(
        "{:.2} CPU seconds a GET against {:.2}",
        firsts(&cpu) / each,
        seconds(&cpu) / each
    );
    let rate_detail = format!(
        "{:.0} MiB/s against {:.0}; one connection, the client throws the bytes away unread",
        firsts(&rates),
        seconds(&rates)
    );
    Ok(vec![
        Row::measured(GET_CPU, cpu_bound, ratio(&cpu), "", cpu_detail),
        Row::measured(GET_RATE, rate_bound, ratio(&rates), "", rate_detail),
    ])
}

/// CPU seconds of the server for a few GETs, and MiB a second.
fn gets(address: SocketAddr, target: &str, cpu: impl Fn() -> f64) -> anyhow::Result<(f64, f64)> {
    let request = client::request("GET", target, &[("Host", "bench")], &[]);
    let mut stream = TcpStream::connect(address)?;
    let (cpu_before, began) = (cpu(), Instant::now());
    let mut bytes = 0;
    for _ in 0..GETS {
        stream.write_all(&request)?;
        bytes += raw::discard(&mut stream)?;
    }
    let took = began.elapsed().as_secs_f64();
    Ok((cpu() - cpu_before, count(bytes / CHUNK) / took))
}

/// The stored files below a data folder.
pub fn blobs(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![folder.join("blobs")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                folders.push(entry.path());
            } else {
                found.push(entry.path());
            }
        }
    }
    Ok(found)
}

fn largest(folder: &Path) -> anyhow::Result<PathBuf> {
    let by_size = |path: &PathBuf| path.metadata().map_or(0, |file| file.len());
    let largest = blobs(folder)?.into_iter().max_by_key(by_size);
    largest.context("no blob was stored")
}

/// Makes room between turns; nothing reads these files again.
fn remove_blobs(folder: &Path) -> anyhow::Result<()> {
    for path in blobs(folder)? {
        std::fs::remove_file(path)?;
    }
    Ok(())
}
