//! What an archive is made of: one stored object, the layout, has all of its bytes that are not
//! users' files, and says where those are.
//!
//! The layout object holds, one after the other:
//! * the deflated data of the entries that the server made, in any order;
//! * the archive's end as it is sent: central directory and end records;
//! * the table: a record of fixed size for each entry, in the archive's order (`record`);
//! * `package.json` once more, as it is, to the object's end.
//!
//! Local headers are not kept: each follows from its entry's central header and the package's time.
//! So a file costs some 350 bytes here, and no reader needs more than a few records at a time.

mod build;
mod read;
mod record;
mod spool;
mod stream;

use entrepot_blob::StorageKey;
use sha2::{Digest, Sha256};

pub use build::{Builder, Built, Items};
pub use read::{Entry, Layout};
pub use record::Source;
pub use spool::SourceFile;

/// A storage key that follows from a text, so that who comes later can find it without a record.
pub fn derived_key(text: &str) -> StorageKey {
    let digest = Sha256::digest(text.as_bytes());
    let hex = entrepot_archive::hex(&digest[..16]);
    StorageKey::parse(&hex).expect("16 bytes are 32 hex digits")
}
