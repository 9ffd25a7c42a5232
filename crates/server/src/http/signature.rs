//! SDK-HMAC-SHA256 request signatures: the canonical form, signing and verifying.
//!
//! Rules: `docs/API.md`, "Signing". Pure functions over the parts of a request; the clients on the
//! command line sign with the same code that the server verifies with.

use std::borrow::Cow;
use std::fmt;

use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit, Mac};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

pub const ALGORITHM: &str = "SDK-HMAC-SHA256";
pub const DATE_HEADER: &str = "x-sdk-date";
pub const CONTENT_HEADER: &str = "x-sdk-content-sha256";
pub const UNSIGNED_PAYLOAD: &str = "UNSIGNED-PAYLOAD";

/// No request has more headers.
const MAX_SIGNED_HEADERS: usize = 100;

const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'_')
    .remove(b'.')
    .remove(b'-')
    .remove(b'~');

/// The parts of `Authorization: SDK-HMAC-SHA256 Access=…, SignedHeaders=…, Signature=…`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authorization {
    pub access_key: String,
    /// In the order given; the canonical form follows it.
    pub signed_headers: Vec<String>,
    pub signature: String,
}

impl Authorization {
    /// The reason is for the person who reads the 401.
    pub fn parse(header: &str) -> Result<Self, &'static str> {
        let (algorithm, rest) = header.split_once(' ').unwrap_or((header, ""));
        if algorithm != ALGORITHM {
            return Err("the only algorithm accepted is SDK-HMAC-SHA256");
        }
        let (mut access_key, mut signed_headers, mut signature) = (None, None, None);
        for part in rest.split(',') {
            match part.trim().split_once('=') {
                Some(("Access", value)) => access_key = Some(value),
                Some(("SignedHeaders", value)) => signed_headers = Some(value),
                Some(("Signature", value)) => signature = Some(value),
                _ => return Err("the Authorization header has a part that is not understood"),
            }
        }
        let (Some(access_key), Some(signed_headers), Some(signature)) =
            (access_key, signed_headers, signature)
        else {
            return Err("the Authorization header needs Access, SignedHeaders and Signature");
        };
        Ok(Self {
            access_key: access_key.to_owned(),
            signed_headers: names(signed_headers)?,
            signature: signature.to_owned(),
        })
    }

    pub fn signs(&self, header: &str) -> bool {
        self.signed_headers.iter().any(|name| name == header)
    }
}

/// Each once: a long header that is named again and again would make a canonical request of
/// hundreds of megabytes out of a small head.
fn names(text: &str) -> Result<Vec<String>, &'static str> {
    let mut names: Vec<String> = Vec::new();
    for name in text.split(';') {
        if names.iter().any(|known| known.eq_ignore_ascii_case(name)) {
            return Err("SignedHeaders names a header twice");
        }
        if names.len() == MAX_SIGNED_HEADERS {
            return Err("SignedHeaders names more than 100 headers");
        }
        names.push(name.to_owned());
    }
    Ok(names)
}

/// As it is sent.
impl fmt::Display for Authorization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            access_key,
            signed_headers,
            signature,
        } = self;
        let signed_headers = signed_headers.join(";");
        write!(
            f,
            "{ALGORITHM} Access={access_key}, SignedHeaders={signed_headers}, Signature={signature}"
        )
    }
}

/// The parts of a request that a signature covers.
#[derive(Debug, Clone, Copy)]
pub struct Parts<'a> {
    pub method: &'a str,
    /// As on the wire, without the query.
    pub path: &'a str,
    /// As on the wire, without the `?`.
    pub query: &'a str,
    pub headers: &'a http::HeaderMap,
}

pub fn payload_hash(body: &[u8]) -> String {
    HEXLOWER.encode(&Sha256::digest(body))
}

/// The canonical request, or the name of a signed header that the request lacks.
pub fn canonical_request(
    parts: Parts<'_>,
    signed_headers: &[String],
    payload_hash: &str,
) -> Result<Vec<u8>, String> {
    let mut text = Vec::with_capacity(512);
    text.extend(parts.method.bytes().map(|b| b.to_ascii_uppercase()));
    text.push(b'\n');
    canonical_path(parts.path, &mut text);
    text.push(b'\n');
    canonical_query(parts.query, &mut text);
    text.push(b'\n');
    for name in signed_headers {
        text.extend(name.bytes().map(|b| b.to_ascii_lowercase()));
        text.push(b':');
        let mut values = parts.headers.get_all(name.as_str()).iter().peekable();
        if values.peek().is_none() {
            return Err(name.clone());
        }
        for (i, value) in values.enumerate() {
            if i > 0 {
                text.push(b',');
            }
            text.extend_from_slice(value.as_bytes().trim_ascii());
        }
        text.push(b'\n');
    }
    text.push(b'\n');
    for (i, name) in signed_headers.iter().enumerate() {
        if i > 0 {
            text.push(b';');
        }
        text.extend_from_slice(name.as_bytes());
    }
    text.push(b'\n');
    text.extend_from_slice(payload_hash.as_bytes());
    Ok(text)
}

/// Decoded as a whole before it is split: an id with `%2F` signs as two segments.
fn canonical_path(path: &str, text: &mut Vec<u8>) {
    let decoded: Cow<'_, [u8]> = percent_decode_str(path).into();
    for (i, segment) in decoded.split(|b| *b == b'/').enumerate() {
        if i > 0 {
            text.push(b'/');
        }
        encode(segment, text);
    }
    if text.last() != Some(&b'/') {
        text.push(b'/');
    }
}

fn canonical_query(query: &str, text: &mut Vec<u8>) {
    let decoded = |text| Cow::from(percent_decode_str(text));
    let mut pairs: Vec<_> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decoded(key), decoded(value))
        })
        .collect();
    pairs.sort();
    for (i, (key, value)) in pairs.iter().enumerate() {
        if i > 0 {
            text.push(b'&');
        }
        encode(key, text);
        text.push(b'=');
        encode(value, text);
    }
}

fn encode(decoded: &[u8], text: &mut Vec<u8>) {
    for piece in percent_encode(decoded, ENCODED) {
        text.extend_from_slice(piece.as_bytes());
    }
}

/// Hexadecimal HMAC-SHA256 of the string to sign, under the secret as it is.
pub fn sign(secret: &str, date: &str, canonical_request: &[u8]) -> String {
    let hashed = HEXLOWER.encode(&Sha256::digest(canonical_request));
    let mut mac =
        Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes a key of any length");
    for part in [ALGORITHM, "\n", date, "\n", &hashed] {
        mac.update(part.as_bytes());
    }
    HEXLOWER.encode(&mac.finalize().into_bytes())
}

/// Compares in a time that does not depend on where they differ.
pub fn matches(expected: &str, given: &str) -> bool {
    expected.as_bytes().ct_eq(given.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> http::HeaderMap {
        pairs
            .iter()
            .map(|(k, v)| (k.parse().unwrap(), v.parse().unwrap()))
            .collect()
    }

    #[test]
    fn the_canonical_form_is_the_clients() {
        let headers = headers(&[("host", "h:1"), ("x-sdk-date", " 20200101T000000Z ")]);
        let parts = Parts {
            method: "get",
            path: "/v1/a%2Fb/c~ d",
            query: "b=2&a=1%20x&c",
            headers: &headers,
        };
        let signed = ["host".to_owned(), "x-sdk-date".to_owned()];
        let canonical = canonical_request(parts, &signed, "hash").unwrap();
        assert_eq!(
            String::from_utf8(canonical).unwrap(),
            "GET\n/v1/a/b/c~%20d/\na=1%20x&b=2&c=\nhost:h:1\nx-sdk-date:20200101T000000Z\n\n\
             host;x-sdk-date\nhash"
        );
    }

    #[test]
    fn a_signed_header_that_is_missing_is_named() {
        let headers = http::HeaderMap::new();
        let parts = Parts {
            method: "GET",
            path: "/",
            query: "",
            headers: &headers,
        };
        assert_eq!(
            canonical_request(parts, &["host".to_owned()], "").unwrap_err(),
            "host"
        );
    }

    #[test]
    fn other_algorithms_are_refused() {
        assert!(Authorization::parse("SDK-HMAC-SM3 Access=a").is_err());
        let parsed = Authorization::parse(
            "SDK-HMAC-SHA256 Access=ak, SignedHeaders=host;x-sdk-date, Signature=00",
        )
        .unwrap();
        assert!(parsed.signs("x-sdk-date"));
    }
}
