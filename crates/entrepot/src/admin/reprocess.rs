//! `entrepot admin reprocess`: metadata, thumbnails, covers and pages made anew.

use std::io::IsTerminal;

use clap::Args;
use entrepot_server::app::App;
use entrepot_server::assets::AssetType;
use entrepot_server::iam::administer::projects;
use entrepot_server::processing::administer::{Counts, Wanted, reprocess};
use serde_json::json;

use super::answer::told;

#[derive(Debug, Args)]
pub struct Reprocess {
    /// Assets of this type: IMAGE, VIDEO, AUDIO, MUSIC or PPT
    #[arg(long = "type", value_name = "TYPE", value_parser = kind)]
    kind: AssetType,
    /// Only those of this project, by id or name
    #[arg(long, value_name = "PROJECT")]
    project: Option<String>,
    /// Only those that lack something that they should have
    #[arg(long)]
    missing: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

fn kind(text: &str) -> Result<AssetType, String> {
    AssetType::parse(&text.to_uppercase())
        .ok_or_else(|| "must be IMAGE, VIDEO, AUDIO, MUSIC or PPT".into())
}

pub async fn run(app: &App, command: Reprocess) -> anyhow::Result<()> {
    let project = match &command.project {
        Some(project) => {
            let found = projects::show(app, project).await.map_err(told)?;
            Some(found.project_id)
        }
        None => None,
    };
    let wanted = Wanted {
        kind: command.kind,
        project,
        missing: command.missing,
    };
    let is_watched = std::io::stderr().is_terminal();
    let report = |counts: Counts| {
        if is_watched {
            let seen = counts.queued + counts.waiting + counts.complete;
            eprint!("\r{seen} assets looked at");
        }
    };
    let counts = reprocess(app, &wanted, report).await;
    if is_watched {
        eprintln!();
    }
    print(counts.map_err(told)?, command.json);
    Ok(())
}

fn print(counts: Counts, as_json: bool) {
    let Counts {
        queued,
        waiting,
        complete,
    } = counts;
    if as_json {
        let shown = json!({"queued": queued, "waiting": waiting, "complete": complete});
        println!("{shown}");
        return;
    }
    println!(
        "{queued} will be processed again, {waiting} were waiting already, {complete} lack nothing"
    );
}
