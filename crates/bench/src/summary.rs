//! Summaries of 20 ids over 32 connections: what the database costs the request.

use std::path::Path;
use std::time::{Duration, Instant};

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
    let compared = compare(bench, data, &ours, &other)?;
    ours.stop(bench, "summaries on SQLite");
    let bound = Bound::AtLeast(0.45);
    Ok(compared.row(ON_SQLITE, bound, "with no database"))
}

fn postgres(bench: &Bench, data: &Path, url: &str) -> anyhow::Result<Row> {
    let variables = [("ENTREPOT_DATABASE_URL", url)];
    let start = Start::on(data).with(&variables);
    let ours = Server::start(bench, start)?;
    let other = Server::baseline("straight", start)?;
    let compared = compare(bench, data, &ours, &other)?;
    ours.stop(bench, "summaries on PostgreSQL");
    Ok(compared.row(ON_POSTGRES, Bound::AtLeast(0.9), "straight"))
}

/// Ours beside the other, turn by turn.
#[derive(Default)]
struct Compared {
    /// Requests a second.
    rates: Vec<(f64, f64)>,
    /// CPU seconds a second, which tell more than rates where other programs run beside.
    cpu: Vec<(f64, f64)>,
}

impl Compared {
    fn row(&self, figure: &str, bound: Bound, other: &str) -> Row {
        let micros = |cpu: f64, rate: f64| cpu / rate * 1e6;
        let detail = format!(
            "{} requests/s against {} {other}; {:.0} µs of the server's CPU each against {:.0} µs",
            grouped(firsts(&self.rates)),
            grouped(seconds(&self.rates)),
            micros(firsts(&self.cpu), firsts(&self.rates)),
            micros(seconds(&self.cpu), seconds(&self.rates)),
        );
        Row::measured(figure, bound, ratio(&self.rates), "", detail)
    }
}

fn compare(bench: &Bench, data: &Path, ours: &Server, other: &Server) -> anyhow::Result<Compared> {
    let credentials = server::credentials(data)?;
    let sizes = bench.sizes;
    load::block_on(async {
        let token = server::token(ours.address, &credentials).await?;
        let requests = requests(&credentials, &token, sizes.assets as u64)?;
        let mut compared = Compared::default();
        for _ in 0..sizes.turns {
            let (rate, cpu) = turn(ours, &requests, sizes.span).await?;
            let (other_rate, other_cpu) = turn(other, &requests, sizes.span).await?;
            compared.rates.push((rate, other_rate));
            compared.cpu.push((cpu, other_cpu));
        }
        Ok(compared)
    })
}

/// Requests and CPU seconds, a second.
async fn turn(server: &Server, requests: &Requests, span: Duration) -> anyhow::Result<(f64, f64)> {
    let (cpu, began) = (server.process.cpu(), Instant::now());
    let rate = load::rate(server.address, requests, CONNECTIONS, span).await?;
    let busy = server.process.cpu() - cpu;
    Ok((rate, busy / began.elapsed().as_secs_f64()))
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
