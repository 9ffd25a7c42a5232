//! Copies between two regions, two servers on this machine, beside `curl` from the signed URL into a
//! file and `sha256sum` of it.
//!
//! The source is filled first and started anew, so that the memory seen is that of copying.

mod held;
mod large;
mod many;
mod pair;
mod regions;
mod stock;
mod ticket_rate;
mod tickets;

use crate::bench::Bench;
use crate::packages::memory;
use crate::report::Row;

use regions::Regions;
use stock::Stock;

pub fn run(bench: &Bench) -> anyhow::Result<Vec<Row>> {
    let folder = bench.folder().join("copies");
    std::fs::create_dir_all(&folder)?;
    let stock = Stock::fill(bench, &folder)?;
    let regions = Regions::start(bench, &folder)?;
    let mut rows = large::run(&folder, &regions, &stock)?;
    rows.extend(many::run(&folder, &regions, &stock)?);
    for (side, region) in [("source", &regions.a), ("destination", &regions.b)] {
        let figure = format!("anonymous memory, {side} of copies");
        let detail = "1 GiB and files of 1 MiB, all turns by one process".to_owned();
        rows.push(memory(&figure, region.server.process.peak(), detail));
    }
    rows.push(held::run(bench, &regions, &stock)?);
    rows.push(ticket_rate::run(bench, &regions, &stock)?);
    regions.stop(bench);
    std::fs::remove_dir_all(&folder)?;
    Ok(rows)
}
