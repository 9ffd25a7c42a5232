//! Entrepot: a self-hosted media asset library. One executable to serve, administer and use it.

mod admin;
mod serve;

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
}

fn main() -> std::process::ExitCode {
    let cli = Cli::parse();
    let done = match cli.command {
        Command::Serve(command) => serve::run(command),
        Command::Admin(command) => admin::run(command),
    };
    match done {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("entrepot: {error:#}");
            std::process::ExitCode::FAILURE
        }
    }
}
