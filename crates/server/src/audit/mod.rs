//! The audit: who did what, from where, and how it ended. Rows are only ever added.
//!
//! A feature records an [`Event`] inside the transaction that does the thing.

pub mod model;
pub mod store;

pub use model::{Event, Outcome};
pub use store::{Filter, list, record};
