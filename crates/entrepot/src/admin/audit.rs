//! `entrepot admin audit`

use std::io::{ErrorKind, Write};

use clap::Args;
use entrepot_server::app::App;
use entrepot_server::audit::{self, Event, Filter, Outcome, view};
use entrepot_server::clock::Timestamp;
use entrepot_server::error::Result;
use entrepot_server::ids::ProjectId;
use serde_json::json;

/// The latest events, the newest first.
#[derive(Debug, Args)]
pub struct Audit {
    /// Only this action, or those that begin with it, such as entrepot:copy
    #[arg(long)]
    action: Option<String>,
    /// Only what was done to this, such as asset/0123…
    #[arg(long)]
    resource: Option<String>,
    /// Only what was done in this project
    #[arg(long, value_name = "ID")]
    project: Option<String>,
    /// Only what this user did
    #[arg(long, value_name = "ID")]
    user_id: Option<String>,
    /// The same by name
    #[arg(long, value_name = "NAME", alias = "user")]
    user_name: Option<String>,
    /// Only what was signed by this access key
    #[arg(long, value_name = "KEY")]
    access_key: Option<String>,
    /// Only what ended so: DONE, REFUSED or FAILED
    #[arg(long, value_parser = outcome)]
    outcome: Option<Outcome>,
    /// Only from this time on, such as 2026-01-31T00:00:00Z
    #[arg(long, value_name = "TIME", value_parser = time)]
    since: Option<Timestamp>,
    /// Only before this time
    #[arg(long, value_name = "TIME", value_parser = time)]
    until: Option<Timestamp>,
    /// Go on after this event of an earlier list
    #[arg(long, value_name = "EVENT_ID")]
    marker: Option<String>,
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

fn outcome(text: &str) -> Result<Outcome, String> {
    Outcome::parse(&text.to_uppercase()).ok_or_else(|| "must be DONE, REFUSED or FAILED".into())
}

pub async fn run(app: &App, command: Audit) -> anyhow::Result<()> {
    let is_json = command.json;
    let found = find(app, command).await;
    let found = found.map_err(|e| anyhow::anyhow!(e.message))?;
    let text = if is_json {
        let events: Vec<_> = found.into_iter().map(view::shown).collect();
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

async fn find(app: &App, command: Audit) -> Result<Vec<Event>> {
    let filter = Filter {
        project_id: command.project.map(ProjectId::new),
        action: command.action,
        resource: command.resource,
        user_id: command.user_id,
        user_name: command.user_name,
        access_key: command.access_key,
        outcome: command.outcome,
        since: command.since,
        until: command.until,
        after: None,
        limit: command.limit,
    };
    let marker = command.marker;
    let found = app
        .db
        .snapshot(async move |tx| audit::list_after(tx, &filter, marker.as_deref()).await);
    found.await
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
