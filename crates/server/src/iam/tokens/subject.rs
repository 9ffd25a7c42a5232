//! A token that is looked into: whose it is, and whether it still counts.

use http::HeaderMap;

use crate::clock::Timestamp;
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::iam::model::{Project, StoredToken, User};
use crate::iam::refusals::{invalid, not_found};
use crate::iam::{Caller, store};
use crate::keys;

#[derive(Debug, Clone)]
pub struct Subject {
    pub token: StoredToken,
    pub user: User,
    /// The scope; `None` is the whole domain.
    pub project: Option<Project>,
}

/// A token that its user could call with now.
pub async fn find_by_hash(tx: &mut Tx, hash: &str, now: Timestamp) -> Result<Option<Subject>> {
    let Some(token) = store::find_token(tx, hash).await? else {
        return Ok(None);
    };
    let user = store::find_user(tx, &token.user_id).await?;
    let Some(user) = user.filter(|user| user.enabled && now < token.expires_at) else {
        return Ok(None);
    };
    let Some(wanted) = &token.project_id else {
        return Ok(Some(Subject {
            token,
            user,
            project: None,
        }));
    };
    let mut projects = store::list_projects_of(tx, &user).await?.into_iter();
    let found = projects.find(|project| project.project_id == *wanted);
    Ok(found.map(|project| Subject {
        token,
        user,
        project: Some(project),
    }))
}

/// The hash of `X-Subject-Token`.
pub(super) fn hash_in(headers: &HeaderMap) -> Result<String> {
    let token = headers.get("x-subject-token").and_then(|v| v.to_str().ok());
    let token = token.filter(|token| !token.is_empty());
    let token = token.ok_or_else(|| invalid("the header X-Subject-Token is missing"))?;
    Ok(keys::hash_token(token))
}

/// The token of `X-Subject-Token`, if it is of the caller's account.
pub(super) async fn require(
    tx: &mut Tx,
    hash: &str,
    now: Timestamp,
    caller: &Caller,
) -> Result<Subject> {
    let found = find_by_hash(tx, hash, now).await?;
    found
        .filter(|subject| subject.user.domain_id == caller.principal.domain_id)
        .ok_or_else(unknown)
}

fn unknown() -> Error {
    not_found("token: it is unknown, has expired, or is not of this account")
}
