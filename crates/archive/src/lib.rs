//! Asset packages: a zip whose root is a BagIt bag.
//!
//! Nothing here does I/O, awaits, or knows a database. The writing side makes the bytes between the
//! users' files; the reading side is pushed bytes and answers with events. The format is described
//! in `docs/PACKAGE-FORMAT.md`, the reasons are in `docs/adr/0005-own-zip.md`.

pub mod bag;
mod deflate;
mod digest;
mod hex;
pub mod layout;
mod lines;
pub mod model;
mod path;
pub mod reader;
mod time;
mod zip;

pub use deflate::{Deflate, Deflated, deflate};
pub use digest::PackageDigest;
pub use hex::{InvalidHex, hex, parse_hex};
pub use lines::{LineTooLong, Lines};
pub use path::{EntryPath, InvalidPath, MAX_PATH_BYTES};
pub use time::{DosTime, Moment};
pub use zip::{EntryMeta, Method, central_header, end_of_directory, local_header};
