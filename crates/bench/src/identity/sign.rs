//! Requests signed as the vendor's client signs them.

use anyhow::anyhow;
use entrepot_server::clock::Clock;
use entrepot_server::http::signature::{self, ALGORITHM};
use http::{HeaderMap, HeaderName, HeaderValue};

/// Whose key signs, and for which project.
#[derive(Debug, Clone)]
pub struct Signer {
    pub access_key: String,
    pub secret_key: String,
    pub project: String,
}

impl Signer {
    /// The headers of a GET without a query.
    pub fn get(&self, path: &str) -> anyhow::Result<HeaderMap> {
        let date = Clock::System.now().compact();
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("content-type", "application/json"),
            ("host", "bench.example:8080"),
            ("user-agent", "huaweicloud-usdk-python/3.0; 8f3a2c"),
            ("x-project-id", self.project.as_str()),
            ("x-sdk-date", &date),
        ] {
            headers.insert(name.parse::<HeaderName>()?, HeaderValue::from_str(value)?);
        }
        let signed: Vec<String> = headers.keys().map(ToString::to_string).collect();
        let parts = signature::Parts {
            method: "GET",
            path,
            query: "",
            headers: &headers,
        };
        let hash = signature::payload_hash(b"");
        let canonical = signature::canonical_request(parts, &signed, &hash);
        let canonical = canonical.map_err(|name| anyhow!("{name} is not there"))?;
        let signature = signature::sign(&self.secret_key, &date, &canonical);
        let value = format!(
            "{ALGORITHM} Access={}, SignedHeaders={}, Signature={signature}",
            self.access_key,
            signed.join(";")
        );
        headers.insert("authorization", HeaderValue::from_str(&value)?);
        Ok(headers)
    }
}
