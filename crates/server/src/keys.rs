//! Secrets: the master key, what is sealed under it, what is derived from it.
//!
//! The master key is 32 bytes, kept in `master.key` of the data folder (made at the first start) or
//! given by `ENTREPOT_MASTER_KEY`; all nodes of a library share it. Nothing here prints a secret.

use std::fmt;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use aes_gcm::aead::{Aead, KeyInit};
use aes_gcm::{Aes256Gcm, Nonce};
use data_encoding::{BASE64, HEXLOWER};
use hkdf::Hkdf;
use rand::RngCore;
use sha2::{Digest, Sha256};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::error::{Error, Result};

/// Text that must not be printed; gone from memory when dropped.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Secret(String);

impl Secret {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
    pub fn expose(&self) -> &str {
        &self.0
    }
    /// `length` letters and digits, about 5.9 bits each.
    pub fn random(length: usize) -> Self {
        const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        Self(random_of(LETTERS, length))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl<'de> serde::Deserialize<'de> for Secret {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self)
    }
}

/// A public name for an access key: 20 capital letters and digits.
pub fn random_access_key() -> String {
    random_of(b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789", 20)
}

fn random_of(letters: &[u8], length: usize) -> String {
    use rand::Rng;
    let mut rng = rand::rng();
    (0..length)
        .map(|_| char::from(letters[rng.random_range(0..letters.len())]))
        .collect()
}

/// What tokens are stored and looked up as.
pub fn hash_token(token: &str) -> String {
    HEXLOWER.encode(&Sha256::digest(token.as_bytes()))
}

/// See the module.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct MasterKey([u8; 32]);

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(…)")
    }
}

impl MasterKey {
    pub fn random() -> Self {
        let mut key = [0; 32];
        rand::rng().fill_bytes(&mut key);
        Self(key)
    }

    /// Reads 32 bytes in base64.
    pub fn parse(text: &str) -> Result<Self, String> {
        let bytes = BASE64
            .decode(text.trim().as_bytes())
            .map_err(|_| "the master key must be base64".to_owned())?;
        let key = bytes
            .try_into()
            .map_err(|_| "the master key must be 32 bytes in base64".to_owned())?;
        Ok(Self(key))
    }

    /// Reads the key file, or makes it (mode 0600) where there is none.
    pub fn load_or_create(path: &Path) -> Result<Self, String> {
        let told = |e: std::io::Error| format!("master key file {}: {e}", path.display());
        match std::fs::read_to_string(path) {
            Ok(text) => return Self::parse(&text).map_err(|e| format!("{}: {e}", path.display())),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(told(error)),
        }
        let key = Self::random();
        write_private(path, BASE64.encode(&key.0).as_bytes()).map_err(told)?;
        Ok(key)
    }

    /// A key of its own for one purpose.
    pub fn derive(&self, purpose: &str) -> [u8; 32] {
        let mut key = [0; 32];
        Hkdf::<Sha256>::new(None, &self.0)
            .expand(purpose.as_bytes(), &mut key)
            .expect("32 bytes are within what HKDF-SHA256 gives");
        key
    }

    fn cipher(&self) -> Aes256Gcm {
        Aes256Gcm::new(&self.derive("entrepot sealed secrets v1").into())
    }

    /// AES-256-GCM under a fresh nonce, as text for a column.
    pub fn seal(&self, secret: &Secret) -> Result<String> {
        let mut nonce = [0; 12];
        rand::rng().fill_bytes(&mut nonce);
        let sealed = self
            .cipher()
            .encrypt(&Nonce::from(nonce), secret.expose().as_bytes())
            .map_err(|_| Error::internal("a secret could not be sealed"))?;
        Ok(format!(
            "v1:{}",
            BASE64.encode(&[&nonce[..], &sealed].concat())
        ))
    }

    pub fn open(&self, sealed: &str) -> Result<Secret> {
        let bad = || {
            Error::internal(
                "a stored secret does not open: is this the master key it was sealed under?",
            )
        };
        let text = sealed.strip_prefix("v1:").ok_or_else(bad)?;
        let bytes = BASE64.decode(text.as_bytes()).map_err(|_| bad())?;
        let (nonce, sealed) = bytes.split_first_chunk::<12>().ok_or_else(bad)?;
        let opened = self
            .cipher()
            .decrypt(&Nonce::from(*nonce), sealed)
            .map_err(|_| bad())?;
        String::from_utf8(opened).map(Secret).map_err(|_| bad())
    }
}

/// Writes a file that only its owner reads: whole or not at all, and durable.
pub fn write_private(path: &Path, content: &[u8]) -> std::io::Result<()> {
    let temporary = path.with_extension("tmp");
    let _ = std::fs::remove_file(&temporary);
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&temporary)?;
    file.write_all(content)?;
    file.sync_all()?;
    std::fs::rename(&temporary, path)?;
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_only_under_the_same_key() {
        let (key, other) = (MasterKey::random(), MasterKey::random());
        let sealed = key.seal(&Secret::new("s3cret")).unwrap();
        assert!(!sealed.contains("s3cret"));
        assert_eq!(key.open(&sealed).unwrap().expose(), "s3cret");
        assert!(other.open(&sealed).is_err());
    }

    #[test]
    fn secrets_do_not_print() {
        assert_eq!(format!("{:?}", Secret::new("s3cret")), "Secret(…)");
    }
}
