//! The source's side: what a peer may ask for that comes with a ticket.
//!
//! A request is taken when it is signed under a key of the pair, fresh, and was not seen before. A
//! ticket is served when it was recorded as issued to that region and the asset's state, looked at
//! again at each request, still allows it.

pub mod digest;
pub mod file;
pub mod hello;
pub mod manifest;
pub mod reports;
mod seen;
mod serve;

use std::net::IpAddr;

use http::request::Parts;

use super::proof::{Proof, Request};
use crate::app::App;
use crate::error::{Error, ErrorCode, Result};

pub use seen::Seen;
pub use serve::{PATIENCE_DAYS, Served, serve};

/// A region whose request was found genuine.
#[derive(Debug, Clone)]
pub struct Peer {
    pub region: String,
    pub address: Option<IpAddr>,
}

fn refused(why: impl std::fmt::Display) -> Error {
    Error::new(
        ErrorCode::PeerRefused,
        format!("The request of the peer is refused: {why}"),
    )
}

/// Finds out which region sent a request.
pub async fn authenticate(app: &App, parts: &Parts, body: &[u8]) -> Result<Peer> {
    let header = |name| {
        parts
            .headers
            .get(name)
            .map(|v: &http::HeaderValue| v.to_str())
    };
    let proof = match header(http::header::AUTHORIZATION) {
        Some(Ok(text)) => Proof::parse(text),
        _ => None,
    };
    let proof = proof.ok_or_else(|| refused("it carries no proof of a peer"))?;
    let ring = app.replication.keys.get(app).await?;
    let key = ring.require(&proof.key_id);
    let key = key.map_err(|error| refused(error.message))?;
    if key.peer != proof.from {
        return Err(refused(format!(
            "the key {} is shared with another region",
            key.key_id
        )));
    }
    let path = parts.uri.path_and_query().map_or("", |path| path.as_str());
    let range = match header(http::header::RANGE) {
        None => "",
        Some(text) => text.map_err(|_| refused("its range is not text"))?,
    };
    let request = Request {
        method: parts.method.as_str(),
        path,
        range,
        body,
        to: &app.config.region,
    };
    if !proof.holds(key, request) {
        return Err(refused(format!(
            "its signature does not fit; is this region's name {} where it is configured?",
            app.config.region
        )));
    }
    app.replication.seen.take(app, &proof).await?;
    Ok(Peer {
        region: proof.from,
        address: app.proxies.origin(parts),
    })
}
