//! Who calls, and whether they may.

use std::net::IpAddr;
use std::sync::Arc;

use super::Action;
use crate::error::{Error, ErrorCode, Result};
use crate::ids::{AssetId, DomainId, ProjectId, UserId};

pub type PrincipalRef = Arc<Principal>;

/// A user as a credential names them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    pub domain_id: DomainId,
    pub domain_name: String,
    pub user_id: UserId,
    pub user_name: String,
    /// The account's owner may do everything.
    pub is_owner: bool,
    /// The projects of the account, or the one that a token was made for.
    pub projects: Vec<ProjectId>,
}

/// The identity behind a request, with what else the request says of its sender.
#[derive(Debug, Clone)]
pub struct Caller {
    pub principal: PrincipalRef,
    /// `X-App-UserId`: the user of the caller's own platform.
    pub app_user_id: Option<String>,
    pub address: Option<IpAddr>,
    /// The key that signed; absent with a token.
    pub access_key: Option<String>,
    /// `X-Request-Id` of the answer.
    pub request_id: String,
}

/// What a call is about.
#[derive(Debug, Clone, Copy)]
pub enum Resource<'a> {
    Domain(&'a DomainId),
    Project(&'a ProjectId),
    Asset(&'a ProjectId, &'a AssetId),
}

impl Caller {
    /// Every endpoint asks this before it does anything.
    pub fn authorize(&self, action: Action, resource: Resource<'_>) -> Result<()> {
        match resource {
            Resource::Domain(domain) if *domain != self.principal.domain_id => {
                return Err(self.forbidden(action));
            }
            Resource::Domain(_) => {}
            Resource::Project(project) | Resource::Asset(project, _) => {
                self.check_project(project)?;
            }
        }
        // policies for users other than the owner come in here
        if self.principal.is_owner {
            return Ok(());
        }
        Err(self.forbidden(action))
    }

    fn check_project(&self, project: &ProjectId) -> Result<()> {
        if self.principal.projects.contains(project) {
            return Ok(());
        }
        let message = if project.as_str().contains('{') {
            "urlTenantId is not equal tokenTenantId: the URL has a placeholder where the project id \
             belongs; give the client its project id."
        } else {
            "urlTenantId is not equal tokenTenantId: the project in the URL is not the caller's."
        };
        Err(Error::new(ErrorCode::ProjectMismatch, message))
    }

    fn forbidden(&self, action: Action) -> Error {
        let (user, action) = (&self.principal.user_name, action.name());
        Error::new(
            ErrorCode::Forbidden,
            format!("privilege not found: the user {user} needs {action} here."),
        )
    }
}
