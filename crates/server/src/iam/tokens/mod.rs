//! `/v3/auth/tokens`: tokens, which stand for a user for a day.

mod catalog;
pub mod create;
pub mod delete;
mod prove;
pub mod show;
mod subject;
mod view;

pub use subject::{Subject, find_by_hash};
