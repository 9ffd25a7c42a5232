//! Asset packages: jobs that export, import and delete applications and tasks, and packages that
//! are downloaded once.
//!
//! An export (`contents`, `describe`) pins bytes and fixes a layout (`layout`); the zip comes to be
//! while it is sent (`archives`, `delivery`). An import takes a package apart as it arrives
//! (`uploads`, `receive`), checks all of it, and applies it in a job.

pub mod administer;
pub mod apply;
pub mod archives;
pub mod check;
mod contents;
pub mod delete;
mod delete_job;
pub mod delivery;
mod describe;
pub mod expiry;
pub mod export;
mod export_job;
pub mod import;
pub mod import_items;
pub mod import_job;
pub mod jobs;
pub mod layout;
mod meter;
pub mod model;
pub mod once;
pub mod receive;
mod requested;
pub mod store;
mod unpacked;
pub mod upkeep;
pub mod uploads;
mod work;

pub use delete_job::DeleteAssets;
pub use export_job::ExportAssets;
pub use layout::Layout;
pub use model::{Archive, ArchiveState, AssetJob, AssetJobStatus, AssetJobType};
