//! What people see of copies and do with them: an endpoint a file.

pub mod cancel;
pub mod complete;
pub mod files;
pub mod list;
pub mod project;
pub mod put_file;
pub mod retry;
mod view;

pub use view::{incoming, require};
