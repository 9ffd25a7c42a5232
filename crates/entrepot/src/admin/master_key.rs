//! `entrepot admin master-key rotate | finish | status`

use std::path::PathBuf;

use clap::Subcommand;
use entrepot_server::app::App;
use entrepot_server::clock::Timestamp;
use entrepot_server::vault::{self, DataKeyStatus, Next, Rotated, Status};
use serde_json::json;

#[derive(Debug, Subcommand)]
pub enum MasterKey {
    /// Replace the master key, and seal every secret anew; goes on with what was begun
    Rotate {
        /// The new key, 32 bytes in base64; without it one is made
        #[arg(long, value_name = "FILE")]
        new_key_file: Option<PathBuf>,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Take the former master key out of use, once every server has the new one
    Finish {
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Show which keys there are, never a secret
    Status {
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
}

pub async fn run(app: &App, command: MasterKey) -> anyhow::Result<()> {
    match command {
        MasterKey::Rotate { new_key_file, json } => {
            let rotated = vault::rotate(app, new_key_file.as_deref()).await;
            print_rotated(&rotated.map_err(told)?, json);
        }
        MasterKey::Finish { json } => {
            let finished = vault::finish(app).await.map_err(told)?;
            let (id, dropped) = (finished.master_id, finished.dropped);
            if json {
                println!("{}", json!({"master_id": id, "dropped": dropped}));
            } else if dropped.is_empty() {
                println!("Nothing was left to do: only the master key {id} opens the library.");
            } else {
                let dropped = dropped.join(", ");
                println!(
                    "Only the master key {id} opens the library now, and {dropped} no longer."
                );
            }
        }
        MasterKey::Status { json } => {
            let status = vault::status(app).await.map_err(told)?;
            if json {
                println!("{}", serde_json::to_string(&status)?);
            } else {
                print_status(&status, app.clock.now());
            }
        }
    }
    Ok(())
}

fn told(error: entrepot_server::error::Error) -> anyhow::Error {
    match error.cause {
        Some(cause) => anyhow::anyhow!("{} ({cause})", error.message),
        None => anyhow::anyhow!(error.message),
    }
}

fn print_rotated(rotated: &Rotated, json: bool) {
    let (state, file) = match &rotated.next {
        Next::Nothing => ("DONE", None),
        Next::Finish => ("FINISH", None),
        Next::PutInPlace(file) => ("PUT_IN_PLACE", file.as_ref()),
    };
    let (master_id, key_id, pass) = (&rotated.master_id, &rotated.key_id, rotated.pass);
    if json {
        let shown = json!({
            "master_id": master_id,
            "key_id": key_id,
            "resealed": pass.resealed,
            "failed": pass.failed,
            "state": state,
            "new_key_file": file.map(|file| file.display().to_string()),
        });
        println!("{shown}");
        return;
    }
    println!(
        "The new master key is {master_id}. {} secrets were sealed anew, under the data key {key_id}.",
        pass.resealed
    );
    if pass.failed > 0 {
        println!(
            "{} secrets do not open and were left as they are.",
            pass.failed
        );
    }
    let place = match (&rotated.next, file) {
        (Next::Nothing, _) => {
            println!("The former master key opens nothing any more.");
            return;
        }
        (Next::Finish, _) => "It is in its place here. Every other server needs it, too".to_owned(),
        (Next::PutInPlace(_), Some(file)) => format!(
            "It is in {}: put it where every server has its master key from",
            file.display()
        ),
        (Next::PutInPlace(_), None) => "Put it where every server has its master key from".into(),
    };
    println!(
        "{place}; servers that have it from the environment must be started again. Then run\n  \
         entrepot admin master-key finish\nUntil then both the former key and the new one open the \
         library."
    );
}

fn print_status(status: &Status, now: Timestamp) {
    println!("{} has the master key {}", status.source, status.master_id);
    for master in &status.master_keys {
        let configured = if master.configured {
            "  configured here"
        } else {
            ""
        };
        println!(
            "master key {}  since {}{configured}",
            master.master_id, master.since
        );
    }
    for key in &status.data_keys {
        print_data_key(key, now);
    }
    if status.lost > 0 {
        println!(
            "{} secrets are sealed under none of these keys",
            status.lost
        );
    }
    if status.under_way {
        println!(
            "One master key takes over from another: entrepot admin master-key finish ends that."
        );
    }
}

fn print_data_key(key: &DataKeyStatus, now: Timestamp) {
    let state = if key.active { "ACTIVE" } else { "FORMER" };
    let made = Timestamp::parse_rfc3339(&key.created_at);
    let days = made.map_or(0, |made| (now.seconds() - made.seconds()) / (24 * 3600));
    println!(
        "data key {}  {state}  {} ({days} days)  {} secrets  opened by {}",
        key.key_id,
        key.created_at,
        key.secrets.values().sum::<u64>(),
        key.master_ids.join(", ")
    );
}
