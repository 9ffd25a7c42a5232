//! `entrepot admin key create | list | show | update | delete`

use clap::Subcommand;
use entrepot_server::app::App;
use entrepot_server::clock::Timestamp;
use entrepot_server::iam::administer::keys::{self, Change, Found};
use serde_json::{Value, json};

use super::answer::{print_fields, told};
use super::user::Switch;

#[derive(Debug, Subcommand)]
pub enum Key {
    /// Make a permanent access key for a user, and print it with its secret: only this once
    Create {
        /// The user, by name or id
        #[arg(long, value_name = "USER")]
        user: String,
        #[arg(long, value_name = "TEXT", default_value = "")]
        description: String,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// List access keys, never their secrets
    List {
        /// Of this user only, by name or id
        #[arg(long, value_name = "USER")]
        user: Option<String>,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Show an access key, and when it was last used
    Show {
        access_key: String,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Switch an access key off or on, or describe it
    Update {
        access_key: String,
        #[command(flatten)]
        switch: Switch,
        #[arg(long, value_name = "TEXT")]
        description: Option<String>,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Delete an access key
    Delete {
        access_key: String,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
}

pub async fn run(app: &App, command: Key) -> anyhow::Result<()> {
    let (found, json) = match command {
        Key::Create {
            user,
            description,
            json,
        } => return create(app, &user, &description, json).await,
        Key::List { user, json } => return list(app, user.as_deref(), json).await,
        Key::Show { access_key, json } => (keys::show(app, &access_key).await, json),
        Key::Update {
            access_key,
            switch,
            description,
            json,
        } => {
            let enabled = switch.state();
            let change = Change {
                enabled,
                description,
            };
            (keys::update(app, &access_key, change).await, json)
        }
        Key::Delete { access_key, json } => (keys::delete(app, &access_key).await, json),
    };
    print(&found.map_err(told)?, json);
    Ok(())
}

async fn create(app: &App, user: &str, description: &str, json: bool) -> anyhow::Result<()> {
    let created = keys::create(app, user, description).await;
    let (Found { key, user }, secret) = created.map_err(told)?;
    if json {
        let shown = json!({
            "access_key": key.access_key,
            "secret_key": secret.expose(),
            "user_id": user.user_id,
            "user_name": user.name,
        });
        println!("{shown}");
    } else {
        print_fields(&[
            ("access_key", &key.access_key),
            ("secret_key", secret.expose()),
            ("user", &user.name),
        ]);
    }
    Ok(())
}

async fn list(app: &App, user: Option<&str>, json: bool) -> anyhow::Result<()> {
    let found = keys::list(app, user).await.map_err(told)?;
    if json {
        let keys: Vec<_> = found.iter().map(shown).collect();
        println!("{}", json!({ "keys": keys }));
        return Ok(());
    }
    for Found { key, user } in &found {
        let (state, made) = (state(key.enabled), key.created_at.rfc3339());
        println!("{}  {state:8}  {made}  {}", key.access_key, user.name);
    }
    Ok(())
}

fn state(enabled: bool) -> &'static str {
    if enabled { "ENABLED" } else { "DISABLED" }
}

fn print(found: &Found, json: bool) {
    if json {
        println!("{}", shown(found));
        return;
    }
    let Found { key, user } = found;
    let used = key.last_used_at.map(Timestamp::rfc3339);
    print_fields(&[
        ("access_key", &key.access_key),
        ("user", &user.name),
        ("state", state(key.enabled)),
        ("description", &key.description),
        ("created_at", &key.created_at.rfc3339()),
        ("last_used_at", used.as_deref().unwrap_or("-")),
    ]);
}

fn shown(found: &Found) -> Value {
    let Found { key, user } = found;
    json!({
        "access_key": key.access_key,
        "user_id": user.user_id,
        "user_name": user.name,
        "enabled": key.enabled,
        "description": key.description,
        "created_at": key.created_at.rfc3339(),
        "last_used_at": key.last_used_at.map(Timestamp::rfc3339),
    })
}
