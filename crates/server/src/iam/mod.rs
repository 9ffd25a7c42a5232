//! Identity: domains, projects, users, access keys and tokens; who calls and what they may do.

pub mod action;
pub mod bootstrap;
mod caller;
pub mod domains;
pub mod endpoints;
mod identities;
pub mod model;
pub mod password;
pub mod projects;
pub mod store;
pub mod tokens;

pub use action::{Action, Actions};
pub use caller::{Caller, Principal, PrincipalRef, Resource};
pub use identities::{Identities, by_access_key, by_token};
