//! Identity: domains, projects, users, access keys and tokens; who calls and what they may do.

pub mod action;
pub mod bootstrap;
mod caller;
pub mod domains;
mod identities;
pub mod model;
pub mod password;
pub mod projects;
pub mod store;
pub mod tokens;

pub use action::Action;
pub use caller::{Caller, Identity, IdentityRef, Resource};
pub use identities::{Identities, by_access_key, by_token};
