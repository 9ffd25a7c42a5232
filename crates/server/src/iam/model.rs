//! Rows of identity.

use crate::clock::Timestamp;
use crate::ids::{DomainId, GroupId, ProjectId, UserId};
use crate::keys::Secret;

#[derive(Debug, Clone)]
pub struct Domain {
    pub domain_id: DomainId,
    pub name: String,
}

#[derive(Debug, Clone)]
pub struct Project {
    pub project_id: ProjectId,
    pub domain_id: DomainId,
    pub name: String,
    pub description: String,
}

#[derive(Debug, Clone)]
pub struct User {
    pub user_id: UserId,
    pub domain_id: DomainId,
    pub domain_name: String,
    pub name: String,
    pub description: String,
    /// Argon2id, in the PHC string format.
    pub password_hash: Secret,
    pub is_owner: bool,
    pub enabled: bool,
}

/// A token that was handed out, known by its hash only.
#[derive(Debug, Clone)]
pub struct StoredToken {
    pub user_id: UserId,
    pub project_id: Option<ProjectId>,
    /// How the caller proved who it was: `password`, `token`.
    pub methods: Vec<String>,
    pub issued_at: Timestamp,
    pub expires_at: Timestamp,
}

/// An access key: a permanent one, or a temporary one, which has an end and all that follows it.
#[derive(Debug, Clone)]
pub struct StoredKey {
    pub access_key: String,
    pub user_id: UserId,
    /// The secret under the master key.
    pub sealed: String,
    pub enabled: bool,
    pub description: String,
    pub created_at: Timestamp,
    pub last_used_at: Option<Timestamp>,
    /// Of temporary keys, as all below.
    pub expires_at: Option<Timestamp>,
    /// The SHA-256 of what must be sent as `X-Security-Token`.
    pub security_token: Option<String>,
    /// The scope of the token that it was made with; `None` is the whole domain.
    pub project_id: Option<ProjectId>,
    /// JSON: what the key may do at most.
    pub session_policy: Option<String>,
}

impl StoredKey {
    pub fn permanent(access_key: &str, user: &UserId, sealed: &str, now: Timestamp) -> Self {
        Self {
            access_key: access_key.to_owned(),
            user_id: user.clone(),
            sealed: sealed.to_owned(),
            enabled: true,
            description: String::new(),
            created_at: now,
            last_used_at: None,
            expires_at: None,
            security_token: None,
            project_id: None,
            session_policy: None,
        }
    }
}

#[derive(Debug, Clone)]
pub struct Group {
    pub group_id: GroupId,
    pub domain_id: DomainId,
    pub name: String,
    pub description: String,
}

/// A policy that somebody wrote; the built-in ones are in the program.
#[derive(Debug, Clone)]
pub struct StoredPolicy {
    pub policy_id: String,
    pub domain_id: DomainId,
    pub name: String,
    pub description: String,
    /// JSON.
    pub document: String,
    pub updated_at: Timestamp,
}

/// A policy that counts for a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredGrant {
    /// Where it counts; `None` is every project of the user.
    pub project_id: Option<ProjectId>,
    pub policy_id: String,
    /// `None` where the policy is a built-in one, whose id is its name.
    pub document: Option<String>,
}

/// A policy and who has it: a user or a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    pub holder_id: String,
    pub policy_id: String,
    pub policy_name: String,
    pub project_id: Option<ProjectId>,
    pub user_name: Option<String>,
    pub group_name: Option<String>,
}
