//! Ten thousand assets whose content the destination has already.

use std::sync::Arc;

use anyhow::ensure;

use super::regions::Regions;
use super::stock::{CONTENTS, Stock, known};
use super::tickets;
use crate::bench::Bench;
use crate::client::{self, Connection};
use crate::load;
use crate::packages::{settle, stock::create_all};
use crate::report::{Bound, Row};
use crate::small::Project;
use crate::stats::{count, grouped};

/// Of files, among the calls of peers.
const ROUTE: &str = "/tickets/{ticket_id}/files/{file_id}\"";

pub fn run(bench: &Bench, regions: &Regions, stock: &Stock) -> anyhow::Result<Row> {
    let project = Arc::new(Project::of(&regions.b.library));
    load::block_on(create_all(project, CONTENTS, known))?;
    let before = requests_for_bytes(regions)?;
    ensure!(before > 0, "requests for bytes are not counted");
    settle()?;
    let took = load::block_on(tickets::copy_all(regions, &stock.held))?;
    let asked = requests_for_bytes(regions)? - before;
    let done = load::block_on(tickets::done(regions, &stock.held))?;
    let bytes: u64 = done.iter().map(|c| c.bytes_total - c.bytes_held).sum();
    let all = count(bench.sizes.held);
    let figure = format!(
        "file bytes transferred for copies of {} assets whose content is there",
        grouped(all)
    );
    let detail = format!(
        "{asked} requests for bytes at the source, {CONTENTS} contents; {} assets/s, tickets and \
         all",
        grouped(all / took)
    );
    ensure!((asked == 0) == (bytes == 0), "{asked} requests, {bytes} B");
    let bytes = count(usize::try_from(bytes)?);
    let bound = Bound::AtMost(0.0);
    Ok(Row::measured(&figure, bound, bytes, " B", detail))
}

/// How often the source was asked for bytes of a file by its peer.
fn requests_for_bytes(regions: &Regions) -> anyhow::Result<u64> {
    let text = load::block_on(async {
        let mut connection = Connection::open(regions.a.server.address).await?;
        let request = client::request("GET", "/metrics", &[("Host", "bench")], &[]);
        let answer = connection.call(&request).await?;
        Ok(String::from_utf8_lossy(answer.success()?).into_owned())
    })?;
    let of_bytes = |line: &&str| line.contains("_seconds_count") && line.contains(ROUTE);
    let counts = text.lines().filter(of_bytes);
    let counts = counts.filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok());
    Ok(counts.sum())
}
