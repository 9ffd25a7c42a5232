//! Creating assets from 32 clients: how many syncs each costs, and what durability costs.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::bench::Bench;
use crate::client;
use crate::load::{self, Requests};
use crate::report::{Bound, Row};
use crate::server::{self, Server, Start};
use crate::stats::{firsts, grouped, ratio, seconds};

const CLIENTS: usize = 32;
const SYNCS: &str = "fsyncs for each asset created, FULL";
const RATES: &str = "assets created a second, FULL / NORMAL";
const SYNCHRONOUS: &str = "ENTREPOT_DATABASE_SYNCHRONOUS";

pub fn run(bench: &Bench) -> anyhow::Result<Vec<Row>> {
    Ok(vec![counted(bench)?, compared(bench)?])
}

fn compared(bench: &Bench) -> anyhow::Result<Row> {
    let [(full, full_data), (normal, normal_data)] =
        [start(bench, "full", &[])?, start(bench, "normal", &[])?];
    let pairs = load::block_on(async {
        let with_full = requests(full.address, &full_data).await?;
        let with_normal = requests(normal.address, &normal_data).await?;
        let span = bench.sizes.span;
        let mut pairs = Vec::new();
        for _ in 0..bench.sizes.turns {
            let first = load::rate(full.address, &with_full, CLIENTS, span).await?;
            let second = load::rate(normal.address, &with_normal, CLIENTS, span).await?;
            pairs.push((first, second));
        }
        Ok(pairs)
    })?;
    full.stop(bench, "creating, FULL");
    normal.stop(bench, "creating, NORMAL");
    let detail = format!(
        "{} a second with FULL, {} with NORMAL",
        grouped(firsts(&pairs)),
        grouped(seconds(&pairs))
    );
    Ok(Row::measured(
        RATES,
        Bound::AtLeast(0.5),
        ratio(&pairs),
        "",
        detail,
    ))
}

fn start(bench: &Bench, synchronous: &str, under: &[&str]) -> anyhow::Result<(Server, PathBuf)> {
    let name = if under.is_empty() { "" } else { "-traced" };
    let data = bench.folder().join(format!("creates-{synchronous}{name}"));
    let variables = [(SYNCHRONOUS, synchronous)];
    let start = Start {
        under,
        ..Start::on(&data).with(&variables)
    };
    Ok((Server::start(bench, start)?, data))
}

async fn requests(address: SocketAddr, data: &Path) -> anyhow::Result<Requests> {
    let credentials = server::credentials(data)?;
    let token = server::token(address, &credentials).await?;
    let target = format!("/v1/{}/digital-assets", credentials.project_id);
    let headers = [
        ("Host", "bench"),
        ("X-Auth-Token", &token),
        ("Content-Type", "application/json"),
    ];
    let one = |n: usize| {
        let body = serde_json::json!({
            "asset_name": format!("Evening over the harbour {n}"),
            "asset_type": "IMAGE",
            "tags": [format!("tag-{}", n % 7), "campaign"],
            "system_properties": [{"key": "BACKGROUND_IMG", "value": "Yes"}],
        });
        Ok(client::request(
            "POST",
            &target,
            &headers,
            &serde_json::to_vec(&body)?,
        ))
    };
    (0..64).map(one).collect()
}

/// Counts the calls that the kernel sees: the server runs under strace, which by its filter stops
/// it at nothing but these.
fn counted(bench: &Bench) -> anyhow::Result<Row> {
    let bound = Bound::AtMost(0.2);
    if Command::new("strace").arg("--version").output().is_err() {
        return Ok(Row::not_measured(SYNCS, bound, "strace is not installed"));
    }
    let log = bench.folder().join("syncs.strace");
    let path = log.display().to_string();
    let trace = "trace=fsync,fdatasync,sync_file_range,msync";
    let under = [
        "strace",
        "-f",
        "-qq",
        "--seccomp-bpf",
        "-e",
        trace,
        "-e",
        "signal=none",
        "-o",
        &path,
    ];
    let (server, data) = start(bench, "full", &under)?;
    let (created, syncs) = load::block_on(async {
        let requests = requests(server.address, &data).await?;
        let before = count(&log)?;
        let span = bench.sizes.span;
        let created = count_creates(server.address, &requests, span).await?;
        Ok((created, count(&log)? - before))
    })?;
    drop(server);
    let ratio = f64::from(syncs) / f64::from(created);
    let detail = format!(
        "{syncs} fsync and fdatasync calls, seen by strace, for {created} assets acknowledged",
    );
    Ok(Row::measured(SYNCS, bound, ratio, "", detail))
}

/// Creates for about `span`; all that were begun are answered before this returns.
async fn count_creates(
    address: SocketAddr,
    requests: &Requests,
    span: std::time::Duration,
) -> anyhow::Result<u32> {
    let end = std::time::Instant::now() + span;
    let mut clients = Vec::new();
    for _ in 0..CLIENTS {
        let mut connection = client::Connection::open(address).await?;
        let requests = Requests::clone(requests);
        clients.push(tokio::spawn(async move {
            let mut created = 0;
            while std::time::Instant::now() < end {
                let request = &requests[created % requests.len()];
                connection.call(request).await?.success()?;
                created += 1;
            }
            anyhow::Ok(u32::try_from(created)?)
        }));
    }
    let mut created = 0;
    for client in clients {
        created += client.await??;
    }
    Ok(created)
}

fn count(log: &Path) -> anyhow::Result<u32> {
    let text = std::fs::read_to_string(log)?;
    // a call that another thread's interrupted is written twice, the second time without '('
    let calls = text
        .lines()
        .filter(|line| line.contains("sync(") || line.contains("range("));
    Ok(u32::try_from(calls.count())?)
}
