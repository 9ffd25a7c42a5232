//! The commands that use a library over its API: upload, download, ls, show, export, import,
//! delete, copy, ticket.

mod api;
pub mod copy;
mod credentials;
pub mod download;
pub mod failure;
mod filter;
mod format;
mod journal;
pub mod ls;
pub mod packages;
mod plan;
mod progress;
mod replication;
pub mod show;
mod source;
mod text;
pub mod ticket;
mod transfer;
pub mod upload;

use std::future::Future;
use std::path::PathBuf;

use clap::Args;

use self::api::Api;
use self::credentials::Credentials;
use self::failure::{Failure, Result};

/// Which library, and as whom.
#[derive(Debug, Args)]
pub struct Connection {
    /// A credentials.json as the server writes it [default: the ENTREPOT_… variables (endpoint,
    /// project id, access key, secret key), else data/credentials.json]
    #[arg(long, value_name = "FILE", env = "ENTREPOT_CREDENTIALS")]
    credentials: Option<PathBuf>,
    /// Certificates (PEM) to trust beside the system's
    #[arg(long, value_name = "FILE", env = "ENTREPOT_CA_FILE")]
    ca_file: Option<PathBuf>,
}

impl Connection {
    fn open(&self) -> Result<Api> {
        let credentials = Credentials::find(self.credentials.as_deref(), variable)?;
        Api::new(credentials, self.ca_file.as_deref())
    }
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Runs a command until it is done or interrupted.
pub fn run(command: impl Future<Output = Result<()>>) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|e| Failure::Local(format!("no threads can be started: {e}")))?;
    let done = runtime.block_on(async {
        tokio::select! {
            done = command => done,
            _ = tokio::signal::ctrl_c() => Err(Failure::Interrupted),
        }
    });
    // files being read in the background need not be waited for
    runtime.shutdown_background();
    done
}

/// JSON on one line.
fn to_json(value: &impl serde::Serialize) -> Result<String> {
    serde_json::to_string(value)
        .map_err(|e| Failure::Local(format!("the answer can't be written as JSON: {e}")))
}
