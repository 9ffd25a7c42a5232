//! Policies: those that somebody wrote, beside the built-in ones.

use serde_json::json;

use super::{event, home, missing, refused, taken};
use crate::app::App;
use crate::audit;
use crate::clock::Timestamp;
use crate::db::Tx;
use crate::error::{Error, ErrorCode, Result};
use crate::iam::model::{Attachment, StoredPolicy};
use crate::iam::policy::Policy;
use crate::iam::policy::builtin::{self, Builtin};
use crate::iam::rules::{check_description, check_policy_name};
use crate::iam::store;
use crate::ids::DomainId;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub policy_id: String,
    pub name: String,
    pub description: String,
    /// JSON.
    pub document: String,
    pub is_builtin: bool,
    /// Of one that somebody wrote.
    pub updated_at: Option<Timestamp>,
    /// To whom it is attached.
    pub attachments: Vec<Attachment>,
}

impl From<&Builtin> for Found {
    fn from(builtin: &Builtin) -> Self {
        Self {
            policy_id: builtin.name.into(),
            name: builtin.name.into(),
            description: builtin.description.into(),
            document: builtin.document.into(),
            is_builtin: true,
            updated_at: None,
            attachments: Vec::new(),
        }
    }
}

impl From<StoredPolicy> for Found {
    fn from(policy: StoredPolicy) -> Self {
        Self {
            policy_id: policy.policy_id,
            name: policy.name,
            description: policy.description,
            document: policy.document,
            is_builtin: false,
            updated_at: Some(policy.updated_at),
            attachments: Vec::new(),
        }
    }
}

impl Found {
    /// Patterns that match no action here.
    pub fn warnings(&self) -> Vec<String> {
        let read = Policy::parse(&self.document);
        read.map_or_else(|_| Vec::new(), |policy| policy.warnings().to_vec())
    }
}

/// What is `None` stays as it is.
#[derive(Debug, Clone, Default)]
pub struct Change {
    pub description: Option<String>,
    pub document: Option<String>,
}

pub(super) fn check_document(document: &str) -> Result<()> {
    match Policy::parse(document) {
        Ok(_) => Ok(()),
        Err(why) => Err(Error::parameter("policy", format!("is not valid: {why}"))),
    }
}

pub async fn create(app: &App, name: &str, description: &str, document: &str) -> Result<Found> {
    check_policy_name(name)?;
    check_description(description)?;
    check_document(document)?;
    let (owned, id) = (app.clone(), app.ids.next());
    let (name, description) = (name.to_owned(), description.to_owned());
    let document = document.to_owned();
    app.db
        .write(async move |tx| {
            let policy = StoredPolicy {
                policy_id: id.clone(),
                domain_id: home(tx).await?,
                name: name.clone(),
                description: description.clone(),
                document: document.clone(),
                updated_at: owned.clock.now(),
            };
            insert(&owned, tx, &policy).await?;
            Ok(Found::from(policy))
        })
        .await
}

pub(super) async fn insert(app: &App, tx: &mut Tx, policy: &StoredPolicy) -> Result<()> {
    let name = &policy.name;
    let there = store::find_policy_by_name(tx, &policy.domain_id, name).await?;
    if there.is_some() || builtin::find(name).is_some() {
        return Err(taken("policy", name));
    }
    store::insert_policy(tx, policy).await?;
    record(app, tx, "policy-create", policy).await
}

async fn record(app: &App, tx: &mut Tx, what: &str, policy: &StoredPolicy) -> Result<()> {
    let resource = format!("policy/{}", policy.policy_id);
    let detail = json!({"name": policy.name, "document": policy.document});
    let event = event(app, what, resource, detail);
    audit::record(tx, &event).await
}

/// The built-in ones first.
pub async fn list(app: &App) -> Result<Vec<Found>> {
    app.db
        .snapshot(async |tx| {
            let domain = home(tx).await?;
            let mut all: Vec<Found> = builtin::ALL.iter().map(Found::from).collect();
            let written = store::list_all_policies(tx).await?.into_iter();
            let written = written.filter(|policy| policy.domain_id == domain);
            all.extend(written.map(Found::from));
            for found in &mut all {
                found.attachments = attachments(tx, &found.policy_id).await?;
            }
            Ok(all)
        })
        .await
}

/// To users and groups that are there; a built-in policy belongs to every account.
async fn attachments(tx: &mut Tx, policy_id: &str) -> Result<Vec<Attachment>> {
    store::list_attachments_of_policy(tx, policy_id).await
}

/// By name or id, built-in ones too.
pub(super) async fn find(tx: &mut Tx, domain: &DomainId, named: &str) -> Result<Option<Found>> {
    if let Some(builtin) = builtin::find(named) {
        return Ok(Some(builtin.into()));
    }
    let found = find_written(tx, domain, named).await?;
    Ok(found.map(Found::from))
}

async fn find_written(tx: &mut Tx, domain: &DomainId, named: &str) -> Result<Option<StoredPolicy>> {
    if let Some(found) = store::find_policy_by_name(tx, domain, named).await? {
        return Ok(Some(found));
    }
    let by_id = store::find_policy(tx, named).await?;
    Ok(by_id.filter(|policy| policy.domain_id == *domain))
}

/// One that may be changed.
async fn require_written(tx: &mut Tx, domain: &DomainId, named: &str) -> Result<StoredPolicy> {
    if builtin::find(named).is_some() {
        return Err(refused(format!(
            "{named} is a built-in policy: it can't be changed or deleted."
        )));
    }
    let found = find_written(tx, domain, named).await?;
    found.ok_or_else(|| missing("policy", named))
}

pub async fn show(app: &App, named: &str) -> Result<Found> {
    let named = named.to_owned();
    app.db
        .snapshot(async move |tx| {
            let domain = home(tx).await?;
            let found = find(tx, &domain, &named).await?;
            let mut found = found.ok_or_else(|| missing("policy", &named))?;
            found.attachments = attachments(tx, &found.policy_id).await?;
            Ok(found)
        })
        .await
}

/// It counts at once for everybody who has it.
pub async fn update(app: &App, named: &str, change: Change) -> Result<Found> {
    if let Some(description) = &change.description {
        check_description(description)?;
    }
    if let Some(document) = &change.document {
        check_document(document)?;
    }
    let (owned, named) = (app.clone(), named.to_owned());
    app.db
        .write(async move |tx| {
            let domain = home(tx).await?;
            let mut policy = require_written(tx, &domain, &named).await?;
            if let Some(description) = &change.description {
                policy.description.clone_from(description);
            }
            if let Some(document) = &change.document {
                policy.document.clone_from(document);
            }
            policy.updated_at = owned.clock.now();
            store::update_policy(tx, &policy).await?;
            record(&owned, tx, "policy-update", &policy).await?;
            Ok(Found::from(policy))
        })
        .await
}

/// Refused while somebody has it, unless it is to be taken from them.
pub async fn delete(app: &App, named: &str, force: bool) -> Result<Found> {
    let (owned, named) = (app.clone(), named.to_owned());
    app.db
        .write(async move |tx| {
            let domain = home(tx).await?;
            let policy = require_written(tx, &domain, &named).await?;
            let attached = attachments(tx, &policy.policy_id).await?;
            if !attached.is_empty() && !force {
                let holders: Vec<_> = attached.iter().map(holder).collect();
                let message = format!(
                    "The policy {} is attached to {}: detach it first, or detach and delete it \
                     with --force.",
                    policy.name,
                    holders.join(", ")
                );
                return Err(Error::new(ErrorCode::Forbidden, message));
            }
            store::delete_policy(tx, &policy.policy_id).await?;
            record(&owned, tx, "policy-delete", &policy).await?;
            let mut found = Found::from(policy);
            found.attachments = attached;
            Ok(found)
        })
        .await
}

fn holder(attachment: &Attachment) -> String {
    match (&attachment.user_name, &attachment.group_name) {
        (Some(user), _) => format!("the user {user}"),
        (None, Some(group)) => format!("the group {group}"),
        (None, None) => attachment.holder_id.clone(),
    }
}
