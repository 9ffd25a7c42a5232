//! The embedded service: tokens and signatures of access keys, by what the metadata database knows.

use std::sync::Arc;

use http::header::AUTHORIZATION;

use super::known::{Known, KnownKey};
use super::{Proven, Request, proof};
use crate::app::App;
use crate::clock::Timestamp;
use crate::error::{Error, ErrorCode, Result};
use crate::http::signature::Authorization;
use crate::iam::PrincipalRef;
use crate::keys;

const MAX_TOKEN: usize = 16384;
const MAX_ACCESS_KEY: usize = 128;
const LONGEST_SHOWN: usize = 32;

#[derive(Debug)]
pub struct Embedded {
    pub(super) region: Arc<str>,
    known: Known,
}

impl Embedded {
    pub fn new(region: &str) -> Self {
        Self {
            region: region.into(),
            known: Known::default(),
        }
    }

    /// A token or a signature: where both are sent, either is enough.
    pub(super) async fn authenticate(&self, app: &App, request: Request<'_>) -> Result<Proven> {
        let headers = &request.parts.headers;
        let has_signature = headers.contains_key(AUTHORIZATION);
        if headers.contains_key("x-auth-token") {
            match self.by_token(app, request).await {
                Err(error) if has_signature && error.code == ErrorCode::Unauthenticated => {}
                outcome => return Ok((outcome?, None)),
            }
        }
        if has_signature {
            return self.by_signature(app, request).await;
        }
        Err(refused("x-auth-token not found"))
    }

    async fn by_token(&self, app: &App, request: Request<'_>) -> Result<PrincipalRef> {
        let token = request.parts.headers.get("x-auth-token");
        let token = token.and_then(|v| v.to_str().ok());
        let Some(token) = token.filter(|t| !t.is_empty() && t.len() <= MAX_TOKEN) else {
            return Err(refused("decrypt token fail"));
        };
        let found = self.known.by_token(app, &keys::hash_token(token)).await?;
        let principal = found.ok_or_else(|| refused("decrypt token fail"))?;
        check_end(app.clock.now(), principal.ends_at)?;
        Ok(principal)
    }

    async fn by_signature(&self, app: &App, request: Request<'_>) -> Result<Proven> {
        let header = request.parts.headers.get(AUTHORIZATION);
        let header = header.and_then(|v| v.to_str().ok()).unwrap_or_default();
        let authorization = Authorization::parse(header)
            .map_err(|why| refused(format!("verify aksk signature fail: {why}")))?;
        let date = proof::checked_date(app.clock.now(), &authorization, &request.parts.headers)?;
        let hashes = proof::payload_hashes(&request.parts.headers, request.payload)?;

        let access_key = authorization.access_key.as_str();
        if app.lockout.is_locked(access_key, request.address) {
            return Err(refused("AK access failed to reach the limit,forbidden"));
        }
        let failed = |error| {
            app.lockout.failed(access_key, request.address);
            error
        };
        let found = if access_key.len() <= MAX_ACCESS_KEY {
            self.known.by_access_key(app, access_key).await?
        } else {
            None
        };
        let Some(known) = found else {
            let shown = shown(access_key);
            let why = format!("Get secretKey failed,ak:{shown},err:ak not exist");
            return Err(failed(refused(why)));
        };
        let secret = known.secret.expose();
        proof::verify(&authorization, request, date, hashes, secret).map_err(failed)?;
        check_security_token(&known, request).map_err(failed)?;
        app.lockout.succeeded(access_key, request.address);
        check_end(app.clock.now(), known.principal.ends_at)?;
        known.note_use(app, access_key).await;
        Ok((Arc::clone(&known.principal), Some(authorization.access_key)))
    }
}

/// Where an access key belongs, somebody may have put the secret, which is longer.
fn shown(access_key: &str) -> String {
    if access_key.len() <= LONGEST_SHOWN {
        return access_key.to_owned();
    }
    let begin: String = access_key.chars().take(4).collect();
    format!(
        "{begin}… ({} bytes: is that an access key?)",
        access_key.len()
    )
}

/// A temporary key signs together with the security token that came with it.
fn check_security_token(known: &KnownKey, request: Request<'_>) -> Result<()> {
    let Some(expected) = &known.security_token else {
        return Ok(());
    };
    let given = request.parts.headers.get("x-security-token");
    let Some(given) = given.and_then(|v| v.to_str().ok()) else {
        return Err(refused(
            "verify aksk signature fail: a temporary access key needs the header X-Security-Token",
        ));
    };
    if crate::http::signature::matches(expected, &keys::hash_token(given)) {
        return Ok(());
    }
    Err(refused(
        "verify aksk signature fail: X-Security-Token is not the one of this access key",
    ))
}

fn check_end(now: Timestamp, ends_at: Option<Timestamp>) -> Result<()> {
    match ends_at {
        Some(at) if now >= at => {
            let at = at.rfc3339_micros();
            Err(refused(format!("token expires, expires_at: {at}")))
        }
        _ => Ok(()),
    }
}

pub(super) fn refused(why: impl std::fmt::Display) -> Error {
    Error::new(
        ErrorCode::Unauthenticated,
        format!("Incorrect IAM authentication information: {why}"),
    )
}
