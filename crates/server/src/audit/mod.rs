//! The audit: who did what, from where, and how it ended. Rows are only ever added, and forgotten
//! when they are old.
//!
//! A feature records an [`Event`] inside the transaction that does the thing. What has no
//! transaction, such as bytes that are handed out and calls that are refused, goes through the
//! [`Buffer`].

pub mod buffer;
pub mod list;
pub mod model;
pub mod store;
pub mod tidy;
pub mod view;

pub use buffer::Buffer;
pub use model::{About, Event, Outcome};
pub use store::{Filter, list, list_after, record, record_all};
pub use tidy::TidyAudit;
