//! `entrepot admin project create | list | show | update | delete`

use clap::Subcommand;
use entrepot_server::app::App;
use entrepot_server::iam::administer::projects::{self, Change};
use entrepot_server::iam::model::Project as Found;
use serde_json::{Value, json};

use super::answer::told;

#[derive(Debug, Subcommand)]
pub enum Project {
    /// Create a project
    Create {
        /// Unique in the library; 1 to 64 characters
        name: String,
        #[arg(long, value_name = "TEXT", default_value = "")]
        description: String,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// List the projects
    List {
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Show a project
    Show {
        /// Its id or name
        project: String,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Rename or describe a project
    Update {
        /// Its id or name
        project: String,
        #[arg(long, value_name = "NAME", required_unless_present = "description")]
        name: Option<String>,
        #[arg(long, value_name = "TEXT")]
        description: Option<String>,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Delete a project that holds no assets, applications, tasks or packages
    Delete {
        /// Its id or name
        project: String,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
}

pub async fn run(app: &App, command: Project) -> anyhow::Result<()> {
    let (found, json) = match command {
        Project::List { json } => return list(app, json).await,
        Project::Create {
            name,
            description,
            json,
        } => (projects::create(app, &name, &description).await, json),
        Project::Show { project, json } => (projects::show(app, &project).await, json),
        Project::Update {
            project,
            name,
            description,
            json,
        } => {
            let change = Change { name, description };
            (projects::update(app, &project, change).await, json)
        }
        Project::Delete { project, json } => (projects::delete(app, &project).await, json),
    };
    let found = found.map_err(told)?;
    if json {
        println!("{}", shown(&found));
    } else {
        println!("{}", line(&found));
    }
    Ok(())
}

async fn list(app: &App, json: bool) -> anyhow::Result<()> {
    let found = projects::list(app).await.map_err(told)?;
    if json {
        let projects: Vec<_> = found.iter().map(shown).collect();
        println!("{}", json!({ "projects": projects }));
        return Ok(());
    }
    for project in &found {
        println!("{}", line(project));
    }
    Ok(())
}

fn line(project: &Found) -> String {
    format!("{}  {}", project.project_id, project.name)
}

fn shown(project: &Found) -> Value {
    json!({
        "project_id": project.project_id,
        "project_name": project.name,
        "description": project.description,
    })
}
