//! Projects.

use serde_json::json;

use super::{event, home, refused, require_project, taken};
use crate::app::App;
use crate::audit;
use crate::db::Tx;
use crate::error::Result;
use crate::iam::model::Project;
use crate::iam::rules::{check_description, check_name};
use crate::iam::store;
use crate::ids::{DomainId, ProjectId};

/// What is `None` stays as it is.
#[derive(Debug, Clone, Default)]
pub struct Change {
    pub name: Option<String>,
    pub description: Option<String>,
}

pub async fn create(app: &App, name: &str, description: &str) -> Result<Project> {
    check_name("name", name)?;
    check_description(description)?;
    let (name, description) = (name.to_owned(), description.to_owned());
    let (owned, id) = (app.clone(), app.ids.next());
    app.db
        .write(async move |tx| {
            let project = Project {
                project_id: ProjectId::new(&id),
                domain_id: home(tx).await?,
                name: name.clone(),
                description: description.clone(),
            };
            check_free(tx, &project.domain_id, &name).await?;
            store::insert_project(tx, &project, owned.clock.now()).await?;
            record(&owned, tx, "project-create", &project).await?;
            Ok(project)
        })
        .await
}

async fn check_free(tx: &mut Tx, domain: &DomainId, name: &str) -> Result<()> {
    let namesakes = store::list_projects(tx, domain, Some(name)).await?;
    if namesakes.is_empty() {
        return Ok(());
    }
    Err(taken("project", name))
}

async fn record(app: &App, tx: &mut Tx, what: &str, project: &Project) -> Result<()> {
    let (id, name) = (&project.project_id, &project.name);
    let event = event(app, what, format!("project/{id}"), json!({"name": name}));
    audit::record(tx, &event.in_project(id)).await
}

pub async fn list(app: &App) -> Result<Vec<Project>> {
    app.db
        .snapshot(async |tx| {
            let domain = home(tx).await?;
            store::list_projects(tx, &domain, None).await
        })
        .await
}

pub async fn show(app: &App, named: &str) -> Result<Project> {
    let named = named.to_owned();
    app.db
        .snapshot(async move |tx| {
            let domain = home(tx).await?;
            require_project(tx, &domain, &named).await
        })
        .await
}

pub async fn update(app: &App, named: &str, change: Change) -> Result<Project> {
    if let Some(name) = &change.name {
        check_name("name", name)?;
    }
    if let Some(description) = &change.description {
        check_description(description)?;
    }
    let (owned, named) = (app.clone(), named.to_owned());
    app.db
        .write(async move |tx| {
            let domain = home(tx).await?;
            let mut project = require_project(tx, &domain, &named).await?;
            if let Some(name) = &change.name
                && *name != project.name
            {
                check_free(tx, &domain, name).await?;
                project.name.clone_from(name);
            }
            if let Some(description) = &change.description {
                project.description.clone_from(description);
            }
            store::update_project(tx, &project).await?;
            record(&owned, tx, "project-update", &project).await?;
            Ok(project)
        })
        .await
}

/// Refused while the project holds anything that somebody would miss.
pub async fn delete(app: &App, named: &str) -> Result<Project> {
    let (owned, named) = (app.clone(), named.to_owned());
    app.db
        .write(async move |tx| {
            let domain = home(tx).await?;
            let project = require_project(tx, &domain, &named).await?;
            let id = &project.project_id;
            let contents = store::list_contents(tx, id).await?;
            if !contents.is_empty() {
                let (name, contents) = (&project.name, contents.join(", "));
                return Err(refused(format!("The project {name} still has {contents}.")));
            }
            if store::list_projects(tx, &domain, None).await?.len() == 1 {
                return Err(refused("The only project of a library can't be deleted."));
            }
            store::delete_tokens_in(tx, id).await?;
            store::delete_temporary_keys_in(tx, id).await?;
            store::delete_project(tx, id, owned.clock.now()).await?;
            record(&owned, tx, "project-delete", &project).await?;
            Ok(project)
        })
        .await
}
