//! Entrepot: a self-hosted media asset library. One executable to serve, administer and use it.

mod admin;
mod client;
mod serve;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// A self-hosted media asset library.
#[derive(Debug, Parser)]
#[command(name = "entrepot", version, about, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve a library over HTTP
    Serve(serve::Serve),
    /// Administer a library, also while it is served
    Admin(admin::Admin),
    /// Upload files, each as an asset
    Upload(client::upload::Upload),
    /// Download assets' files
    Download(client::download::Download),
    /// List assets
    Ls(client::ls::Ls),
    /// Show one asset
    Show(client::show::Show),
    /// Make a package of applications and tasks, with their assets, and download it
    Export(client::packages::export::Export),
    /// Bring in a package
    Import(client::packages::import::Import),
    /// Delete applications and tasks; never the assets attached to them
    Delete(client::packages::delete::Delete),
    /// Copy assets into another region
    Copy(client::copy::Copy),
    /// Copy assets into a region without a network to here, or look into a ticket
    Ticket(client::ticket::Ticket),
}

fn main() -> ExitCode {
    // what the server starts for each file; before anything else, so that it starts quickly
    if std::env::args_os()
        .nth(1)
        .is_some_and(|arg| arg == "media-worker")
    {
        return entrepot_media::worker_main();
    }
    let cli = Cli::parse();
    let done = match cli.command {
        Command::Serve(command) => serve::run(command),
        Command::Admin(command) => admin::run(command),
        Command::Upload(command) => client::run(client::upload::run(command)).map_err(Into::into),
        Command::Download(command) => {
            client::run(client::download::run(command)).map_err(Into::into)
        }
        Command::Ls(command) => client::run(client::ls::run(command)).map_err(Into::into),
        Command::Show(command) => client::run(client::show::run(command)).map_err(Into::into),
        Command::Export(command) => {
            client::run(client::packages::export::run(command)).map_err(Into::into)
        }
        Command::Import(command) => {
            client::run(client::packages::import::run(command)).map_err(Into::into)
        }
        Command::Delete(command) => {
            client::run(client::packages::delete::run(command)).map_err(Into::into)
        }
        Command::Copy(command) => client::run(client::copy::run(command)).map_err(Into::into),
        Command::Ticket(command) => client::run(client::ticket::run(command)).map_err(Into::into),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("entrepot: {error:#}");
            exit_code(&error)
        }
    }
}

/// 2 for a command that can't be meant so, as clap has it.
fn exit_code(error: &anyhow::Error) -> ExitCode {
    let failure = error.downcast_ref::<client::failure::Failure>();
    failure.map_or(ExitCode::FAILURE, |failure| {
        ExitCode::from(failure.exit_code())
    })
}
