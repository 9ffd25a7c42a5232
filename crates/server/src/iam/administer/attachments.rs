//! Who has which policy.

use data_encoding::HEXLOWER;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::policies::{self, Found, check_document};
use super::{event, home, missing, require_group, require_project, require_user, taken};
use crate::app::App;
use crate::audit;
use crate::db::Tx;
use crate::error::{Error, ErrorCode, Result};
use crate::iam::model::StoredPolicy;
use crate::iam::rules::check_policy_name;
use crate::iam::store;
use crate::ids::{DomainId, GroupId, ProjectId, UserId};

/// Of the document's SHA-256, in the name of a policy that comes from a file.
const DIGITS: usize = 8;
/// The longest beginning of such a name.
const STEM: usize = 55;

/// Who is to have a policy, by id or name.
#[derive(Debug, Clone)]
pub enum Holder {
    User(String),
    Group(String),
}

/// Which policy.
#[derive(Debug, Clone)]
pub enum Wanted {
    /// By id or name.
    Named(String),
    /// A document from a file, stored under a name made of the file's and of what it says.
    Document { stem: String, text: String },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attached {
    pub policy: Found,
    pub to: Target,
    /// `None` is every project of the holder.
    pub project_id: Option<ProjectId>,
    /// Of a user: policies mean nothing for the owner.
    pub is_owner: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    User(UserId, String),
    Group(GroupId, String),
}

impl Target {
    fn id(&self) -> &str {
        match self {
            Target::User(id, _) => id.as_str(),
            Target::Group(id, _) => id.as_str(),
        }
    }

    pub fn name(&self) -> &str {
        match self {
            Target::User(_, name) | Target::Group(_, name) => name,
        }
    }

    fn resource(&self) -> String {
        match self {
            Target::User(id, _) => format!("user/{id}"),
            Target::Group(id, _) => format!("group/{id}"),
        }
    }
}

/// Attaching twice is fine.
pub async fn attach(
    app: &App,
    holder: Holder,
    wanted: Wanted,
    project: Option<String>,
) -> Result<Attached> {
    change(app, holder, wanted, project, true).await
}

pub async fn detach(
    app: &App,
    holder: Holder,
    wanted: Wanted,
    project: Option<String>,
) -> Result<Attached> {
    change(app, holder, wanted, project, false).await
}

async fn change(
    app: &App,
    holder: Holder,
    wanted: Wanted,
    project: Option<String>,
    attach: bool,
) -> Result<Attached> {
    if let Wanted::Document { text, .. } = &wanted {
        check_document(text)?;
    }
    let (owned, fresh_id) = (app.clone(), app.ids.next());
    app.db
        .write(async move |tx| {
            let domain = home(tx).await?;
            let (to, is_owner) = target(tx, &domain, &holder).await?;
            let project_id = match &project {
                Some(named) => Some(require_project(tx, &domain, named).await?.project_id),
                None => None,
            };
            let policy = match &wanted {
                Wanted::Named(named) => policies::find(tx, &domain, named)
                    .await?
                    .ok_or_else(|| missing("policy", named))?,
                Wanted::Document { stem, text } if attach => {
                    stored(&owned, tx, &domain, &fresh_id, stem, text).await?
                }
                Wanted::Document { stem, text } => {
                    let name = name_of(stem, text);
                    let found = policies::find(tx, &domain, &name).await?;
                    found.ok_or_else(|| missing("policy", &name))?
                }
            };
            let attached = Attached {
                policy,
                to,
                project_id,
                is_owner,
            };
            if attach {
                put(&owned, tx, &attached).await?;
            } else {
                remove(&owned, tx, &attached).await?;
            }
            Ok(attached)
        })
        .await
}

async fn target(tx: &mut Tx, domain: &DomainId, holder: &Holder) -> Result<(Target, bool)> {
    match holder {
        Holder::User(named) => {
            let user = require_user(tx, domain, named).await?;
            Ok((Target::User(user.user_id, user.name), user.is_owner))
        }
        Holder::Group(named) => {
            let group = require_group(tx, domain, named).await?;
            Ok((Target::Group(group.group_id, group.name), false))
        }
    }
}

fn name_of(stem: &str, text: &str) -> String {
    let stem: String = stem.chars().take(STEM).collect();
    let digest = HEXLOWER.encode(&Sha256::digest(text.as_bytes()));
    format!("{stem}-{}", &digest[..DIGITS])
}

/// The policy of a document, which is there or is made.
async fn stored(
    app: &App,
    tx: &mut Tx,
    domain: &DomainId,
    fresh_id: &str,
    stem: &str,
    text: &str,
) -> Result<Found> {
    let name = name_of(stem, text);
    check_policy_name(&name)?;
    if let Some(found) = policies::find(tx, domain, &name).await? {
        if found.document == text {
            return Ok(found);
        }
        // its document was changed since
        return Err(taken("policy", &name));
    }
    let policy = StoredPolicy {
        policy_id: fresh_id.to_owned(),
        domain_id: domain.clone(),
        name,
        description: String::new(),
        document: text.to_owned(),
        updated_at: app.clock.now(),
    };
    policies::insert(app, tx, &policy).await?;
    Ok(policy.into())
}

async fn put(app: &App, tx: &mut Tx, attached: &Attached) -> Result<()> {
    let Attached {
        policy,
        to,
        project_id,
        ..
    } = attached;
    let now = app.clock.now();
    let (id, project) = (&policy.policy_id, project_id.as_ref());
    if store::insert_attachment(tx, to.id(), id, project, now).await? {
        record(app, tx, "policy-attach", attached).await?;
    }
    Ok(())
}

async fn remove(app: &App, tx: &mut Tx, attached: &Attached) -> Result<()> {
    let Attached {
        policy,
        to,
        project_id,
        ..
    } = attached;
    let project = project_id.as_ref();
    if store::delete_attachment(tx, to.id(), &policy.policy_id, project).await? {
        return record(app, tx, "policy-detach", attached).await;
    }
    let place = match project {
        Some(project) => format!("in the project {project}"),
        None => "for all projects".to_owned(),
    };
    let (policy, holder) = (&policy.name, to.name());
    let message = format!("The policy {policy} is not attached to {holder} {place}.");
    Err(Error::new(ErrorCode::IamNotFound, message))
}

async fn record(app: &App, tx: &mut Tx, what: &str, attached: &Attached) -> Result<()> {
    let detail = json!({
        "holder_name": attached.to.name(),
        "policy_id": attached.policy.policy_id,
        "policy_name": attached.policy.name,
        "project_id": attached.project_id,
    });
    let event = event(app, what, attached.to.resource(), detail);
    audit::record(tx, &event).await
}
