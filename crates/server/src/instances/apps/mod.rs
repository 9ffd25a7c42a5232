//! Applications of an instance.

pub mod create;
pub mod delete;
pub mod digital_assets;
pub mod list;
pub mod secret;
pub mod show;
pub mod update;
pub mod validate;
pub mod view;
