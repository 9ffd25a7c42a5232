//! Who calls, and whether they may: what a signed request costs before its endpoint runs, for a
//! user with 50 policies.

mod calls;
mod cost;
mod policies;
mod sign;
mod stock;

use entrepot_server::health;

use crate::bench::Bench;
use crate::load;
use crate::report::Row;
use stock::Stock;

pub fn run(bench: &Bench) -> anyhow::Result<Vec<Row>> {
    // look-ups are counted by the server's own figures
    health::collect_metrics();
    let stock = load::block_on(Stock::make(bench))?;
    let mut rows = load::block_on(cost::measure(bench, &stock))?;
    let data = stock.close();
    rows.push(calls::compare(bench, &data)?);
    Ok(rows)
}
