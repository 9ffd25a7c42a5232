//! Who calls, and whether they may.

use std::net::IpAddr;
use std::sync::Arc;

use super::policy::{self, Decision, Grant, Policy, Question, Rest, Subject};
use super::{Action, Needs};
use crate::clock::Timestamp;
use crate::error::{Error, ErrorCode, Result};
use crate::ids::{AssetId, DomainId, InstanceId, ProjectId, UserId};

pub type PrincipalRef = Arc<Principal>;

/// A user as a credential names them.
#[derive(Debug, Clone)]
pub struct Principal {
    pub domain_id: DomainId,
    pub domain_name: String,
    pub user_id: UserId,
    pub user_name: String,
    /// The account's owner may do everything.
    pub is_owner: bool,
    /// Where the user may call, or the one project that a token was made for; with its name.
    pub projects: Vec<(ProjectId, String)>,
    /// What the policies of the user and of the user's groups say.
    pub grants: Vec<Grant>,
    /// What a temporary credential may do at most, of what the user may.
    pub session: Option<Grant>,
    /// When a token or a temporary credential ends; `None` for a permanent key.
    pub ends_at: Option<Timestamp>,
}

/// The principal behind a request, with what else the request says of its sender.
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
    /// This deployment, as policies name it.
    pub region: Arc<str>,
    /// What the endpoint needs, by the table.
    pub needs: Needs,
}

/// What a call is about, other than assets.
#[derive(Debug, Clone, Copy)]
pub enum Resource<'a> {
    Domain(&'a DomainId),
    /// A user of the caller's account.
    User(&'a UserId),
    Project(&'a ProjectId),
    Instance(&'a ProjectId, &'a InstanceId),
}

/// Assets that a call is about.
#[derive(Debug, Clone, Copy)]
pub enum Assets<'a> {
    /// One about to be made, with the app user that it will have.
    New(&'a ProjectId, Option<&'a str>),
    One(&'a ProjectId, &'a AssetId),
    /// Whichever the call finds.
    Any(&'a ProjectId),
}

impl<'a> Resource<'a> {
    fn project(self) -> Option<&'a ProjectId> {
        match self {
            Resource::Domain(_) | Resource::User(_) => None,
            Resource::Project(project) | Resource::Instance(project, _) => Some(project),
        }
    }

    fn subject(self) -> Subject<'a> {
        let (kind, id) = match self {
            Resource::Domain(id) => ("domain", id.as_str()),
            Resource::User(id) => ("user", id.as_str()),
            Resource::Project(id) => ("project", id.as_str()),
            Resource::Instance(_, id) => ("instance", id.as_str()),
        };
        Subject::Thing { kind, id }
    }
}

impl<'a> Assets<'a> {
    fn project(self) -> &'a ProjectId {
        match self {
            Assets::New(project, _) | Assets::One(project, _) | Assets::Any(project) => project,
        }
    }

    fn subject(self) -> Subject<'a> {
        match self {
            Assets::New(_, app_user) => Subject::NewAsset { app_user },
            Assets::One(_, id) => Subject::Asset {
                id: Some(id.as_str()),
            },
            Assets::Any(_) => Subject::Asset { id: None },
        }
    }
}

/// The leave to do one thing with assets. Where it hangs on the asset, the asset has to be held
/// against it.
#[derive(Debug, Clone)]
#[must_use]
pub struct Permit {
    pub action: Action,
    principal: PrincipalRef,
    /// All of them count.
    rests: Arc<[Rest]>,
}

impl Permit {
    /// Once the asset is known, before anything is done with it or told of it.
    pub fn covers(&self, asset: &AssetId, app_user: Option<&str>) -> Result<()> {
        let id = asset.as_str();
        if self.rests.iter().all(|rest| rest.covers(id, app_user)) {
            return Ok(());
        }
        Err(forbidden(&self.principal.user_name, self.action))
    }

    /// What is left to check of each asset; all of it counts.
    pub fn rests(&self) -> &[Rest] {
        &self.rests
    }

    /// For calls that can't tell one asset from another: only who may with all of them may.
    pub fn for_all(self) -> Result<Self> {
        if self.rests.is_empty() {
            return Ok(self);
        }
        Err(forbidden(&self.principal.user_name, self.action))
    }
}

impl Caller {
    /// Every endpoint asks this, or [`Caller::permit`], before it does anything; whether for what,
    /// the table of endpoints says.
    pub fn authorize(&self, resource: Resource<'_>) -> Result<()> {
        let who = &self.principal;
        let action = self.action()?;
        if let Resource::Domain(domain) = resource
            && *domain != who.domain_id
        {
            return Err(forbidden(&who.user_name, action));
        }
        let is_own = matches!(self.needs, Needs::OwnOr(_))
            && matches!(resource, Resource::User(user) if *user == who.user_id);
        let rests = self.ask(action, resource.project(), resource.subject(), is_own)?;
        debug_assert!(rests.is_empty(), "only what assets decide is left open");
        Ok(())
    }

    /// The same for assets.
    pub fn permit(&self, assets: Assets<'_>) -> Result<Permit> {
        self.permit_for(self.action()?, assets)
    }

    /// The same for an action that the body names, or that is needed beside the endpoint's own.
    pub fn permit_for(&self, action: Action, assets: Assets<'_>) -> Result<Permit> {
        let rests = self.ask(action, Some(assets.project()), assets.subject(), false)?;
        Ok(Permit {
            action,
            principal: Arc::clone(&self.principal),
            rests: rests.into(),
        })
    }

    fn action(&self) -> Result<Action> {
        let action = self.needs.action();
        action.ok_or_else(|| Error::internal("an endpoint whose action the table does not name"))
    }

    fn ask(
        &self,
        action: Action,
        project: Option<&ProjectId>,
        subject: Subject<'_>,
        is_own: bool,
    ) -> Result<Vec<Rest>> {
        let who = &self.principal;
        let question = Question {
            action,
            region: &self.region,
            domain_id: who.domain_id.as_str(),
            domain_name: &who.domain_name,
            user_id: who.user_id.as_str(),
            user_name: &who.user_name,
            project: project.map(|project| self.member_of(project)).transpose()?,
            address: self.address,
            subject,
        };
        let mut rests = Vec::new();
        if !who.is_owner {
            let decision = policy::decide(who.grants.iter(), &question, is_own);
            rests.extend(self.accept(decision, action)?);
        }
        if let Some(session) = &who.session {
            // not even one's own is free for whoever was narrowed down
            let decision = policy::decide(std::iter::once(session), &question, false);
            rests.extend(self.accept(decision, action)?);
        }
        Ok(rests)
    }

    fn accept(&self, decision: Decision, action: Action) -> Result<Option<Rest>> {
        match decision {
            Decision::Allowed => Ok(None),
            Decision::Depends(rest) => Ok(Some(rest)),
            Decision::Denied => Err(forbidden(&self.principal.user_name, action)),
        }
    }

    fn member_of<'a>(&'a self, project: &ProjectId) -> Result<(&'a ProjectId, &'a str)> {
        let mut projects = self.principal.projects.iter();
        if let Some((id, name)) = projects.find(|(id, _)| id == project) {
            return Ok((id, name));
        }
        let message = if project.as_str().contains('{') {
            "urlTenantId is not equal tokenTenantId: the URL has a placeholder where the project id \
             belongs; give the client its project id."
        } else {
            "urlTenantId is not equal tokenTenantId: the project in the URL is not the caller's."
        };
        Err(Error::new(ErrorCode::ProjectMismatch, message))
    }
}

impl Principal {
    /// A session's policy, read.
    pub fn session(text: &str) -> Result<Grant, String> {
        Ok(Grant {
            project: None,
            policy: Arc::new(Policy::parse(text)?),
        })
    }
}

fn forbidden(user: &str, action: Action) -> Error {
    Error::new(
        ErrorCode::Forbidden,
        format!(
            "privilege not found: the user {user} needs {} here.",
            action.name()
        ),
    )
}
