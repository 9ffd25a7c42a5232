//! Identity: domains, projects, users, access keys and tokens; who calls and what they may do.

pub mod action;
pub mod administer;
pub mod auth_projects;
pub mod bootstrap;
mod caller;
pub mod credentials;
pub mod domains;
pub mod endpoints;
pub mod identity;
pub mod model;
pub mod password;
pub mod policy;
pub mod projects;
mod refusals;
mod rules;
pub mod security_tokens;
pub mod store;
pub mod tokens;
pub mod version;

pub use action::{Action, Actions};
pub use caller::{Assets, Caller, Permit, Principal, PrincipalRef, Resource};
pub use endpoints::Needs;
pub use identity::Identity;
