//! Opens a library, serves it, and stops in good order.

use std::net::SocketAddr;
use std::time::Duration;

use entrepot_blob::Blobs;
use tokio::net::TcpListener;

use crate::app::App;
use crate::audit::buffer;
use crate::clock::Clock;
use crate::config::Config;
use crate::db::{Db, Synchronous};
use crate::http::serve;
use crate::iam::bootstrap;
use crate::jobs::{Runner, queue};
use crate::packages::delivery;
use crate::processing::scratch;
use crate::replication::reports;
use crate::vault::{Serving, Source, Vault};
use crate::{background, health, instances, router};

const UPKEEP: Duration = Duration::from_secs(30);

/// Why a server did not start, in words for the person who started it.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct StartError(String);

fn cannot<E: std::fmt::Display>(what: &str) -> impl Fn(E) -> StartError + '_ {
    move |error| StartError(format!("{what}: {error}"))
}

/// A library that is open but not served: for admin commands, and the first half of [`Server::start`].
pub async fn open(config: Config, endpoint: &str) -> Result<App, StartError> {
    std::fs::create_dir_all(&config.data).map_err(cannot(&format!(
        "the data folder {}",
        config.data.display()
    )))?;
    let source = Source::of(&config).map_err(StartError)?;
    let db = open_db(&config).await?;
    let clock = Clock::System;
    let vault = Vault::unlock(db.clone(), source, clock.now()).await;
    let vault = vault.map_err(StartError)?;
    let blobs = Blobs::open_disk(&config.data.join("blobs")).map_err(cannot("the blobs"))?;
    let app = App::new(config, endpoint, db, blobs, clock, vault);
    app.replication.peers.check().map_err(StartError)?;
    Ok(app)
}

async fn open_db(config: &Config) -> Result<Db, StartError> {
    if let Some(url) = &config.database_url {
        let db = Db::connect_postgres(url, config.database_connections).await;
        return db.map_err(cannot("the PostgreSQL database"));
    }
    let synchronous = match config.database_synchronous.as_str() {
        "normal" => Synchronous::Normal,
        _ => Synchronous::Full,
    };
    let path = config.data.join("entrepot.db");
    Db::open_sqlite(&path, synchronous).map_err(cannot(&format!("the database {}", path.display())))
}

/// A server that listens.
#[derive(Debug)]
pub struct Server {
    app: App,
    listener: TcpListener,
    endpoint: String,
    _lock: Serving,
}

impl Server {
    /// Opens the library, listens, and writes the credentials; `/readyz` answers once it runs.
    pub async fn start(config: Config) -> Result<Self, StartError> {
        std::fs::create_dir_all(&config.data).map_err(cannot(&format!(
            "the data folder {}",
            config.data.display()
        )))?;
        let lock = Serving::lock(&config.data).map_err(StartError)?;
        scratch::clear(&config.data).map_err(cannot("the folder for media work"))?;
        let listener = TcpListener::bind(config.listen)
            .await
            .map_err(cannot(&format!("cannot listen on {}", config.listen)))?;
        let address = listener.local_addr().map_err(cannot("the address"))?;
        let endpoint = endpoint(&config, address);
        health::collect_metrics();
        let app = open(config, &endpoint).await?;
        lock.tell(app.vault.source()).map_err(StartError)?;
        bootstrap::bootstrap(&app, &endpoint)
            .await
            .map_err(cannot("the first account"))?;
        instances::bootstrap::bootstrap(&app)
            .await
            .map_err(cannot("the first instance"))?;
        if matches!(app.db, Db::Sqlite(_)) {
            app.db
                .write(async |tx| {
                    queue::release_all(tx).await?;
                    delivery::abandon_all(tx).await
                })
                .await
                .map_err(cannot("what the last run left under way"))?;
        }
        Ok(Self {
            app,
            listener,
            endpoint,
            _lock: lock,
        })
    }

    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Serves until `stop` is done; then requests under way finish and jobs are put back.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let runner = Runner::start(&self.app, &background::registry(&self.app.config));
        let upkeep = tokio::spawn(async {
            loop {
                tokio::time::sleep(UPKEEP).await;
                health::upkeep();
            }
        });
        let telling = tokio::spawn(reports::keep_telling(self.app.clone()));
        let keys = tokio::spawn(self.app.vault.clone().keep_fresh());
        let writing = tokio::spawn(buffer::keep_writing(self.app.clone()));
        let grace = self.app.config.stop_grace();
        let app = self.app.clone();
        serve::serve(self.listener, router::router(self.app), stop, grace).await;
        app.deliveries.close().await;
        upkeep.abort();
        telling.abort();
        keys.abort();
        runner.stop().await;
        writing.abort();
        app.audit.close().await;
    }
}

fn endpoint(config: &Config, listening: SocketAddr) -> String {
    match &config.public_endpoint {
        Some(url) => url.trim_end_matches('/').to_owned(),
        None => format!("http://{listening}"),
    }
}
