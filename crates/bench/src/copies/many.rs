//! A thousand assets of 1 MiB.

use std::path::Path;

use anyhow::ensure;

use super::pair::Pair;
use super::regions::Regions;
use super::stock::{Stock, urls};
use super::tickets::{self, CONNECTIONS};
use crate::library::target_of;
use crate::packages::{FILE, settle};
use crate::report::{Bound, Row};
use crate::stats::{count, firsts, grouped, least, ratio, seconds};
use crate::{load, raw};

/// Bytes a second, turn by turn: ours and the other's.
#[derive(Default)]
struct Turns {
    same_files: Vec<(f64, f64)>,
    same_files_durable: Vec<(f64, f64)>,
    one_file: Vec<(f64, f64)>,
}

pub fn run(folder: &Path, regions: &Regions, stock: &Stock) -> anyhow::Result<Vec<Row>> {
    let library = &regions.a.library;
    let single = load::block_on(urls(library, &stock.large[..1]))?;
    let of_single = stock.large_mib();
    let mut turns = Turns::default();
    for assets in &stock.frames {
        let mib = count(assets.len());
        let each = load::block_on(urls(library, assets))?;
        for url in single.iter().chain(&each) {
            raw::get(regions.a.server.address, &target_of(url)?, None)?;
        }
        settle()?;
        let ours = mib / load::block_on(tickets::copy_all(regions, assets))?;
        check(regions, assets)?;
        let pair = Pair::of(folder, &each)?;
        turns.same_files.push((ours, mib / pair.turn(false)?));
        let durable = mib / pair.turn(true)?;
        turns.same_files_durable.push((ours, durable));
        let pair = Pair::of(folder, &single)?;
        turns.one_file.push((ours, of_single / pair.turn(false)?));
    }
    let what = format!(
        "copies of {} assets of 1 MiB",
        grouped(count(stock.frames[0].len()))
    );
    Ok(turns.rows(&what, &stock.large_described()))
}

impl Turns {
    fn rows(&self, what: &str, single: &str) -> Vec<Row> {
        let row = |other: &str, pairs: &[(f64, f64)], more: String| {
            let figure = format!("{what}, bytes a second / curl, sha256sum of {other}");
            let detail = format!(
                "{:.0} MiB/s, tickets and all, against {:.0}; worst of {}: {:.2}{more}",
                firsts(pairs),
                seconds(pairs),
                pairs.len(),
                least(pairs)
            );
            Row::measured(&figure, Bound::AtLeast(0.6), ratio(pairs), "", detail)
        };
        let asked = format!("; tickets fetched and presented over {CONNECTIONS} connections");
        let durable = format!(
            "; where the pair syncs its files too: {:.0} MiB/s, and {:.2}",
            seconds(&self.same_files_durable),
            ratio(&self.same_files_durable)
        );
        vec![
            row(&format!("{single} in one file"), &self.one_file, asked),
            row("the same files", &self.same_files, durable),
        ]
    }
}

/// Everything was transferred.
fn check(regions: &Regions, assets: &[String]) -> anyhow::Result<()> {
    let done = load::block_on(tickets::done(regions, assets))?;
    let held: u64 = done.iter().map(|copy| copy.bytes_held).sum();
    let total: u64 = done.iter().map(|copy| copy.bytes_total).sum();
    ensure!(held == 0 && total == (assets.len() * FILE) as u64);
    Ok(())
}
