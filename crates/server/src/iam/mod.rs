//! Identity: domains, projects, users, access keys and tokens; who calls and what they may do.

pub mod action;
pub mod bootstrap;
mod caller;
pub mod domains;
pub mod endpoints;
pub mod identity;
pub mod model;
pub mod password;
pub mod policy;
pub mod projects;
pub mod store;
pub mod tokens;

pub use action::{Action, Actions};
pub use caller::{Assets, Caller, Permit, Principal, PrincipalRef, Resource};
pub use endpoints::Needs;
pub use identity::Identity;
