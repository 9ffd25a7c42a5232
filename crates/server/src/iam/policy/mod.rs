//! Policies: what a user may do, in the vendor's JSON (Version 1.1).
//!
//! [`document`] reads and checks the text, [`pattern`] matches names, [`evaluate`] decides:
//! a Deny beats every Allow, and what nothing allows is denied. Where the answer hangs on an asset
//! that is not known yet, what is left to check is a [`Rest`], which goes with the permit.

pub mod builtin;
mod document;
mod evaluate;
mod pattern;
mod rest;

pub use document::{Condition, Effect, Key, MAX_DOCUMENT, Policy, Statement};
pub use evaluate::{Decision, Grant, Question, Subject, decide};
pub use pattern::Pattern;
pub use rest::{Clause, Rest};
