//! Groups: users who have policies in common.

use serde_json::{Value, json};

use super::{event, home, require_group, require_user, taken};
use crate::app::App;
use crate::audit;
use crate::db::Tx;
use crate::error::{Error, ErrorCode, Result};
use crate::iam::model::{Attachment, Group};
use crate::iam::rules::{check_description, check_name};
use crate::iam::store;
use crate::ids::{DomainId, GroupId, UserId};

pub use super::projects::Change;

#[derive(Debug, Clone)]
pub struct Found {
    pub group: Group,
    /// Ids and names.
    pub members: Vec<(UserId, String)>,
    pub attachments: Vec<Attachment>,
}

pub async fn create(app: &App, name: &str, description: &str) -> Result<Found> {
    check_name("name", name)?;
    check_description(description)?;
    let (name, description) = (name.to_owned(), description.to_owned());
    let (owned, id) = (app.clone(), GroupId::new(app.ids.next()));
    app.db
        .write(async move |tx| {
            let group = Group {
                group_id: id.clone(),
                domain_id: home(tx).await?,
                name: name.clone(),
                description: description.clone(),
            };
            check_free(tx, &group.domain_id, &name).await?;
            store::insert_group(tx, &group, owned.clock.now()).await?;
            record(&owned, tx, "group-create", &group, json!({})).await?;
            describe(tx, group).await
        })
        .await
}

async fn check_free(tx: &mut Tx, domain: &DomainId, name: &str) -> Result<()> {
    let all = store::list_all_groups(tx).await?;
    if all.iter().any(|g| g.domain_id == *domain && g.name == name) {
        return Err(taken("group", name));
    }
    Ok(())
}

async fn describe(tx: &mut Tx, group: Group) -> Result<Found> {
    let id = &group.group_id;
    Ok(Found {
        members: store::list_members(tx, id).await?,
        attachments: store::list_attachments_of_holder(tx, id.as_str()).await?,
        group,
    })
}

async fn record(app: &App, tx: &mut Tx, what: &str, group: &Group, more: Value) -> Result<()> {
    let mut detail = json!({"name": group.name});
    if let (Some(detail), Value::Object(more)) = (detail.as_object_mut(), more) {
        detail.extend(more);
    }
    let event = event(app, what, format!("group/{}", group.group_id), detail);
    audit::record(tx, &event).await
}

pub async fn list(app: &App) -> Result<Vec<Found>> {
    app.db
        .snapshot(async |tx| {
            let domain = home(tx).await?;
            let mut all = Vec::new();
            for group in store::list_all_groups(tx).await? {
                if group.domain_id == domain {
                    all.push(describe(tx, group).await?);
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
            let group = require_group(tx, &domain, &named).await?;
            describe(tx, group).await
        })
        .await
}

pub async fn update(app: &App, named: &str, change: Change) -> Result<Found> {
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
            let mut group = require_group(tx, &domain, &named).await?;
            if let Some(name) = &change.name
                && *name != group.name
            {
                check_free(tx, &domain, name).await?;
                group.name.clone_from(name);
            }
            if let Some(description) = &change.description {
                group.description.clone_from(description);
            }
            store::update_group(tx, &group).await?;
            record(&owned, tx, "group-update", &group, json!({})).await?;
            describe(tx, group).await
        })
        .await
}

/// With its memberships and attachments; the users stay.
pub async fn delete(app: &App, named: &str) -> Result<Group> {
    let (owned, named) = (app.clone(), named.to_owned());
    app.db
        .write(async move |tx| {
            let domain = home(tx).await?;
            let group = require_group(tx, &domain, &named).await?;
            store::delete_group(tx, &group.group_id).await?;
            record(&owned, tx, "group-delete", &group, json!({})).await?;
            Ok(group)
        })
        .await
}

/// Adding a member twice is fine.
pub async fn add_user(app: &App, group: &str, user: &str) -> Result<Found> {
    change_member(app, group, user, true).await
}

pub async fn remove_user(app: &App, group: &str, user: &str) -> Result<Found> {
    change_member(app, group, user, false).await
}

async fn change_member(app: &App, group: &str, user: &str, add: bool) -> Result<Found> {
    let (owned, group, user) = (app.clone(), group.to_owned(), user.to_owned());
    app.db
        .write(async move |tx| {
            let domain = home(tx).await?;
            let group = require_group(tx, &domain, &group).await?;
            let user = require_user(tx, &domain, &user).await?;
            let what = if add {
                store::insert_member(tx, &group.group_id, &user.user_id).await?;
                "group-add-user"
            } else {
                if !store::delete_member(tx, &group.group_id, &user.user_id).await? {
                    let message = format!("{} is no member of {}.", user.name, group.name);
                    return Err(Error::new(ErrorCode::IamNotFound, message));
                }
                "group-remove-user"
            };
            let more = json!({"user_id": user.user_id, "user_name": user.name});
            record(&owned, tx, what, &group, more).await?;
            describe(tx, group).await
        })
        .await
}
