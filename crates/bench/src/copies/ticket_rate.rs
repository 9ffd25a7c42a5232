//! Tickets of an asset of a hundred files beside `GET` of the same asset.

use std::sync::Arc;

use super::regions::Regions;
use super::stock::{FILES, Stock};
use crate::bench::Bench;
use crate::load::Requests;
use crate::report::{Bound, Row};
use crate::stats::{firsts, grouped, least, ratio, seconds};
use crate::{client, load};

const CONNECTIONS: usize = 8;

pub fn run(bench: &Bench, regions: &Regions, stock: &Stock) -> anyhow::Result<Row> {
    let (address, id) = (regions.a.server.address, &stock.of_many_files);
    let asset = requests(regions, &format!("/digital-assets/{id}"));
    let ticket = requests(regions, &format!("/digital-assets/{id}/replication-info"));
    let span = bench.sizes.span;
    let rate = |requests| load::block_on(load::rate(address, requests, CONNECTIONS, span));
    let mut pairs = Vec::new();
    for _ in 0..bench.sizes.turns {
        pairs.push((rate(&ticket)?, rate(&asset)?));
    }
    let figure = format!("tickets of an asset of {FILES} files / GET of it");
    let detail = format!(
        "{} tickets/s, each recorded durably, against {} requests/s; {CONNECTIONS} connections; \
         worst of {}: {:.2}",
        grouped(firsts(&pairs)),
        grouped(seconds(&pairs)),
        pairs.len(),
        least(&pairs)
    );
    let bound = Bound::AtLeast(0.5);
    Ok(Row::measured(&figure, bound, ratio(&pairs), "", detail))
}

fn requests(regions: &Regions, path: &str) -> Requests {
    let library = &regions.a.library;
    let headers = [("Host", "bench"), ("X-Auth-Token", library.token.as_str())];
    Arc::new([client::request("GET", &library.media(path), &headers, &[])])
}
