//! `entrepot ticket inspect`: what a ticket is, and whether it would work, before it is used.

use std::io::{Read, stdin};
use std::path::{Path, PathBuf};

use clap::Args;
use entrepot_api::replication::{PeerReport, ReplicationAssetInfo, TicketContents, TicketReport};

use super::folder::MOST_TICKET;
use crate::client::failure::{Failure, Result};
use crate::client::text::plain;
use crate::client::transfer::patiently;
use crate::client::{Connection, to_json};

#[derive(Debug, Args)]
pub struct Inspect {
    /// The ticket, as replication-info answered it; - is standard input
    #[arg(value_name = "FILE")]
    ticket: PathBuf,
    #[command(flatten)]
    connection: Connection,
    /// For bytes that come by hand: the other region need not be reached
    #[arg(long)]
    by_hand: bool,
    /// Print the report as one JSON object, as the API has it
    #[arg(long)]
    json: bool,
}

pub async fn run(command: Inspect) -> Result<()> {
    let ticket = read(&command.ticket)?;
    let api = command.connection.open()?;
    let report = patiently(|| api.inspect_ticket(&ticket, command.by_hand)).await?;
    if command.json {
        println!("{}", to_json(&report)?);
    } else {
        for (name, value) in lines(&report) {
            println!("{name:<12} {}", plain(&value));
        }
    }
    if report.works {
        return Ok(());
    }
    Err(Failure::Job("the ticket would not work here".into()))
}

fn read(path: &Path) -> Result<Vec<u8>> {
    let mut text = Vec::new();
    let most = MOST_TICKET + 1;
    let outcome = if path == Path::new("-") {
        stdin().lock().take(most).read_to_end(&mut text)
    } else {
        std::fs::File::open(path).and_then(|file| file.take(most).read_to_end(&mut text))
    };
    outcome.map_err(|e| Failure::io("can't read", path, &e))?;
    let parsed = serde_json::from_slice::<ReplicationAssetInfo>(&text);
    if text.len() as u64 > MOST_TICKET || parsed.is_err() {
        return Err(Failure::Local(format!(
            "{} is no ticket: it is the JSON that replication-info answers",
            path.display()
        )));
    }
    Ok(text)
}

fn lines(report: &TicketReport) -> Vec<(&'static str, String)> {
    let works = if report.works { "yes" } else { "no" };
    let mut lines = vec![("works", works.to_owned())];
    for problem in &report.problems {
        let text = format!("{}: {}", problem.error_code, problem.error_msg);
        lines.push(("problem", text));
    }
    if let Some(effect) = &report.effect {
        lines.push(("effect", explain(effect).to_owned()));
    }
    if let Some(ticket) = &report.ticket {
        lines.extend(contents(ticket));
    }
    if let Some(peer) = &report.peer {
        lines.push(("source", source(peer)));
    }
    lines
}

fn explain(effect: &str) -> &str {
    match effect {
        "CREATE" => "it makes the asset here",
        "UPDATE" => "it brings a newer version of the asset that is here",
        "RESTART" => "it begins the copy again that failed",
        "NOTHING" => "none: this version, or a newer one, is here or on its way",
        other => other,
    }
}

fn contents(ticket: &TicketContents) -> Vec<(&'static str, String)> {
    let mut lines = vec![
        ("asset", ticket.asset_id.clone()),
        ("name", ticket.asset_name.clone()),
        ("type", ticket.asset_type.clone()),
        ("version", ticket.version.to_string()),
        ("from", ticket.region.clone()),
    ];
    for (name, value) in [
        ("for region", &ticket.to_region),
        ("for project", &ticket.to_project_id),
    ] {
        if let Some(value) = value {
            lines.push((name, value.clone()));
        }
    }
    lines.push(("issued", ticket.issued_at.clone()));
    lines.push(("expires", ticket.expires_at.clone()));
    lines.push(("ticket", ticket.ticket_id.clone()));
    lines.push(("manifest", format!("sha256:{}", ticket.manifest_digest)));
    lines
}

fn source(peer: &PeerReport) -> String {
    let mut text = format!("{} at {}", peer.region, peer.endpoint);
    text.push_str(if peer.reachable {
        ", which answers"
    } else {
        ", which does not answer"
    });
    if let Some(error) = &peer.error {
        text = format!("{text}: {error}");
    }
    match peer.clock_skew_seconds {
        None | Some(0) => text,
        Some(skew) if skew > 0 => format!("{text}; its clock is {skew} s ahead"),
        Some(skew) => format!("{text}; its clock is {} s behind", skew.unsigned_abs()),
    }
}

#[cfg(test)]
mod tests {
    use entrepot_api::replication::TicketProblem;

    use super::*;

    #[test]
    fn a_report_says_why_it_would_not_work() {
        let report = TicketReport {
            problems: vec![TicketProblem {
                error_code: "MSS.10009003".into(),
                error_msg: "It expired.".into(),
            }],
            peer: Some(PeerReport {
                region: "a".into(),
                endpoint: "http://h".into(),
                reachable: true,
                clock_skew_seconds: Some(-7),
                error: None,
            }),
            ..TicketReport::default()
        };
        let lines = lines(&report);
        assert_eq!(lines[0], ("works", "no".into()));
        assert_eq!(lines[1], ("problem", "MSS.10009003: It expired.".into()));
        assert_eq!(
            lines[2].1,
            "a at http://h, which answers; its clock is 7 s behind"
        );
    }

    #[test]
    fn a_file_that_is_no_ticket_is_not_sent() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t");
        for text in ["", "no", "[1]", "{\"asset_id\": 7}"] {
            std::fs::write(&path, text).unwrap();
            assert!(read(&path).is_err(), "{text}");
        }
        std::fs::write(&path, r#"{"asset_id":"a"}"#).unwrap();
        assert_eq!(read(&path).unwrap(), br#"{"asset_id":"a"}"#);
    }
}
