//! The digest that names a package: its `ETag`, and what a receipt carries.
//!
//! SHA-256 over, for every entry in order, its local header and the SHA-256 of its data as it
//! stands in the archive; then all from the central directory to the end. The server knows it
//! without reading users' bytes, and a client computes it while it downloads.

use sha2::{Digest, Sha256};

/// Computes the digest from what is known of each entry, in the archive's order.
#[derive(Clone, Default)]
pub struct PackageDigest(Sha256);

impl PackageDigest {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The next entry: its local header, and the SHA-256 of its data as in the archive.
    pub fn entry(&mut self, local_header: &[u8], data_sha256: &[u8; 32]) {
        self.0.update(local_header);
        self.0.update(data_sha256);
    }

    /// Bytes from the central directory on, in pieces of any size.
    pub fn tail(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    #[must_use]
    pub fn finish(self) -> [u8; 32] {
        self.0.finalize().into()
    }
}
