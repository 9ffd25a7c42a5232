//! Passwords: Argon2id, away from the request threads and few at a time, since each needs 19 MiB.

use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use tokio::sync::Semaphore;

use crate::error::{Error, Result};
use crate::keys::Secret;

static AT_A_TIME: Semaphore = Semaphore::const_new(2);

pub fn hash(password: &Secret) -> Result<Secret> {
    let hash = Argon2::default()
        .hash_password(password.expose().as_bytes())
        .map_err(Error::internal)?;
    Ok(Secret::new(hash.to_string()))
}

/// Takes as long for a user who is not there, so that names can't be guessed by time.
pub async fn verify(password: Secret, hash: Option<Secret>) -> Result<bool> {
    let _permit = AT_A_TIME.acquire().await.map_err(Error::internal)?;
    let check = move || {
        let Some(hash) = hash else {
            let _ = self::hash(&password);
            return false;
        };
        PasswordHash::new(hash.expose()).is_ok_and(|parsed| {
            Argon2::default()
                .verify_password(password.expose().as_bytes(), &parsed)
                .is_ok()
        })
    };
    tokio::task::spawn_blocking(check)
        .await
        .map_err(Error::internal)
}
