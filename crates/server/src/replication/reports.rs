//! Tells the source regions how far copies are: what has changed goes out every two seconds, many
//! copies in one request. An idle region sends nothing.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use super::model::Copy;
use super::source::reports::{MOST, Report, Reports};
use super::store;
use crate::app::App;
use crate::clock::Timestamp;
use crate::config::days;
use crate::error::Result;

const EVERY: Duration = Duration::from_secs(2);
/// What could not be told for so many days does not matter any more.
const OLD_DAYS: u32 = 7;
const PAUSE_MOST: Duration = Duration::from_mins(1);
const AT_A_TIME: u32 = 500;

/// Peers that did not answer, and until when they are left alone.
type Pauses = HashMap<String, (Instant, Duration)>;

/// Runs until it is dropped.
pub async fn keep_telling(app: App) {
    let mut pauses = Pauses::new();
    loop {
        tokio::time::sleep(EVERY).await;
        loop {
            match tell(&app, &mut pauses).await {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => {
                    tracing::warn!(%error, "copies could not be reported");
                    break;
                }
            }
        }
    }
}

/// Answers whether there is more to tell at once.
async fn tell(app: &App, pauses: &mut Pauses) -> Result<bool> {
    if app.config.peers.is_empty() {
        return Ok(false);
    }
    let then = app.clock.now().minus(days(OLD_DAYS));
    let changed = app
        .db
        .read(async move |tx| store::copies::list_unreported(tx, then, AT_A_TIME).await)
        .await?;
    let mut more = changed.len() == AT_A_TIME as usize;
    let mut by_peer: BTreeMap<String, Vec<Copy>> = BTreeMap::new();
    for copy in changed {
        by_peer.entry(copy.peer.clone()).or_default().push(copy);
    }
    for (region, copies) in by_peer {
        let until = pauses.get(&region).map(|(until, _)| *until);
        if until.is_some_and(|until| Instant::now() < until) {
            more = false;
            continue;
        }
        if tell_one(app, &region, &copies).await? {
            pauses.remove(&region);
        } else {
            let last = pauses.get(&region).map_or(EVERY, |(_, pause)| *pause);
            let pause = (last * 2).min(PAUSE_MOST);
            pauses.insert(region, (Instant::now() + pause, pause));
            more = false;
        }
    }
    Ok(more)
}

/// Whether it was told.
async fn tell_one(app: &App, region: &str, copies: &[Copy]) -> Result<bool> {
    let ring = app.replication.keys.get(app).await?;
    let peer = app.replication.peers.find(region);
    let (Some(peer), Some(key)) = (peer, ring.newest_of(region)) else {
        return Ok(false);
    };
    for some in copies.chunks(MOST) {
        let reports = Reports {
            reports: some.iter().map(report).collect(),
        };
        if let Err(error) = peer.report(app, key, &reports).await {
            tracing::debug!(%error, "a peer could not be told of copies");
            return Ok(false);
        }
        let told: Vec<_> = some
            .iter()
            .map(|c| (c.copy_id.clone(), c.revision))
            .collect();
        app.db
            .write(async move |tx| {
                for (id, revision) in &told {
                    store::copies::set_reported(tx, id, *revision).await?;
                }
                Ok(())
            })
            .await?;
    }
    Ok(true)
}

fn report(copy: &Copy) -> Report {
    let progress = &copy.progress;
    Report {
        ticket_id: copy.copy_id.clone(),
        revision: copy.revision,
        state: copy.state.as_str().to_owned(),
        bytes_done: progress.bytes_done,
        bytes_total: progress.bytes_total,
        bytes_held: progress.bytes_held,
        rate: progress.rate,
        attempts: progress.attempts,
        error_code: progress.error_code.clone(),
        error: progress.error.clone(),
        next_try_at: progress.next_try_at.map(Timestamp::millis),
    }
}
