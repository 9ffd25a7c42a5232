//! Files of assets: declaring, receiving, completing, deleting them.
//!
//! Bytes themselves come and go in `objects`; other features use only what is re-exported here.

pub mod complete;
pub mod create;
pub mod create_large;
pub mod declare;
pub mod delete;
pub mod hash;
pub mod model;
pub mod part_urls;
pub mod rules;
pub mod store;
pub mod unfinished;
pub mod view;

pub use model::{Category, File, FileState};
pub use store::{Digests, delete_all, forget_all, has_any, is_id_taken, list_with_digests};
pub use view::list_infos;
