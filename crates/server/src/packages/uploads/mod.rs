//! Packages on their way in. A connection that is cut costs at most the entry that was under way:
//! an upload made by a call of its own (an extension) goes on after the last one that is stored.

pub mod create;
pub mod delete;
pub mod drop;
pub mod import;
pub mod model;
pub mod put;
pub mod rules;
pub mod show;
mod view;
