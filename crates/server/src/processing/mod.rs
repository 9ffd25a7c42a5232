//! What the server makes of main files: metadata, thumbnails, covers, pages of decks.
//!
//! A main file that is ready puts a job into the queue, in the same transaction. The job lends the
//! bytes to a child process that is locked in (`entrepot_media`), stores what it made, and writes
//! everything in one transaction that also ends the job. A file that nothing can be made of ends
//! with a reason in `error_info`, and is not tried again unless an administrator asks for it.
//!
//! | file | what it does |
//! |---|---|
//! | `begin` | which files are looked at, and the queue |
//! | `job` | one attempt, from the queue to the end |
//! | `lend` | where the child finds the bytes |
//! | `look` | hears the child, stores what it made |
//! | `apply` | the transaction at the end |
//! | `meta` | metadata as `asset_extra_meta` has it; pure |
//! | `reasons` | codes of 'no preview, and why' |
//! | `thumbnail` | `GET /objects/…/thumbnail/…` |
//! | `administer` | processing again |

pub mod administer;
mod apply;
mod begin;
mod job;
mod lend;
mod look;
pub mod meta;
mod model;
pub mod reasons;
pub mod scratch;
mod store;
pub mod thumbnail;

pub use begin::{begin, begin_pages, begin_thumbnail};
pub use job::{ProcessDeck, ProcessMedia};
pub use model::family_of;
pub use store::{find_webp, forget};
