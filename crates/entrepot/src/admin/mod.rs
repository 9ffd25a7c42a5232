//! `entrepot admin …`: works on the library itself, while it is served or not.

mod answer;
mod archive;
mod asset;
mod audit;
mod group;
mod instance;
mod key;
mod master_key;
mod policy;
mod project;
mod replication_key;
mod reprocess;
mod user;

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
    /// Users who have policies in common
    #[command(subcommand)]
    Group(group::Group),
    /// Create and list integration instances
    #[command(subcommand)]
    Instance(instance::Instance),
    /// Permanent access keys of users
    #[command(subcommand)]
    Key(key::Key),
    /// The key that secrets at rest depend on: replace it, see what depends on it
    #[command(subcommand)]
    MasterKey(master_key::MasterKey),
    /// What users may do
    #[command(subcommand)]
    Policy(policy::Policy),
    /// Projects: spaces of their own for assets, applications and tasks
    #[command(subcommand)]
    Project(project::Project),
    /// Keys that this region shares with others, for copies of assets
    #[command(subcommand)]
    ReplicationKey(replication_key::ReplicationKey),
    /// Make metadata, thumbnails, covers and pages anew
    Reprocess(reprocess::Reprocess),
    /// Users beside the owner
    #[command(subcommand)]
    User(user::User),
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
            Command::Group(command) => group::run(&app, command).await,
            Command::Instance(command) => instance::run(&app, command).await,
            Command::Key(command) => key::run(&app, command).await,
            Command::MasterKey(command) => master_key::run(&app, command).await,
            Command::Policy(command) => policy::run(&app, command).await,
            Command::Project(command) => project::run(&app, command).await,
            Command::ReplicationKey(command) => replication_key::run(&app, command).await,
            Command::Reprocess(command) => reprocess::run(&app, command).await,
            Command::User(command) => user::run(&app, command).await,
        }
    })
}
