//! `entrepot admin archive list | show`

use clap::Subcommand;
use entrepot_server::app::App;
use entrepot_server::packages::archives::record;
use entrepot_server::packages::{Archive as Found, ArchiveState, administer};
use serde_json::{Value, json};

#[derive(Debug, Subcommand)]
pub enum Archive {
    /// List packages, the newest first: who downloaded them, and when
    List {
        /// READY, LEASED, CONSUMED or EXPIRED only
        #[arg(long)]
        state: Option<String>,
        #[arg(long, default_value_t = 100)]
        limit: u32,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Show what became of a package
    Show {
        archive: String,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
}

pub async fn run(app: &App, command: Archive) -> anyhow::Result<()> {
    match command {
        Archive::List { state, limit, json } => {
            let state = state.as_deref().map(parse).transpose()?;
            let found = administer::list(app, state, limit).await;
            let found = found.map_err(|e| anyhow::anyhow!(e.message))?;
            if json {
                let archives: Vec<_> = found.iter().map(|found| shown(app, found)).collect();
                println!("{}", json!({ "archives": archives }));
            } else {
                for archive in &found {
                    println!("{}", line(archive));
                }
            }
        }
        Archive::Show { archive, json } => {
            let found = administer::show(app, &archive).await;
            let found = found.map_err(|e| anyhow::anyhow!(e.message))?;
            let shown = shown(app, &found);
            if json {
                println!("{shown}");
            } else {
                print(&shown);
            }
        }
    }
    Ok(())
}

fn parse(state: &str) -> anyhow::Result<ArchiveState> {
    ArchiveState::parse(state)
        .ok_or_else(|| anyhow::anyhow!("--state must be READY, LEASED, CONSUMED or EXPIRED"))
}

/// The record as the API has it, and where it belongs.
fn shown(app: &App, archive: &Found) -> Value {
    let record = record::view(archive, app.clock.now());
    let mut shown = serde_json::to_value(record).unwrap_or_default();
    shown["project_id"] = archive.project_id.as_str().into();
    shown["instance_id"] = archive.instance_id.as_str().into();
    shown
}

fn line(archive: &Found) -> String {
    let holder = archive.lease.as_ref().map_or("", |l| &l.holder_name);
    format!(
        "{}  {:8}  {}  {:>15}  {holder}",
        archive.archive_id,
        archive.state.as_str(),
        archive.created_at.rfc3339(),
        archive.size
    )
}

fn print(shown: &Value) {
    let Some(fields) = shown.as_object() else {
        return;
    };
    for (name, value) in fields {
        match value.as_object() {
            Some(inner) => {
                for (inner, value) in inner {
                    println!("{:18} {}", format!("{name}.{inner}"), plain(value));
                }
            }
            None => println!("{name:18} {}", plain(value)),
        }
    }
}

fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}
