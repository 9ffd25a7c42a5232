//! Rows of identity.

use crate::clock::Timestamp;
use crate::ids::{DomainId, ProjectId, UserId};
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
}

#[derive(Debug, Clone)]
pub struct User {
    pub user_id: UserId,
    pub domain_id: DomainId,
    pub domain_name: String,
    pub name: String,
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
    pub issued_at: Timestamp,
    pub expires_at: Timestamp,
}
