//! Bytes: signed URLs, receiving and sending, content that is stored once, and the sweep.
//!
//! A blob is an immutable, ordered list of segments under storage keys of their own. A file refers
//! to a blob; a blob that nothing refers to any more is DYING, never used again, and unlinked after
//! a quarantine and a second look.

mod content;
pub mod content_type;
pub mod get;
pub mod headers;
pub mod put;
pub mod put_part;
mod range;
mod store;
pub mod sweep;
mod target;
mod urls;

pub use content::{Blocks, Content, digest, stream};
pub use entrepot_blob::{Digests, Hasher};
pub use headers::names_etag;
pub use range::{Wanted, wanted};
pub use store::{
    Part, claim, claim_stretches, drop_parts, identify, join_parts, list_contents, list_parts,
    release, release_all, require_content,
};
pub use target::Proof;
pub use urls::{Link, UrlSigner};
