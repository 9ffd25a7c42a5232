//! Copies as scripts make them: a ticket from the source, unchanged to the destination, whose list of
//! copies is then asked until nothing is under way.

use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{bail, ensure};
use entrepot_api::replication::{CopyInfo, CopyList};
use futures_util::future::try_join_all;
use serde_json::Value;

use super::regions::Regions;
use crate::client::Connection;

/// Connections to either side.
pub const CONNECTIONS: usize = 8;
const POLL_EVERY: Duration = Duration::from_millis(10);
const WITHIN: Duration = Duration::from_mins(10);

/// Seconds from the presentation of the ticket until the copy is done.
pub async fn copy_one(regions: &Regions, asset: &str) -> anyhow::Result<f64> {
    let mut client = Client::open(regions).await?;
    let ticket = client.ticket(asset).await?;
    let began = Instant::now();
    client.present(&ticket).await?;
    client.finished().await?;
    Ok(began.elapsed().as_secs_f64())
}

/// Seconds from the first ticket until all copies are done.
pub async fn copy_all(regions: &Regions, assets: &[String]) -> anyhow::Result<f64> {
    let next = AtomicUsize::new(0);
    let began = Instant::now();
    try_join_all((0..CONNECTIONS).map(|_| carry(regions, assets, &next))).await?;
    Client::open(regions).await?.finished().await?;
    Ok(began.elapsed().as_secs_f64())
}

/// The copies of these assets, which must all be done.
pub async fn done(regions: &Regions, assets: &[String]) -> anyhow::Result<Vec<CopyInfo>> {
    let of: HashSet<&String> = assets.iter().collect();
    let mut client = Client::open(regions).await?;
    let (mut found, mut marker) = (Vec::new(), String::new());
    loop {
        let list = client.list(&format!("DONE&limit=1000{marker}")).await?;
        let wanted = list.copies.into_iter().filter(|c| of.contains(&c.asset_id));
        found.extend(wanted);
        match list.next_marker {
            Some(next) => marker = format!("&marker={next}"),
            None => break,
        }
    }
    let (done, all) = (found.len(), assets.len());
    ensure!(done == all, "{done} of {all} copies are done");
    Ok(found)
}

async fn carry(regions: &Regions, assets: &[String], next: &AtomicUsize) -> anyhow::Result<()> {
    let mut client = Client::open(regions).await?;
    while let Some(asset) = assets.get(next.fetch_add(1, Ordering::Relaxed)) {
        let ticket = client.ticket(asset).await?;
        client.present(&ticket).await?;
    }
    Ok(())
}

/// A connection to either side.
struct Client<'a> {
    regions: &'a Regions,
    to_a: Connection,
    to_b: Connection,
}

impl<'a> Client<'a> {
    async fn open(regions: &'a Regions) -> anyhow::Result<Self> {
        Ok(Self {
            regions,
            to_a: Connection::open(regions.a.server.address).await?,
            to_b: Connection::open(regions.b.server.address).await?,
        })
    }

    async fn ticket(&mut self, asset: &str) -> anyhow::Result<Value> {
        let library = &self.regions.a.library;
        let target = library.media(&format!("/digital-assets/{asset}/replication-info"));
        let ticket = library.call_on(&mut self.to_a, "GET", &target, &Value::Null);
        ticket.await
    }

    async fn present(&mut self, ticket: &Value) -> anyhow::Result<()> {
        let library = &self.regions.b.library;
        let target = library.media("/digital-assets-by-replication-info");
        let answer = library.call_on(&mut self.to_b, "POST", &target, ticket);
        answer.await.map(drop)
    }

    /// Copies in states; more of the query may come behind.
    async fn list(&mut self, states: &str) -> anyhow::Result<CopyList> {
        let library = &self.regions.b.library;
        let target = library.media(&format!("/entrepot/copies?state={states}"));
        let list = library.call_on(&mut self.to_b, "GET", &target, &Value::Null);
        Ok(serde_json::from_value(list.await?)?)
    }

    /// Waits until no copy is under way.
    async fn finished(&mut self) -> anyhow::Result<()> {
        let began = Instant::now();
        while let Some(copy) = self.list("WAITING,COPYING&limit=1").await?.copies.first() {
            if copy.attempts > 1 || began.elapsed() > WITHIN {
                bail!("a copy is not done: {copy:?}");
            }
            tokio::time::sleep(POLL_EVERY).await;
        }
        Ok(())
    }
}
