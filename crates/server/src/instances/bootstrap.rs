//! The instance that every library has from its first start on, by the name of `default`.
//!
//! As with the account, its id is written to `credentials.json` before the database has it: a
//! crash in between leaves an id that the next start takes up.

use super::model::Instance;
use super::store;
use crate::app::App;
use crate::error::Result;
use crate::iam::bootstrap::{Credentials, FILE};
use crate::ids::{InstanceId, ProjectId};

pub const NAME: &str = "default";

/// Makes the instance that the credentials name, or names the one that is there: a library of an
/// earlier version gets one at its next start. A node without the file leaves it to the one with it.
pub async fn bootstrap(app: &App) -> Result<()> {
    let path = app.config.data.join(FILE);
    let Some(mut credentials) = Credentials::read(&path)? else {
        return Ok(());
    };
    let project = ProjectId::new(&credentials.project_id);
    let written = credentials.instance_id.as_ref().map(InstanceId::new);
    let (wanted, owner) = (written.clone(), project.clone());
    let found = app
        .db
        .read(async move |tx| {
            if let Some(id) = &wanted
                && let Some(named) = store::find_instance(tx, &owner, id).await?
            {
                return Ok(Some(named));
            }
            store::find_instance_by_name(tx, &owner, NAME).await
        })
        .await?;
    let id = match &found {
        Some(instance) => instance.instance_id.clone(),
        None => written.clone().unwrap_or_else(|| app.ids.instance()),
    };
    if written.as_ref() != Some(&id) {
        credentials.instance_id = Some(id.to_string());
        credentials.write(&path)?;
    }
    if found.is_some() {
        return Ok(());
    }
    create(app, project, id).await
}

/// The instance named `default` with this id.
pub async fn create(app: &App, project_id: ProjectId, instance_id: InstanceId) -> Result<()> {
    let now = app.clock.now();
    let instance = Instance {
        instance_id,
        project_id,
        name: NAME.into(),
        description: String::new(),
        created_at: now,
        updated_at: now,
    };
    app.db
        .write(async move |tx| store::insert_instance(tx, &instance).await)
        .await
}
