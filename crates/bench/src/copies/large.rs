//! One file of 1 GiB.

use std::path::Path;

use anyhow::ensure;

use super::pair::Pair;
use super::regions::Regions;
use super::stock::{Stock, urls};
use super::tickets;
use crate::library::target_of;
use crate::packages::settle;
use crate::report::{Bound, Row};
use crate::stats::{firsts, least, ratio, seconds};
use crate::{load, raw};

pub fn run(folder: &Path, regions: &Regions, stock: &Stock) -> anyhow::Result<Vec<Row>> {
    // bytes a second: ours, the pair's
    let (mut plain, mut durable) = (Vec::new(), Vec::new());
    let mib = stock.large_mib();
    for asset in &stock.large {
        let url = load::block_on(urls(&regions.a.library, std::slice::from_ref(asset)))?;
        let pair = Pair::of(folder, &url)?;
        // all of them read the file from the page cache
        raw::get(regions.a.server.address, &target_of(&url[0])?, None)?;
        settle()?;
        let ours = mib / load::block_on(tickets::copy_one(regions, asset))?;
        check(regions, asset, stock.large_size)?;
        plain.push((ours, mib / pair.turn(false)?));
        durable.push((ours, mib / pair.turn(true)?));
    }
    let what = stock.large_described();
    Ok(vec![
        row(&format!("copy of {what} / curl, sha256sum"), &plain),
        row(&format!("copy of {what} / curl, sync, sha256sum"), &durable),
    ])
}

fn row(figure: &str, pairs: &[(f64, f64)]) -> Row {
    let detail = format!(
        "{:.0} MiB/s, verified and durable, against {:.0}; worst of {}: {:.2}",
        firsts(pairs),
        seconds(pairs),
        pairs.len(),
        least(pairs)
    );
    Row::measured(figure, Bound::AtLeast(1.0), ratio(pairs), "", detail)
}

/// The whole file was transferred.
fn check(regions: &Regions, asset: &String, size: u64) -> anyhow::Result<()> {
    let done = load::block_on(tickets::done(regions, std::slice::from_ref(asset)))?;
    let transferred = |c: &entrepot_api::replication::CopyInfo| c.bytes_total - c.bytes_held;
    ensure!(
        done.iter().map(transferred).sum::<u64>() == size,
        "{done:?}"
    );
    Ok(())
}
