//! What every request and job works with: database, blobs, clock, ids, keys, settings.

use std::ops::Deref;
use std::sync::Arc;

use entrepot_blob::Blobs;

use crate::clock::Clock;
use crate::config::Config;
use crate::db::Db;
use crate::http::address::TrustedProxies;
use crate::http::limits::Limits;
use crate::http::lockout::Lockout;
use crate::iam::Identity;
use crate::ids::Ids;
use crate::jobs::Bell;
use crate::objects::UrlSigner;
use crate::packages::delivery::Deliveries;
use crate::replication::Replication;
use crate::vault::Vault;

/// Cheap to clone; all state that lasts is in the database and the blobs.
#[derive(Debug, Clone)]
pub struct App(Arc<Inner>);

#[derive(Debug)]
pub struct Inner {
    pub config: Config,
    pub db: Db,
    pub blobs: Blobs,
    pub clock: Clock,
    pub ids: Ids,
    pub vault: Vault,
    pub urls: UrlSigner,
    pub identity: Identity,
    pub lockout: Lockout,
    pub limits: Limits,
    /// Whose word on where a request came from counts.
    pub proxies: TrustedProxies,
    /// Rung when a job was put into the queue.
    pub bell: Bell,
    /// Packages on their way out.
    pub deliveries: Deliveries,
    /// Keys, peers and streams of copies between regions.
    pub replication: Replication,
}

impl App {
    /// `endpoint` is the public one, without a slash at its end.
    pub fn new(
        config: Config,
        endpoint: &str,
        db: Db,
        blobs: Blobs,
        clock: Clock,
        vault: Vault,
    ) -> Self {
        let urls = UrlSigner::new(endpoint, vault.clone());
        let limits = Limits::new(&config);
        // the configuration was checked when it was loaded
        let proxies = TrustedProxies::parse(&config.trusted_proxies).unwrap_or_default();
        let identity = Identity::embedded(&config.region);
        let replication = Replication::new(&config, clock.now());
        Self(Arc::new(Inner {
            config,
            db,
            blobs,
            clock,
            ids: Ids,
            vault,
            urls,
            identity,
            lockout: Lockout::default(),
            limits,
            proxies,
            bell: Bell::default(),
            deliveries: Deliveries::default(),
            replication,
        }))
    }
}

impl Deref for App {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}
