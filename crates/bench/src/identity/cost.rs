//! CPU time of the thread for one request, from its parsed head to the decision, and how often the
//! database is asked.

use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};

use anyhow::Context;
use entrepot_server::app::App;
use entrepot_server::error::Result;
use entrepot_server::health;
use entrepot_server::http::signature;
use entrepot_server::iam::identity::{Payload, Request};
use entrepot_server::iam::{Assets, Needs, endpoints};
use http::request::Parts;
use rustix::time::{ClockId, clock_gettime};

use super::policies;
use super::stock::{Data, Stock, told};
use crate::bench::Bench;
use crate::report::{Bound, Row};
use crate::stats::{count, grouped, median, percentile};

const BY_SIGNATURE: &str = "signed request, 50 policies: authentication and authorization";
const BY_TOKEN: &str = "request with a token, 50 policies: authentication and authorization";
const LOOKUPS: &str = "look-ups of a key a second, at 10,000 requests a second";
const FIGURE_OF_LOOKUPS: &str = "entrepot_identity_lookups_total";
const PATH: &str = "/v1/{project_id}/digital-assets/{asset_id}";
const BUDGET: Bound = Bound::AtMost(15.0);
const A_SECOND: u32 = 10_000;

pub async fn measure(bench: &Bench, stock: &Stock) -> anyhow::Result<Vec<Row>> {
    let rounds = bench.sizes.turns * 3;
    let calls = bench.sizes.calls * 20;
    let (app, data) = (&stock.app, &stock.data);
    let mut rows = Vec::new();
    let signed = parts(data, true)?;
    for (figure, parts) in [(BY_SIGNATURE, &signed), (BY_TOKEN, &parts(data, false)?)] {
        let mut taken = Vec::new();
        for _ in 0..rounds {
            taken.push(round(app, data, parts, calls).await?);
        }
        let detail = format!(
            "CPU time of the thread, {} policies of which the last one decides; median of {rounds} \
             times {} requests, the worst {:.2} µs; with the SHA-256 of the empty body, {:.2} µs",
            policies::COUNT,
            grouped(count(calls)),
            percentile(&taken, 100),
            empty_hash(calls),
        );
        rows.push(Row::measured(figure, BUDGET, median(&taken), " µs", detail));
    }
    rows.push(lookups(app, data, &signed).await?);
    Ok(rows)
}

/// Microseconds each.
async fn round(app: &App, data: &Data, parts: &Parts, calls: usize) -> anyhow::Result<f64> {
    // what was looked up is good for longer than a round takes
    ask(app, data, parts).await.map_err(told)?;
    let began = cpu_micros();
    for _ in 0..calls {
        ask(app, data, parts).await.map_err(told)?;
    }
    Ok((cpu_micros() - began) / count(calls))
}

async fn ask(app: &App, data: &Data, parts: &Parts) -> Result<()> {
    let needs = endpoints::find(parts.method.as_str(), PATH);
    let request = Request {
        parts,
        uri: &parts.uri,
        payload: Payload::Read(b""),
        address: Some(IpAddr::V4(Ipv4Addr::LOCALHOST)),
        request_id: "0123456789abcdef0123456789abcdef",
        needs: needs.unwrap_or(Needs::Nothing),
    };
    let caller = app.identity.authenticate(app, request).await?;
    let permit = caller.permit(Assets::One(&data.project, &data.asset))?;
    permit.covers(&data.asset, Some("app-user-7"))
}

/// A GET as the server has it when it was read.
fn parts(data: &Data, signed: bool) -> anyhow::Result<Parts> {
    let mut request = http::Request::get(data.path()).body(())?;
    let headers = request.headers_mut();
    *headers = data.user.get(&data.path())?;
    if !signed {
        headers.remove("authorization");
        headers.insert("x-auth-token", data.token.parse()?);
    }
    Ok(request.into_parts().0)
}

fn empty_hash(calls: usize) -> f64 {
    let began = cpu_micros();
    for _ in 0..calls {
        std::hint::black_box(signature::payload_hash(std::hint::black_box(b"")));
    }
    (cpu_micros() - began) / count(calls)
}

/// Requests at an even pace for three seconds; the server's own figure counts what it looks up.
async fn lookups(app: &App, data: &Data, parts: &Parts) -> anyhow::Result<Row> {
    const SECONDS: u32 = 3;
    let before = looked_up().await?;
    let began = Instant::now();
    let requests = SECONDS * A_SECOND;
    for n in 0..requests {
        let due = began + n * Duration::from_secs(1) / A_SECOND;
        while Instant::now() < due {
            std::hint::spin_loop();
        }
        ask(app, data, parts).await.map_err(told)?;
    }
    let took = began.elapsed().as_secs_f64();
    let looked_up = looked_up().await? - before;
    let detail = format!(
        "{looked_up} look-ups for {} requests in {took:.1} s, by {FIGURE_OF_LOOKUPS}",
        grouped(f64::from(requests)),
    );
    let bound = Bound::AtMost(1.0);
    Ok(Row::measured(LOOKUPS, bound, looked_up / took, "", detail))
}

async fn looked_up() -> anyhow::Result<f64> {
    let text = health::metrics().await;
    let mut lines = text
        .lines()
        .filter(|line| line.starts_with(FIGURE_OF_LOOKUPS));
    lines.try_fold(0.0, |sum, line| {
        let number = line.rsplit_once(' ').map(|(_, number)| number);
        anyhow::Ok(
            sum + number
                .context("a figure without a number")?
                .parse::<f64>()?,
        )
    })
}

/// CPU time of this thread so far.
fn cpu_micros() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    let nanos = u32::try_from(time.tv_nsec).unwrap_or(0);
    Duration::new(seconds, nanos).as_secs_f64() * 1e6
}
