//! Asset packages: jobs that export, import and delete applications and tasks, and packages that
//! are downloaded once.
//!
//! An export pins bytes and fixes a layout (`layout`); the zip comes to be while it is sent
//! (`archives`, `delivery`). An import takes a package apart as it arrives (`uploads`, `receive`),
//! checks all of it, and applies it in a job.

pub mod archives;
pub mod delivery;
pub mod expiry;
pub mod jobs;
mod layout;
pub mod model;
pub mod once;
pub mod store;
pub mod upkeep;
mod work;

pub use model::{Archive, ArchiveState, AssetJob, AssetJobStatus, AssetJobType};
