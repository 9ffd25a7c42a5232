//! Whether a request was signed with a secret: its date, the hash of its body, its canonical form.

use std::time::Duration;

use http::HeaderMap;

use super::Request;
use super::embedded::refused;
use crate::clock::Timestamp;
use crate::error::Result;
use crate::http::signature::{
    self, Authorization, CONTENT_HEADER, DATE_HEADER, UNSIGNED_PAYLOAD, canonical_request,
};

const SKEW: Duration = Duration::from_mins(15);

/// What is known of a body when its sender is found out.
#[derive(Debug, Clone, Copy)]
pub enum Payload<'a> {
    Read(&'a [u8]),
    /// Read as it arrives: the signature may not cover it.
    Streamed,
}

/// The date that was signed, if the clocks agree.
pub fn checked_date<'a>(
    now: Timestamp,
    authorization: &Authorization,
    headers: &'a HeaderMap,
) -> Result<&'a str> {
    let date = headers.get(DATE_HEADER).and_then(|v| v.to_str().ok());
    let Some(date) = date.filter(|_| authorization.signs(DATE_HEADER)) else {
        return Err(refused(
            "verify aksk signature fail: the X-Sdk-Date header must be sent and signed",
        ));
    };
    let at = Timestamp::parse_compact(date).ok_or_else(|| {
        refused("verify aksk signature fail: X-Sdk-Date must have the form YYYYMMDDTHHMMSSZ")
    })?;
    if now.seconds().abs_diff(at.seconds()) > SKEW.as_secs() {
        return Err(refused(format!(
            "verify aksk signature fail: the request was signed at {}, the server's time is {}; \
             at most {} minutes may lie between them, set the clock",
            at.rfc3339(),
            now.rfc3339(),
            SKEW.as_secs() / 60,
        )));
    }
    Ok(date)
}

/// The hashes under which the body may have been signed: its own, or the value of the content
/// header. A client that sends no body signs the empty hash whatever that header says.
pub fn payload_hashes(headers: &HeaderMap, payload: Payload<'_>) -> Result<Vec<String>> {
    let declared = headers.get(CONTENT_HEADER).and_then(|v| v.to_str().ok());
    let unsigned = || UNSIGNED_PAYLOAD.to_owned();
    let body = match (payload, declared) {
        (Payload::Read(body), _) => body,
        (Payload::Streamed, Some(UNSIGNED_PAYLOAD)) => return Ok(vec![unsigned()]),
        (Payload::Streamed, _) => {
            return Err(refused(
                "verify aksk signature fail: the body of this call is read as it arrives; sign \
                 with the header X-Sdk-Content-Sha256: UNSIGNED-PAYLOAD, or send a token",
            ));
        }
    };
    let own = || signature::payload_hash(body);
    Ok(match declared {
        Some(UNSIGNED_PAYLOAD) if body.is_empty() => vec![unsigned(), own()],
        Some(UNSIGNED_PAYLOAD) => vec![unsigned()],
        // a declared hash counts only if it is the body's
        Some(_) | None => vec![own()],
    })
}

pub fn verify(
    authorization: &Authorization,
    request: Request<'_>,
    date: &str,
    hashes: Vec<String>,
    secret: &str,
) -> Result<()> {
    let signed = signature::Parts {
        method: request.parts.method.as_str(),
        path: request.uri.path(),
        query: request.uri.query().unwrap_or_default(),
        headers: &request.parts.headers,
    };
    let mut shown = Vec::new();
    for hash in hashes {
        let canonical =
            canonical_request(signed, &authorization.signed_headers, &hash).map_err(|name| {
                let why = format!("the signed header {name} was not sent");
                refused(format!("verify aksk signature fail: {why}"))
            })?;
        let expected = signature::sign(secret, date, &canonical);
        if signature::matches(&expected, &authorization.signature) {
            return Ok(());
        }
        shown = canonical;
    }
    Err(refused(format!(
        "verify aksk signature fail,canonicalRequest:{}",
        without_secrets(&shown)
    )))
}

/// Headers that are secrets themselves.
const SECRET_HEADERS: [&str; 3] = ["x-auth-token:", "x-security-token:", "x-subject-token:"];

/// A canonical request on one line, for people.
fn without_secrets(canonical: &[u8]) -> String {
    let text = String::from_utf8_lossy(canonical);
    let lines = text.split('\n').map(|line| {
        let secret = SECRET_HEADERS.iter().find(|name| line.starts_with(*name));
        secret.map_or_else(|| line.to_owned(), |name| format!("{name}…"))
    });
    lines.collect::<Vec<_>>().join("|")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_canonical_request_is_shown_without_its_secrets() {
        let canonical = b"GET\n/\n\nhost:h\nx-auth-token:t0ken\nx-security-token:s\n\nhost\nhash";
        assert_eq!(
            without_secrets(canonical),
            "GET|/||host:h|x-auth-token:…|x-security-token:…||host|hash"
        );
    }
}
