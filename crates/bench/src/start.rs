//! How soon a library that exists is served, and what an idle server holds.

use std::time::Duration;

use crate::bench::Bench;
use crate::fill;
use crate::report::{Bound, Row};
use crate::server::{Server, Start};
use crate::stats::{median, millis, percentile};

const STARTS: usize = 11;
const SETTLE: Duration = Duration::from_secs(2);

pub fn run(bench: &Bench) -> anyhow::Result<Vec<Row>> {
    let data = fill::library(bench, bench.sizes.assets)?;
    let mut taken = Vec::new();
    for turn in 0..STARTS {
        let server = Server::start(bench, Start::on(&data))?;
        taken.push(millis(server.ready_after));
        if turn + 1 == STARTS {
            std::thread::sleep(SETTLE);
            bench.saw(
                &format!("after start on {} assets", bench.sizes.assets),
                server.process.anonymous(),
                true,
            );
        }
        server.stop(bench, "starting");
    }
    let worst = percentile(&taken, 100);
    let detail = format!(
        "from spawn to the first 200 of /readyz, {} assets: worst of {STARTS}; median {:.0} ms",
        bench.sizes.assets,
        median(&taken)
    );
    Ok(vec![Row::measured(
        "ready after start",
        Bound::AtMost(100.0),
        worst,
        " ms",
        detail,
    )])
}
