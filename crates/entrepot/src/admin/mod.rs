//! `entrepot admin …`: works on the library itself, while it is served or not.

mod archive;
mod asset;
mod audit;
mod instance;
mod master_key;
mod replication_key;

use clap::{Args, Subcommand};
use entrepot_server::server;

use crate::serve::Library;

#[derive(Debug, Args)]
pub struct Admin {
    #[command(flatten)]
    library: Library,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// See what became of packages
    #[command(subcommand)]
    Archive(archive::Archive),
    /// Block and unblock assets
    #[command(subcommand)]
    Asset(asset::Asset),
    /// See who did what
    Audit(audit::Audit),
    /// Create and list integration instances
    #[command(subcommand)]
    Instance(instance::Instance),
    /// The key that secrets at rest depend on: replace it, see what depends on it
    #[command(subcommand)]
    MasterKey(master_key::MasterKey),
    /// Keys that this region shares with others, for copies of assets
    #[command(subcommand)]
    ReplicationKey(replication_key::ReplicationKey),
}

pub fn run(command: Admin) -> anyhow::Result<()> {
    let config = command.library.load(serde_json::Map::new())?;
    anyhow::ensure!(
        config.data.is_dir(),
        "there is no library in {}; name its folder with --data",
        config.data.display()
    );
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let app = server::open(config, "").await?;
        match command.command {
            Command::Archive(command) => archive::run(&app, command).await,
            Command::Asset(command) => asset::run(&app, command).await,
            Command::Audit(command) => audit::run(&app, command).await,
            Command::Instance(command) => instance::run(&app, command).await,
            Command::MasterKey(command) => master_key::run(&app, command).await,
            Command::ReplicationKey(command) => replication_key::run(&app, command).await,
        }
    })
}
