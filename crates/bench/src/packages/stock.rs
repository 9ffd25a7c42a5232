//! The library that is exported: files that all differ, each in an asset of its own, put in by
//! the API.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use super::workspace::Workspace;
use super::{Amount, FILE};
use crate::bench::Bench;
use crate::client::Connection;
use crate::large::{self, Content};
use crate::load;
use crate::server::{Server, Start};
use crate::small::{self, Object, Project};

const CLIENTS: usize = 8;

#[derive(Debug)]
pub struct Stock {
    pub amount: Amount,
    /// The application of all files.
    pub all: String,
    /// The application of those that are downloaded.
    pub part: String,
    /// Where one file as large as the latter together can be had.
    pub single: String,
}

pub fn fill(bench: &Bench, data: &Path, amount: Amount) -> anyhow::Result<Stock> {
    let began = Instant::now();
    let server = Server::start(bench, Start::on(data))?;
    let workspace = Workspace::of(&server, data)?;
    let library = &workspace.library;
    let project = Arc::new(Project::of(library));
    let assets = load::block_on(create_all(project, amount.files, frame))?;
    let all = load::block_on(workspace.create_app("all", &assets))?;
    let part = load::block_on(workspace.create_app("part", &assets[..amount.part]))?;
    let content = Content::new(u64::try_from(amount.part * FILE)?, 0);
    let (_, single) = large::store(library, &content)?;
    server.stop(bench, "uploading files of 1 MiB");
    eprintln!("the library: {:.0} s", began.elapsed().as_secs_f64());
    Ok(Stock {
        amount,
        all,
        part,
        single,
    })
}

/// Assets of one file each; `object` makes the n-th.
pub async fn create_all(
    project: Arc<Project>,
    count: usize,
    object: fn(usize) -> Object,
) -> anyhow::Result<Vec<String>> {
    let next = Arc::new(AtomicUsize::new(0));
    let client = |_| {
        let (project, next) = (Arc::clone(&project), Arc::clone(&next));
        tokio::spawn(create_each(project, next, count, object))
    };
    let clients: Vec<_> = (0..CLIENTS).map(client).collect();
    let mut assets = Vec::with_capacity(count);
    for client in clients {
        assets.extend(client.await??);
    }
    Ok(assets)
}

async fn create_each(
    project: Arc<Project>,
    next: Arc<AtomicUsize>,
    count: usize,
    object: fn(usize) -> Object,
) -> anyhow::Result<Vec<String>> {
    let mut connection = Connection::open(project.address).await?;
    let mut assets = Vec::new();
    loop {
        let n = next.fetch_add(1, Ordering::Relaxed);
        if n >= count {
            return Ok(assets);
        }
        assets.push(small::create(&project, &mut connection, &object(n)).await?);
    }
}

/// One of 1 MiB.
pub fn frame(n: usize) -> Object {
    Object::new(&format!("frame-{n:05}"), bytes(n as u64 + 1, FILE))
}

/// A file like no other.
pub fn bytes(n: u64, size: usize) -> Vec<u8> {
    let mut state = n.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let words = std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    });
    words.take(size / 8).flatten().collect()
}
