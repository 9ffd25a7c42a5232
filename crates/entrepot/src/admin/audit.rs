//! `entrepot admin audit`

use std::io::{ErrorKind, Write};

use clap::Args;
use entrepot_server::app::App;
use entrepot_server::audit::{self as events, Event, Filter};
use entrepot_server::clock::Timestamp;
use serde_json::{Value, json};

/// The latest events, the newest first.
#[derive(Debug, Args)]
pub struct Audit {
    /// Only this action, or those that begin with it, such as entrepot:copy
    #[arg(long)]
    action: Option<String>,
    /// Only what was done to this, such as asset/0123…
    #[arg(long)]
    resource: Option<String>,
    /// Only from this time on, such as 2026-01-31T00:00:00Z
    #[arg(long, value_name = "TIME", value_parser = time)]
    since: Option<Timestamp>,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 100,
        value_parser = clap::value_parser!(u32).range(1..=10000))]
    limit: u32,
    /// Print one JSON object: {"events": […]}
    #[arg(long)]
    json: bool,
}

fn time(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse_rfc3339(text)
        .ok_or_else(|| "must be a time such as 2026-01-31T00:00:00Z".into())
}

pub async fn run(app: &App, command: Audit) -> anyhow::Result<()> {
    let filter = Filter {
        action: command.action,
        resource: command.resource,
        since: command.since,
        limit: command.limit,
    };
    let found = app
        .db
        .read(async move |tx| events::list(tx, &filter).await)
        .await;
    let found = found.map_err(|e| anyhow::anyhow!(e.message))?;
    let text = if command.json {
        let events: Vec<_> = found.iter().map(shown).collect();
        format!("{}\n", json!({ "events": events }))
    } else {
        found.iter().map(line).collect()
    };
    match std::io::stdout().lock().write_all(text.as_bytes()) {
        // a reader that has seen enough, such as `head`, is no failure
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        printed => Ok(printed?),
    }
}

fn line(event: &Event) -> String {
    format!(
        "{}  {:<7}  {}  {}  {}  {}\n",
        event.at.rfc3339(),
        event.outcome.as_str(),
        event.action,
        event.resource,
        event.user_name.as_deref().unwrap_or("-"),
        event.detail
    )
}

fn shown(event: &Event) -> Value {
    json!({
        "event_id": event.event_id,
        "at": event.at.rfc3339(),
        "request_id": event.request_id,
        "project_id": event.project_id,
        "user_id": event.user_id,
        "user_name": event.user_name,
        "access_key": event.access_key,
        "address": event.address,
        "action": event.action,
        "resource": event.resource,
        "outcome": event.outcome.as_str(),
        "detail": event.detail,
    })
}
