//! The same over HTTP: one asset looked at by the owner, whom no policy binds, and by the user.

use std::sync::Arc;

use super::sign::Signer;
use super::stock::Data;
use crate::bench::Bench;
use crate::load::{self, Requests};
use crate::report::{Bound, Row};
use crate::server::{Server, Start};
use crate::stats::{firsts, grouped, ratio, seconds};

const CONNECTIONS: usize = 32;
const FIGURE: &str = "GET of an asset, signed: user with 50 policies / owner";

pub fn compare(bench: &Bench, data: &Data) -> anyhow::Result<Row> {
    let server = Server::start(bench, Start::on(&data.folder))?;
    let (user, owner) = (requests(data, &data.user)?, requests(data, &data.owner)?);
    let pairs = load::block_on(async {
        let (address, span) = (server.address, bench.sizes.span);
        let mut pairs = Vec::new();
        for _ in 0..bench.sizes.turns {
            let first = load::rate(address, &user, CONNECTIONS, span).await?;
            let second = load::rate(address, &owner, CONNECTIONS, span).await?;
            pairs.push((first, second));
        }
        Ok(pairs)
    })?;
    server.stop(bench, "signed requests");
    let detail = format!(
        "{} requests/s against {}, {CONNECTIONS} connections",
        grouped(firsts(&pairs)),
        grouped(seconds(&pairs)),
    );
    let bound = Bound::AtLeast(0.8);
    Ok(Row::measured(FIGURE, bound, ratio(&pairs), "", detail))
}

fn requests(data: &Data, signer: &Signer) -> anyhow::Result<Requests> {
    let path = data.path();
    let headers = signer.get(&path)?;
    let mut text = format!("GET {path} HTTP/1.1\r\n").into_bytes();
    for (name, value) in &headers {
        text.extend_from_slice(name.as_str().as_bytes());
        text.extend_from_slice(b": ");
        text.extend_from_slice(value.as_bytes());
        text.extend_from_slice(b"\r\n");
    }
    text.extend_from_slice(b"\r\n");
    Ok(Arc::from([text]))
}
