//! `entrepot admin instance create | list`

use clap::Subcommand;
use entrepot_server::app::App;
use entrepot_server::instances::{Instance as Found, administer};
use serde_json::{Value, json};

#[derive(Debug, Subcommand)]
pub enum Instance {
    /// Create an integration instance
    Create {
        /// Unique in the project
        name: String,
        /// The project's id [default: the one in credentials.json]
        #[arg(long, value_name = "ID")]
        project: Option<String>,
        #[arg(long, value_name = "TEXT", default_value = "")]
        description: String,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// List the integration instances of all projects
    List {
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
}

pub async fn run(app: &App, command: Instance) -> anyhow::Result<()> {
    match command {
        Instance::Create {
            name,
            project,
            description,
            json,
        } => {
            let created = administer::create(app, &name, project, &description).await;
            let created = created.map_err(|e| anyhow::anyhow!(e.message))?;
            if json {
                println!("{}", shown(&created));
            } else {
                println!("{}", created.instance_id);
            }
        }
        Instance::List { json } => {
            let found = administer::list(app).await;
            let found = found.map_err(|e| anyhow::anyhow!(e.message))?;
            if json {
                let instances: Vec<_> = found.iter().map(shown).collect();
                println!("{}", json!({ "instances": instances }));
            } else {
                for instance in &found {
                    println!("{}  {}", instance.instance_id, instance.name);
                }
            }
        }
    }
    Ok(())
}

fn shown(instance: &Found) -> Value {
    json!({
        "instance_id": instance.instance_id.as_str(),
        "name": instance.name,
        "project_id": instance.project_id.as_str(),
        "description": instance.description,
    })
}
