//! Tasks of an instance: definitions that are kept and carried in packages. Nothing runs them.

pub mod create;
pub mod delete;
pub mod list;
pub mod show;
pub mod update;
pub mod view;
