//! Digital assets: what they are, which steps they may take, how they are found.
//!
//! An endpoint a file; rules in `rules` and `state`; SQL in `store` and `search`. Other features
//! use only what is re-exported here.

pub mod batch_action;
pub mod blocking;
pub mod create;
pub mod delete;
pub mod filter;
pub mod list;
pub mod model;
pub mod restore;
pub mod rules;
pub mod search;
pub mod show;
pub mod state;
pub mod steps;
pub mod store;
pub mod summarys;
pub mod update;
pub mod view;

pub use model::{Asset, AssetType};
pub use state::{AssetState, Step};
pub use steps::{
    change, forget_purged, permitted, purge_bin, require, take_main_file_step, take_step,
};
pub use store::{find_anywhere, is_id_taken, list_blocked, list_by_ids, list_namesakes};
