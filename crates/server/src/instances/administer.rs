//! What an administrator does with instances.

use serde_json::json;

use super::model::Instance;
use super::{rules, store};
use crate::app::App;
use crate::audit::{self, Event, Outcome};
use crate::error::{Error, Result};
use crate::iam;
use crate::iam::bootstrap::{Credentials, FILE};
use crate::ids::ProjectId;

/// Creates an instance, in the owner's first project where none is named.
pub async fn create(
    app: &App,
    name: &str,
    project: Option<String>,
    description: &str,
) -> Result<Instance> {
    rules::check_instance_name(name)?;
    rules::check_instance_description(description)?;
    let now = app.clock.now();
    let (id, name, description) = (app.ids.instance(), name.to_owned(), description.to_owned());
    let first = Credentials::read(&app.config.data.join(FILE))?;
    let (action, resource) = ("entrepot:admin:instance-create", format!("instance/{id}"));
    let event = Event::new(app, action, resource, Outcome::Done, json!({"name": name}));
    let project = project.or(first.map(|credentials| credentials.project_id));
    app.db
        .write(async move |tx| {
            let projects = iam::store::list_all_projects(tx).await?;
            let project_id = choose(&projects, project.as_deref())?;
            let instance = Instance {
                instance_id: id.clone(),
                project_id,
                name: name.clone(),
                description: description.clone(),
                created_at: now,
                updated_at: now,
            };
            store::insert_instance(tx, &instance).await?;
            let event = event.clone().in_project(&instance.project_id);
            audit::record(tx, &event).await?;
            Ok(instance)
        })
        .await
}

fn choose(projects: &[iam::model::Project], wanted: Option<&str>) -> Result<ProjectId> {
    let found = match (wanted, projects) {
        (Some(id), _) => projects.iter().find(|p| p.project_id.as_str() == id),
        (None, [only]) => Some(only),
        (None, _) => None,
    };
    found.map(|p| p.project_id.clone()).ok_or_else(|| {
        let ids: Vec<_> = projects.iter().map(|p| p.project_id.as_str()).collect();
        Error::parameter("project", format!("must be one of {}", ids.join(", ")))
    })
}

/// Of all projects.
pub async fn list(app: &App) -> Result<Vec<Instance>> {
    app.db
        .read(async |tx| store::list_all_instances(tx).await)
        .await
}
