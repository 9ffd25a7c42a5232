//! What an administrator does with projects, users, groups, access keys and policies.
//!
//! All of it is about the library's own account, the one of its first start. Things are named by id
//! or by name. Each change is one transaction and leaves an event of the audit.

pub mod attachments;
pub mod groups;
pub mod keys;
pub mod policies;
pub mod projects;
pub mod users;

use serde_json::Value;

use super::model::{Group, Project, User};
use super::store;
use crate::app::App;
use crate::audit::{Event, Outcome};
use crate::db::Tx;
use crate::error::{Error, ErrorCode, Result};
use crate::ids::{DomainId, UserId};

/// The library's own account.
async fn home(tx: &mut Tx) -> Result<DomainId> {
    let oldest = store::list_domains(tx).await?.into_iter().next();
    oldest.map(|domain| domain.domain_id).ok_or_else(|| {
        Error::new(
            ErrorCode::IamNotFound,
            "The library has no account yet: start the server once.",
        )
    })
}

/// The one with this id, otherwise the one with this name.
fn pick<T>(
    all: Vec<T>,
    named: &str,
    id: impl Fn(&T) -> &str,
    name: impl Fn(&T) -> &str,
) -> Option<T> {
    let by_id = all.iter().position(|one| id(one) == named);
    let at = by_id.or_else(|| all.iter().position(|one| name(one) == named))?;
    all.into_iter().nth(at)
}

async fn require_project(tx: &mut Tx, domain: &DomainId, named: &str) -> Result<Project> {
    let all = store::list_projects(tx, domain, None).await?;
    let found = pick(all, named, |p| p.project_id.as_str(), |p| &p.name);
    found.ok_or_else(|| missing("project", named))
}

async fn require_user(tx: &mut Tx, domain: &DomainId, named: &str) -> Result<User> {
    let by_id = store::find_user(tx, &UserId::new(named)).await?;
    if let Some(found) = by_id.filter(|user| user.domain_id == *domain) {
        return Ok(found);
    }
    let found = store::find_user_by_name(tx, domain.as_str(), named).await?;
    found.ok_or_else(|| missing("user", named))
}

async fn require_group(tx: &mut Tx, domain: &DomainId, named: &str) -> Result<Group> {
    let mut all = store::list_all_groups(tx).await?;
    all.retain(|group| group.domain_id == *domain);
    let found = pick(all, named, |g| g.group_id.as_str(), |g| &g.name);
    found.ok_or_else(|| missing("group", named))
}

fn missing(what: &str, named: &str) -> Error {
    Error::new(
        ErrorCode::IamNotFound,
        format!("There is no {what} with the name or id {named}."),
    )
}

fn taken(what: &str, name: &str) -> Error {
    let message = format!("There is a {what} with the name {name} already.");
    Error::new(ErrorCode::NameTaken, message)
}

fn refused(why: impl Into<String>) -> Error {
    Error::new(ErrorCode::Forbidden, why)
}

/// `what` is such as `user-create`.
fn event(app: &App, what: &str, resource: String, detail: Value) -> Event {
    let action = format!("entrepot:admin:{what}");
    Event::new(app, &action, resource, Outcome::Done, detail)
}
