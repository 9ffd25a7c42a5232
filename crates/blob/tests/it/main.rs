//! One suite for every kind of storage, and what only a disk can be asked.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on is to panic")]
#![expect(
    clippy::disallowed_methods,
    reason = "compared with the file system's own times"
)]

mod digests;
mod disk;
mod faults;
mod objects;
mod places;
