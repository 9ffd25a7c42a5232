//! `/v3.0/OS-CREDENTIAL/credentials`: permanent access keys.

pub mod create;
pub mod delete;
pub mod list;
pub mod show;
mod target;
pub mod update;
mod view;

pub use create::{insert, make};
