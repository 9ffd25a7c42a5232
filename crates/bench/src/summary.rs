//! Summaries of 20 ids over 32 connections: what the database costs the request.

use std::net::SocketAddr;
use std::path::Path;

use entrepot_server::iam::bootstrap::Credentials;

use crate::bench::Bench;
use crate::load::{self, Requests};
use crate::report::{Bound, Row};
use crate::server::{self, Server, Start};
use crate::stats::{firsts, grouped, ratio, seconds};
use crate::{client, content, copy, fill};

const IDS: u64 = 20;
const REQUESTS: u64 = 997;
const CONNECTIONS: usize = 32;
const ON_SQLITE: &str = "summary of 20 ids, SQLite / no database";
const ON_POSTGRES: &str = "summary of 20 ids, PostgreSQL / straight on tokio-postgres";

pub fn run(bench: &Bench) -> anyhow::Result<Vec<Row>> {
    let data = fill::library(bench, bench.sizes.assets)?;
    let mut rows = vec![sqlite(bench, &data)?];
    let bound = Bound::AtLeast(0.9);
    rows.push(match &bench.postgres {
        None => Row::not_measured(ON_POSTGRES, bound, "no PostgreSQL was given"),
        Some(url) => {
            let url = load::block_on(copy::to_postgres(&data, url))?;
            postgres(bench, &data, &url)?
        }
    });
    Ok(rows)
}

fn sqlite(bench: &Bench, data: &Path) -> anyhow::Result<Row> {
    let ours = Server::start(bench, Start::on(data))?;
    let other = Server::baseline("no-database", Start::on(data))?;
    let pairs = compare(bench, data, &ours, &other)?;
    ours.stop(bench, "summaries on SQLite");
    let detail = rates(&pairs, "with no database");
    Ok(Row::measured(
        ON_SQLITE,
        Bound::AtLeast(0.45),
        ratio(&pairs),
        "",
        detail,
    ))
}

fn postgres(bench: &Bench, data: &Path, url: &str) -> anyhow::Result<Row> {
    let variables = [("ENTREPOT_DATABASE_URL", url)];
    let start = Start::on(data).with(&variables);
    let ours = Server::start(bench, start)?;
    let other = Server::baseline("straight", start)?;
    let pairs = compare(bench, data, &ours, &other)?;
    ours.stop(bench, "summaries on PostgreSQL");
    let detail = rates(&pairs, "straight");
    Ok(Row::measured(
        ON_POSTGRES,
        Bound::AtLeast(0.9),
        ratio(&pairs),
        "",
        detail,
    ))
}

fn rates(pairs: &[(f64, f64)], other: &str) -> String {
    let (ours, theirs) = (grouped(firsts(pairs)), grouped(seconds(pairs)));
    format!("{ours} requests/s against {theirs} {other}")
}

fn compare(
    bench: &Bench,
    data: &Path,
    ours: &Server,
    other: &Server,
) -> anyhow::Result<Vec<(f64, f64)>> {
    let credentials = server::credentials(data)?;
    let sizes = bench.sizes;
    load::block_on(async {
        let token = server::token(ours.address, &credentials).await?;
        let requests = requests(&credentials, &token, sizes.assets as u64)?;
        let rate = |address: SocketAddr| load::rate(address, &requests, CONNECTIONS, sizes.span);
        let mut pairs = Vec::new();
        for _ in 0..sizes.turns {
            pairs.push((rate(ours.address).await?, rate(other.address).await?));
        }
        Ok(pairs)
    })
}

fn requests(credentials: &Credentials, token: &str, assets: u64) -> anyhow::Result<Requests> {
    let target = format!("/v1/{}/digital-assets/summarys", credentials.project_id);
    let headers = [
        ("Host", "bench"),
        ("X-Auth-Token", token),
        ("Content-Type", "application/json"),
    ];
    let one = |n: u64| {
        // 7919 is prime: the ids are spread over the whole library
        let ids: Vec<String> = (0..IDS)
            .map(|i| content::asset_id((n * IDS + i) * 7919 % assets))
            .collect();
        let body = serde_json::to_vec(&serde_json::json!({ "asset_ids": ids }))?;
        Ok(client::request("POST", &target, &headers, &body))
    };
    (0..REQUESTS).map(one).collect()
}
