//! `entrepot serve`

use std::io::IsTerminal;
use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::{Context, anyhow};
use clap::Args;
use entrepot_server::config::{Config, LogFormat, PeerConfig};
use entrepot_server::server::Server;
use serde_json::{Map, Value};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

/// Which library, and settings that come before file and environment.
#[derive(Debug, Args)]
pub struct Library {
    /// The data folder [default: data]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// A TOML file with settings (docs/OPERATIONS.md lists them)
    #[arg(long, value_name = "FILE", env = "ENTREPOT_CONFIG")]
    config: Option<PathBuf>,
}

impl Library {
    /// All settings, with `more` flags of a command on top.
    pub fn load(&self, mut more: Map<String, Value>) -> anyhow::Result<Config> {
        if let Some(data) = &self.data {
            more.insert("data".into(), data.display().to_string().into());
        }
        Config::load(self.config.as_deref(), &more).map_err(|e| anyhow!(e))
    }
}

#[derive(Debug, Args)]
pub struct Serve {
    #[command(flatten)]
    library: Library,
    /// Address and port; port 0 takes a free one [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,
    /// The URL that clients reach this server by [default: the address listened on]
    #[arg(long, value_name = "URL")]
    public_endpoint: Option<String>,
    /// This deployment's name [default: local-1]
    #[arg(long, value_name = "NAME")]
    region: Option<String>,
    /// A region that assets are copied from, and where it is reached; may be repeated
    #[arg(long = "peer", value_name = "REGION=URL")]
    peers: Vec<PeerConfig>,
}

pub fn run(command: Serve) -> anyhow::Result<()> {
    let mut flags = Map::new();
    let listen = command.listen.map(|address| address.to_string());
    for (key, value) in [
        ("listen", listen),
        ("public_endpoint", command.public_endpoint),
        ("region", command.region),
    ] {
        if let Some(value) = value {
            flags.insert(key.into(), value.into());
        }
    }
    let mut config = command.library.load(flags)?;
    config.add_peers(command.peers).map_err(|e| anyhow!(e))?;
    start_log(&config)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("the runtime")?;
    runtime.block_on(serve(config))
}

async fn serve(config: Config) -> anyhow::Result<()> {
    let credentials = config.data.join("credentials.json");
    let server = Server::start(config).await?;
    let (endpoint, credentials) = (server.endpoint(), credentials.display());
    tracing::info!(
        "serving {endpoint} (documentation: {endpoint}/docs, credentials: {credentials})"
    );
    let mut terminate = signal(SignalKind::terminate()).context("SIGTERM")?;
    server
        .run(async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
            tracing::info!("stopping");
        })
        .await;
    tracing::info!("stopped");
    Ok(())
}

fn start_log(config: &Config) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&config.log).context("the setting 'log'")?;
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    match config.log_format {
        LogFormat::Text => log.init(),
        LogFormat::Json => log.json().init(),
    }
    Ok(())
}
