//! AES-256-GCM under a fresh nonce, as text for a column, and keys derived by HKDF-SHA256.

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use data_encoding::BASE64;
use hkdf::Hkdf;
use rand::RngCore;
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::error::{Error, Result};

pub type Key = Zeroizing<[u8; 32]>;

pub fn random_key() -> Key {
    let mut key = Key::default();
    rand::rng().fill_bytes(key.as_mut());
    key
}

/// A key of its own for one purpose.
pub fn derive(key: &[u8; 32], purpose: &str) -> Key {
    let mut derived = Key::default();
    Hkdf::<Sha256>::new(None, key)
        .expand(purpose.as_bytes(), derived.as_mut())
        .expect("32 bytes are within what HKDF-SHA256 gives");
    derived
}

/// Base64 of nonce and ciphertext; it opens only with the same `bound`.
pub fn seal(key: &Key, bound: &str, content: &[u8]) -> Result<String> {
    let mut nonce = [0; 12];
    rand::rng().fill_bytes(&mut nonce);
    let payload = Payload {
        msg: content,
        aad: bound.as_bytes(),
    };
    let sealed = Aes256Gcm::new((&**key).into())
        .encrypt(&Nonce::from(nonce), payload)
        .map_err(|_| Error::internal("a secret could not be sealed"))?;
    Ok(BASE64.encode(&[&nonce[..], &sealed].concat()))
}

pub fn open(key: &Key, bound: &str, text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let bytes = BASE64.decode(text.as_bytes()).ok()?;
    let (nonce, sealed) = bytes.split_first_chunk::<12>()?;
    let payload = Payload {
        msg: sealed,
        aad: bound.as_bytes(),
    };
    let opened = Aes256Gcm::new((&**key).into()).decrypt(&Nonce::from(*nonce), payload);
    opened.ok().map(Zeroizing::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_only_under_the_same_key_and_where_it_belongs() {
        let (key, other) = (random_key(), random_key());
        let sealed = seal(&key, "here", b"s3cret").unwrap();
        assert_eq!(&**open(&key, "here", &sealed).unwrap(), b"s3cret");
        assert!(open(&other, "here", &sealed).is_none());
        assert!(open(&key, "there", &sealed).is_none());
        assert_ne!(sealed, seal(&key, "here", b"s3cret").unwrap());
    }
}
