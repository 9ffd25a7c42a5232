//! `entrepot admin replication-key create | add | list | retire`

use std::io::Read;

use anyhow::Context;
use clap::Subcommand;
use entrepot_server::app::App;
use entrepot_server::clock::Timestamp;
use entrepot_server::keys::Secret;
use entrepot_server::replication::administer;
use entrepot_server::replication::keys::{StoredKey, WARN_USES};
use serde_json::{Value, json};

/// A key in base64 has 44 characters; whatever is longer is none.
const MAX_INPUT: u64 = 1024;

#[derive(Debug, Subcommand)]
pub enum ReplicationKey {
    /// Make a key for copies between this region and another one, and print it
    Create {
        /// The other region's name
        #[arg(long, value_name = "REGION")]
        peer: String,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Put a key that another region made into this one's ring; the key is read from standard input
    Add {
        /// As `create` printed it there
        key_id: String,
        /// The region that made it
        #[arg(long, value_name = "REGION")]
        peer: String,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// List the keys, never their secrets
    List {
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Retire a key: tickets under it are worth nothing from then on
    Retire {
        key_id: String,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
}

pub async fn run(app: &App, command: ReplicationKey) -> anyhow::Result<()> {
    match command {
        ReplicationKey::Create { peer, json } => create(app, &peer, json).await,
        ReplicationKey::Add { key_id, peer, json } => {
            let secret = read_secret()?;
            let added = administer::add(app, &key_id, &peer, &secret).await;
            let added = added.map_err(|e| anyhow::anyhow!(e.message))?;
            if json {
                println!("{}", json!({"key_id": added.key_id, "peer": added.peer}));
            } else {
                print(&added, false);
            }
            Ok(())
        }
        ReplicationKey::List { json } => list(app, json).await,
        ReplicationKey::Retire { key_id, json } => {
            let retired = administer::retire(app, &key_id).await;
            let retired = retired.map_err(|e| anyhow::anyhow!(e.message))?;
            print(&retired, json);
            Ok(())
        }
    }
}

async fn create(app: &App, peer: &str, json: bool) -> anyhow::Result<()> {
    let created = administer::create(app, peer).await;
    let (key, secret) = created.map_err(|e| anyhow::anyhow!(e.message))?;
    if json {
        let shown = json!({"key_id": key.key_id, "key": secret.expose(), "peer": key.peer});
        println!("{shown}");
        return Ok(());
    }
    let own = administer::own_region(app).map_err(|e| anyhow::anyhow!(e.message))?;
    println!("{}", secret.expose());
    eprintln!(
        "The key {} is in this region's ring. In {peer}, give the line above to the standard input of\n  \
         entrepot admin replication-key add {} --peer {}",
        key.key_id, key.key_id, own
    );
    Ok(())
}

fn read_secret() -> anyhow::Result<Secret> {
    let mut text = String::new();
    let mut input = std::io::stdin().lock().take(MAX_INPUT);
    input
        .read_to_string(&mut text)
        .context("the key could not be read from standard input")?;
    Ok(Secret::new(text.trim()))
}

async fn list(app: &App, json: bool) -> anyhow::Result<()> {
    let found = administer::list(app).await;
    let found = found.map_err(|e| anyhow::anyhow!(e.message))?;
    if json {
        let keys: Vec<_> = found.iter().map(shown).collect();
        println!("{}", json!({ "keys": keys }));
        return Ok(());
    }
    for key in &found {
        print(key, false);
    }
    Ok(())
}

fn print(key: &StoredKey, json: bool) {
    if json {
        println!("{}", shown(key));
        return;
    }
    let state = if key.retired_at.is_some() {
        "RETIRED"
    } else {
        "ACTIVE"
    };
    let warning = if key.uses >= WARN_USES {
        "  replace it soon"
    } else {
        ""
    };
    println!(
        "{}  {state:<7}  {}  {} tickets{warning}  {}",
        key.key_id,
        key.created_at.rfc3339(),
        key.uses,
        key.peer
    );
}

fn shown(key: &StoredKey) -> Value {
    json!({
        "key_id": key.key_id,
        "peer": key.peer,
        "state": if key.retired_at.is_some() { "RETIRED" } else { "ACTIVE" },
        "created_at": key.created_at.rfc3339(),
        "retired_at": key.retired_at.map(Timestamp::rfc3339),
        "tickets": key.uses,
        "replace_soon": key.uses >= WARN_USES,
    })
}
