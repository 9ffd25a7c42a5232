//! Users. The owner of the account is one whom nobody can disable or delete.

use serde_json::json;

use super::{event, home, refused, require_project, require_user, taken};
use crate::app::App;
use crate::audit;
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::iam::model::{Attachment, Group, Project, User};
use crate::iam::rules::{check_description, check_name, check_password};
use crate::iam::{password, store};
use crate::ids::{DomainId, UserId};
use crate::keys::Secret;

/// Of a password that is made for a user.
const PASSWORD: usize = 24;

#[derive(Debug, Clone, Default)]
pub struct New {
    pub name: String,
    pub description: String,
    /// By id or name; where none is named, the only one that there is.
    pub projects: Vec<String>,
    /// A random one where there is none.
    pub password: Option<Secret>,
}

/// What is `None` stays as it is.
#[derive(Debug, Clone, Default)]
pub struct Change {
    pub name: Option<String>,
    pub description: Option<String>,
    pub enabled: Option<bool>,
    pub password: Option<Secret>,
    /// By id or name.
    pub add_projects: Vec<String>,
    pub remove_projects: Vec<String>,
}

/// A user and all that counts for them.
#[derive(Debug, Clone)]
pub struct Found {
    pub user: User,
    /// Where they may call; of the owner, everywhere.
    pub projects: Vec<Project>,
    pub groups: Vec<Group>,
    /// Their own, not those of their groups.
    pub attachments: Vec<Attachment>,
}

pub fn random_password() -> Secret {
    Secret::random(PASSWORD)
}

/// With the password, which is answered only here.
pub async fn create(app: &App, new: New) -> Result<(Found, Secret)> {
    check_name("name", &new.name)?;
    check_description(&new.description)?;
    let password = new.password.clone().unwrap_or_else(random_password);
    check_password(&password)?;
    let (owned, id) = (app.clone(), UserId::new(app.ids.next()));
    let hash = password::hash(&password)?;
    let found = app
        .db
        .write(async move |tx| {
            let domain = home(tx).await?;
            check_free(tx, &domain, &new.name).await?;
            let user = User {
                user_id: id.clone(),
                domain_id: domain.clone(),
                domain_name: String::new(),
                name: new.name.clone(),
                description: new.description.clone(),
                password_hash: hash.clone(),
                is_owner: false,
                enabled: true,
            };
            store::insert_user(tx, &user, owned.clock.now()).await?;
            for project in first_projects(tx, &domain, &new.projects).await? {
                store::insert_user_project(tx, &id, &project.project_id).await?;
            }
            let user = require_user(tx, &domain, id.as_str()).await?;
            let found = describe(tx, user).await?;
            record(&owned, tx, "user-create", &found).await?;
            Ok(found)
        })
        .await?;
    Ok((found, password))
}

async fn first_projects(tx: &mut Tx, domain: &DomainId, named: &[String]) -> Result<Vec<Project>> {
    if named.is_empty() {
        let all = store::list_projects(tx, domain, None).await?;
        return Ok(if all.len() == 1 { all } else { Vec::new() });
    }
    let mut projects = Vec::new();
    for named in named {
        projects.push(require_project(tx, domain, named).await?);
    }
    Ok(projects)
}

async fn check_free(tx: &mut Tx, domain: &DomainId, name: &str) -> Result<()> {
    let namesake = store::find_user_by_name(tx, domain.as_str(), name).await?;
    if namesake.is_none() {
        return Ok(());
    }
    Err(taken("user", name))
}

async fn describe(tx: &mut Tx, user: User) -> Result<Found> {
    let id = &user.user_id;
    Ok(Found {
        projects: store::list_projects_of(tx, &user).await?,
        groups: store::list_groups_of(tx, id).await?,
        attachments: store::list_attachments_of_holder(tx, id.as_str()).await?,
        user,
    })
}

async fn record(app: &App, tx: &mut Tx, what: &str, found: &Found) -> Result<()> {
    let projects: Vec<_> = found.projects.iter().map(|p| &p.project_id).collect();
    let User {
        user_id,
        name,
        enabled,
        ..
    } = &found.user;
    let detail = json!({"name": name, "enabled": enabled, "projects": projects});
    let event = event(app, what, format!("user/{user_id}"), detail);
    audit::record(tx, &event).await
}

pub async fn list(app: &App) -> Result<Vec<Found>> {
    app.db
        .snapshot(async |tx| {
            let domain = home(tx).await?;
            let mut all = Vec::new();
            for user in store::list_all_users(tx).await? {
                if user.domain_id == domain {
                    all.push(describe(tx, user).await?);
                }
            }
            Ok(all)
        })
        .await
}

pub async fn show(app: &App, named: &str) -> Result<Found> {
    let named = named.to_owned();
    app.db
        .snapshot(async move |tx| {
            let domain = home(tx).await?;
            let user = require_user(tx, &domain, &named).await?;
            describe(tx, user).await
        })
        .await
}

/// A new password, and being disabled, end the user's tokens and temporary keys.
pub async fn update(app: &App, named: &str, change: Change) -> Result<Found> {
    if let Some(name) = &change.name {
        check_name("name", name)?;
    }
    if let Some(description) = &change.description {
        check_description(description)?;
    }
    if let Some(password) = &change.password {
        check_password(password)?;
    }
    let hash = change.password.as_ref().map(password::hash).transpose()?;
    let (owned, named) = (app.clone(), named.to_owned());
    app.db
        .write(async move |tx| {
            let domain = home(tx).await?;
            let mut user = require_user(tx, &domain, &named).await?;
            apply(tx, &mut user, &change).await?;
            if let Some(hash) = &hash {
                user.password_hash = hash.clone();
            }
            store::update_user(tx, &user).await?;
            change_projects(tx, &user, &change).await?;
            if hash.is_some() || !user.enabled {
                store::delete_tokens_of(tx, &user.user_id).await?;
                store::delete_temporary_keys_of(tx, &user.user_id).await?;
            }
            let found = describe(tx, user).await?;
            let what = if hash.is_some() {
                "user-password"
            } else {
                "user-update"
            };
            record(&owned, tx, what, &found).await?;
            Ok(found)
        })
        .await
}

async fn apply(tx: &mut Tx, user: &mut User, change: &Change) -> Result<()> {
    if let Some(name) = &change.name
        && *name != user.name
    {
        check_free(tx, &user.domain_id, name).await?;
        user.name.clone_from(name);
    }
    if let Some(description) = &change.description {
        user.description.clone_from(description);
    }
    if let Some(enabled) = change.enabled {
        if user.is_owner && !enabled {
            return Err(refused("The owner of the account can't be disabled."));
        }
        user.enabled = enabled;
    }
    Ok(())
}

async fn change_projects(tx: &mut Tx, user: &User, change: &Change) -> Result<()> {
    let (add, remove) = (&change.add_projects, &change.remove_projects);
    if user.is_owner && !(add.is_empty() && remove.is_empty()) {
        let problem = "can't be changed of the owner, who may call in all of them";
        return Err(Error::parameter("projects", problem));
    }
    for named in add {
        let project = require_project(tx, &user.domain_id, named).await?;
        store::insert_user_project(tx, &user.user_id, &project.project_id).await?;
    }
    for named in remove {
        let project = require_project(tx, &user.domain_id, named).await?;
        store::delete_user_project(tx, &user.user_id, &project.project_id).await?;
    }
    Ok(())
}

/// With keys, tokens, memberships and attachments. What the user made stays.
pub async fn delete(app: &App, named: &str) -> Result<User> {
    let (owned, named) = (app.clone(), named.to_owned());
    app.db
        .write(async move |tx| {
            let domain = home(tx).await?;
            let user = require_user(tx, &domain, &named).await?;
            if user.is_owner {
                return Err(refused("The owner of the account can't be deleted."));
            }
            let found = describe(tx, user).await?;
            store::delete_user(tx, &found.user.user_id, owned.clock.now()).await?;
            record(&owned, tx, "user-delete", &found).await?;
            Ok(found.user)
        })
        .await
}
