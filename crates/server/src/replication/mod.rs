//! Copies between regions: tickets issued here and served to peers, and copies that come here.
//!
//! In the source region `replication_info` issues a ticket, and `source` serves manifest and bytes to
//! the peer that comes with it. In the destination `by_replication_info` presents it, and the job in
//! `copy` fetches, verifies and applies. `peers` is how one server calls another, `proof` how it
//! signs; `keys` is the ring that both share.

pub mod administer;
pub mod by_replication_info;
pub mod copies;
pub mod copy;
pub mod keys;
pub mod manifest;
pub mod model;
pub mod peers;
pub mod present;
pub mod proof;
pub mod replication_info;
pub mod reports;
pub mod rules;
pub mod source;
pub mod store;
pub mod ticket;
pub mod tickets;
pub mod tidy;

use std::sync::Arc;

use tokio::sync::Semaphore;

use crate::config::Config;

pub use copy::job::CopyAsset;
pub use store::copies::delete_of as forget_asset;
pub use tidy::TidyCopies;

/// What all of it works with in this process; nothing here lasts.
#[derive(Debug)]
pub struct Replication {
    pub keys: keys::KeyRing,
    pub peers: peers::Peers,
    pub seen: source::Seen,
    /// One permit for each range that is fetched.
    pub streams: Arc<Semaphore>,
    pub rate: copy::Rate,
}

impl Replication {
    pub fn new(config: &Config, started: crate::clock::Timestamp) -> Self {
        Self {
            keys: keys::KeyRing::default(),
            peers: peers::Peers::new(config),
            seen: source::Seen::new(started),
            streams: Arc::new(Semaphore::new(config.copy_streams)),
            rate: copy::Rate::new(config.copy_rate_mib),
        }
    }
}
