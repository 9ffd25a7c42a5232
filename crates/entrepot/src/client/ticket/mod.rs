//! `entrepot ticket`: copies between regions that share no network, carried as files; and a look
//! into a ticket.

mod export;
mod folder;
mod import;
mod inspect;

use clap::{Args, Subcommand};

use super::failure::Result;

#[derive(Debug, Args)]
pub struct Ticket {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Write tickets and all bytes of assets into a folder, for a region without a network to here
    Export(export::Export),
    /// Bring in such a folder
    Import(import::Import),
    /// Tell what a ticket is, and whether it would work in this library; nothing is changed
    Inspect(inspect::Inspect),
}

pub async fn run(ticket: Ticket) -> Result<()> {
    match ticket.command {
        Command::Export(command) => export::run(command).await,
        Command::Import(command) => import::run(command).await,
        Command::Inspect(command) => inspect::run(command).await,
    }
}
