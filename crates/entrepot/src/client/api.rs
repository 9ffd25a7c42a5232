//! Signed calls of the library's API, with the code that the server verifies signatures with.

use std::path::Path;
use std::time::Duration;

use entrepot_api::assets::{
    CreateDigitalAssetRequestBody, CreateDigitalAssetResponse, DigitalAssetInfo, ErrorResponse,
    UpdateDigitalAssetRequestBody,
};
use entrepot_api::files::{
    ConfirmFileUploadRequestBody, CreateFileResponse, CreateLargeFileResponse, FilesCreateReq,
    LargeFilesCreateReq, PartUrlsResponse,
};
use entrepot_server::clock::Clock;
use entrepot_server::http::signature::{
    self, ALGORITHM, CONTENT_HEADER, DATE_HEADER, UNSIGNED_PAYLOAD,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Url;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::credentials::Credentials;
use super::failure::{Failure, Refused, Result};
use super::text::plain;

const CONNECT_TIME: Duration = Duration::from_secs(15);
const CALL_TIME: Duration = Duration::from_mins(1);

const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'_')
    .remove(b'.')
    .remove(b'-')
    .remove(b'~');

pub fn encode(text: &str) -> String {
    utf8_percent_encode(text, ENCODED).to_string()
}

/// The library as seen from here. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Api {
    pub http: reqwest::Client,
    credentials: Credentials,
}

impl Api {
    /// `ca_file` holds certificates (PEM) that are trusted beside the system's.
    pub fn new(credentials: Credentials, ca_file: Option<&Path>) -> Result<Self> {
        // an error means that one is installed already
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("entrepot/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT_TIME)
            .tcp_nodelay(true);
        if let Some(file) = ca_file {
            let pem = std::fs::read(file)
                .map_err(|e| Failure::io("the certificates can't be read from", file, &e))?;
            let certificates = reqwest::Certificate::from_pem_bundle(&pem);
            let certificates = certificates.ok().filter(|found| !found.is_empty());
            let certificates = certificates.ok_or_else(|| {
                Failure::Local(format!("{} holds no PEM certificates", file.display()))
            })?;
            builder = builder.tls_certs_merge(certificates);
        }
        let http = builder
            .build()
            .map_err(|e| Failure::Local(format!("HTTPS can't be set up: {}", reason(e))))?;
        Ok(Self { http, credentials })
    }

    pub fn endpoint(&self) -> &str {
        &self.credentials.endpoint
    }

    pub fn project_id(&self) -> &str {
        &self.credentials.project_id
    }

    /// Of the credentials, where they name one.
    pub fn instance_id(&self) -> Option<&str> {
        self.credentials.instance_id.as_deref()
    }

    pub async fn create_asset(&self, body: &CreateDigitalAssetRequestBody) -> Result<String> {
        let made: CreateDigitalAssetResponse = self.post("digital-assets", body).await?;
        Ok(made.asset_id)
    }

    pub async fn get_asset(&self, asset_id: &str) -> Result<DigitalAssetInfo> {
        let tail = format!("digital-assets/{}", id(asset_id)?);
        self.call(Method::GET, &tail, "", Vec::new()).await
    }

    pub async fn activate(&self, asset_id: &str) -> Result<DigitalAssetInfo> {
        let body = UpdateDigitalAssetRequestBody {
            asset_state: Some("ACTIVED".into()),
            ..UpdateDigitalAssetRequestBody::default()
        };
        let tail = format!("digital-assets/{}", id(asset_id)?);
        self.call(Method::PUT, &tail, "", json(&body)?).await
    }

    /// At once and for good.
    pub async fn delete_asset(&self, asset_id: &str) -> Result<()> {
        let tail = format!("digital-assets/{}", id(asset_id)?);
        self.send(Method::DELETE, &tail, "mode=force", Vec::new())
            .await
            .map(|_| ())
    }

    /// One page; `query` is encoded already.
    pub async fn list_assets<T: DeserializeOwned>(&self, query: &str) -> Result<T> {
        self.call(Method::GET, "digital-assets", query, Vec::new())
            .await
    }

    pub async fn create_file(&self, body: &FilesCreateReq) -> Result<CreateFileResponse> {
        self.post("files", body).await
    }

    pub async fn create_large_file(
        &self,
        body: &LargeFilesCreateReq,
    ) -> Result<CreateLargeFileResponse> {
        self.post("large-files", body).await
    }

    pub async fn part_urls(&self, file_id: &str) -> Result<PartUrlsResponse> {
        let tail = format!("entrepot/files/{}/part-urls", id(file_id)?);
        self.call(Method::POST, &tail, "", Vec::new()).await
    }

    pub async fn complete_file(&self, file_id: &str) -> Result<()> {
        let body = ConfirmFileUploadRequestBody {
            state: "CREATED".into(),
        };
        let tail = format!("files/{}/complete", id(file_id)?);
        self.send(Method::POST, &tail, "", json(&body)?)
            .await
            .map(|_| ())
    }

    pub async fn delete_file(&self, file_id: &str) -> Result<()> {
        let tail = format!("files/{}", id(file_id)?);
        self.send(Method::DELETE, &tail, "", Vec::new())
            .await
            .map(|_| ())
    }

    pub async fn post<T: DeserializeOwned>(&self, tail: &str, body: &impl Serialize) -> Result<T> {
        self.call(Method::POST, tail, "", json(body)?).await
    }

    pub async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        tail: &str,
        query: &str,
        body: Vec<u8>,
    ) -> Result<T> {
        let answer = self.send(method, tail, query, body).await?;
        self.read(&answer)
    }

    pub fn read<T: DeserializeOwned>(&self, answer: &[u8]) -> Result<T> {
        serde_json::from_slice(answer).map_err(|e| self.garbled(&e))
    }

    pub async fn send(
        &self,
        method: Method,
        tail: &str,
        query: &str,
        body: Vec<u8>,
    ) -> Result<bytes::Bytes> {
        let url = self.url("v1", tail, query)?;
        self.send_to(method, url, body).await
    }

    /// The URL of a call of a family, `v1` or `v2`; `query` is encoded already.
    pub fn url(&self, family: &str, tail: &str, query: &str) -> Result<Url> {
        let project = encode(&self.credentials.project_id);
        let mark = if query.is_empty() { "" } else { "?" };
        let url = format!("{}/{family}/{project}/{tail}{mark}{query}", self.endpoint());
        Url::parse(&url).map_err(|e| self.garbled(&e))
    }

    /// Sends a body that is in hand, and reads the answer whole.
    pub async fn send_to(&self, method: Method, url: Url, body: Vec<u8>) -> Result<bytes::Bytes> {
        let headers = self.signed(&method, &url, &signature::payload_hash(&body))?;
        let request = self.http.request(method, url).headers(headers);
        let answer = request.timeout(CALL_TIME).body(body).send().await;
        let answer = answer.map_err(|e| unreachable(self.endpoint(), e))?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        let body = answer.bytes().await;
        let body = body.map_err(|e| unreachable(self.endpoint(), e))?;
        if status.is_success() {
            return Ok(body);
        }
        Err(refused(status.as_u16(), &headers, &body))
    }

    /// The headers of a call without a body.
    pub fn signed_without_body(&self, method: &Method, url: &Url) -> Result<HeaderMap> {
        self.signed(method, url, &signature::payload_hash(b""))
    }

    /// The headers of a call whose body the signature does not cover.
    pub fn signed_for_stream(&self, method: &Method, url: &Url) -> Result<HeaderMap> {
        let mut headers = self.signed(method, url, UNSIGNED_PAYLOAD)?;
        headers.insert(CONTENT_HEADER, HeaderValue::from_static(UNSIGNED_PAYLOAD));
        Ok(headers)
    }

    fn signed(&self, method: &Method, url: &Url, payload_hash: &str) -> Result<HeaderMap> {
        let Credentials {
            project_id,
            access_key,
            secret_key,
            ..
        } = &self.credentials;
        let date = Clock::System.now().compact();
        let mut headers = HeaderMap::new();
        for (name, text) in [
            (header::CONTENT_TYPE, "application/json"),
            (header::HOST, &host(url)),
            (HeaderName::from_static("x-project-id"), project_id),
            (HeaderName::from_static(DATE_HEADER), &date),
        ] {
            headers.insert(name, value(text)?);
        }
        let names: Vec<String> = ["content-type", "host", "x-project-id", DATE_HEADER]
            .map(str::to_owned)
            .into();
        let parts = signature::Parts {
            method: method.as_str(),
            path: url.path(),
            query: url.query().unwrap_or_default(),
            headers: &headers,
        };
        let canonical = signature::canonical_request(parts, &names, payload_hash)
            .expect("every header that is signed was set above");
        let signature = signature::sign(secret_key, &date, &canonical);
        let names = names.join(";");
        let authorization = format!(
            "{ALGORITHM} Access={access_key}, SignedHeaders={names}, Signature={signature}"
        );
        headers.insert(header::AUTHORIZATION, value(&authorization)?);
        Ok(headers)
    }

    fn garbled(&self, error: &impl std::fmt::Display) -> Failure {
        Failure::Garbled {
            server: self.endpoint().to_owned(),
            reason: error.to_string(),
        }
    }
}

/// An id as it may stand in a path.
pub fn id(id: &str) -> Result<String> {
    if id.is_empty() || id == "." || id == ".." {
        return Err(Failure::Usage(format!("'{id}' is not an id")));
    }
    Ok(encode(id))
}

pub fn json(body: &impl Serialize) -> Result<Vec<u8>> {
    serde_json::to_vec(body).map_err(|e| Failure::Local(format!("the request can't be made: {e}")))
}

fn value(text: &str) -> Result<HeaderValue> {
    HeaderValue::from_str(text).map_err(|_| {
        Failure::Usage("the credentials have characters that can't be sent; check them".into())
    })
}

/// As the wire has it: the port only where it is not the scheme's own.
fn host(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

/// The server of a URL, for people.
pub fn server_of(url: &str) -> String {
    Url::parse(url).map_or_else(|_| "the server".into(), |url| host(&url))
}

/// The causes from the outside in, without the URL: it may carry a signature.
pub fn reason(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(inner) = cause {
        let inner_text = inner.to_string();
        if !text.contains(&inner_text) {
            text = format!("{text}: {inner_text}");
        }
        cause = inner.source();
    }
    text
}

pub fn unreachable(server: &str, error: reqwest::Error) -> Failure {
    Failure::Unreachable {
        server: server.to_owned(),
        reason: reason(error),
    }
}

/// Reads both families' errors: JSON of the API, XML of object URLs.
pub fn refused(status: u16, headers: &HeaderMap, body: &[u8]) -> Failure {
    let text = String::from_utf8_lossy(body);
    let tag = |name: &str| {
        let rest = text.split_once(&format!("<{name}>"))?.1;
        Some(rest.split_once("</")?.0.to_owned())
    };
    let (code, message) = match serde_json::from_slice::<ErrorResponse>(body) {
        Ok(error) => (error.error_code, error.error_msg),
        Err(_) => match tag("Code") {
            Some(code) => (code, tag("Message").unwrap_or_default()),
            None => (format!("HTTP {status}"), text.chars().take(200).collect()),
        },
    };
    let request_id = headers.get("x-request-id").and_then(|v| v.to_str().ok());
    Failure::Refused(Box::new(Refused {
        status,
        code: plain(&code),
        message: plain(&message),
        request_id: request_id.map(plain),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_both_families_are_read() {
        let headers = HeaderMap::new();
        let json = br#"{"error_code":"MSS.1","error_msg":"no \u001b[2J"}"#;
        let failure = refused(400, &headers, json);
        assert_eq!(failure.code(), Some("MSS.1"));
        assert!(!failure.to_string().contains('\u{1b}'));
        let xml = b"<?xml?><Error><Code>BadDigest</Code><Message>Other bytes.</Message></Error>";
        assert_eq!(
            refused(400, &headers, xml).to_string(),
            "BadDigest: Other bytes"
        );
        assert_eq!(
            refused(502, &headers, b"<html>").to_string(),
            "HTTP 502: <html>"
        );
    }

    #[test]
    fn an_id_can_not_climb_out_of_its_path() {
        assert!(id("..").is_err());
        assert_eq!(id("../x").unwrap(), "..%2Fx");
    }

    #[test]
    fn the_host_has_its_port_when_it_is_not_the_schemes() {
        let host_of = |text: &str| host(&Url::parse(text).unwrap());
        assert_eq!(host_of("http://h:80/x"), "h");
        assert_eq!(host_of("https://h:8443/x"), "h:8443");
        assert_eq!(host_of("http://[::1]:8080/x"), "[::1]:8080");
    }
}
