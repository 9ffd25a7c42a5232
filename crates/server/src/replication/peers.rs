//! The other regions, as they are configured here, and how they are called: signed by the shared
//! key, without any user's credentials, never redirected.

use std::collections::HashMap;
use std::fmt;
use std::ops::Range;
use std::sync::OnceLock;
use std::time::Duration;

use http::{Method, StatusCode, header};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::keys::RingKey;
use super::proof::{self, Request};
use super::source::digest::StretchDigest;
use super::source::hello::Hello;
use super::source::reports::Reports;
use crate::app::App;
use crate::clock::Timestamp;
use crate::config::{Config, PeerConfig};

const CONNECT_TIME: Duration = Duration::from_secs(10);
/// A peer that is silent for so long is gone.
const SILENCE: Duration = Duration::from_secs(30);
/// For answers that are short.
const CALL_TIME: Duration = Duration::from_mins(1);
/// Bytes of an error's body that are looked at.
const MAX_ERROR: usize = 64 * 1024;
const ROOT: &str = "/entrepot/peer/v1";

/// Why a peer did not do what it was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PeerError {
    /// Not reached, cut, silent, or its answer was none: it may be better later.
    Unreachable(String),
    /// It refused, with a code and a sentence.
    Refused { code: String, message: String },
}

impl fmt::Display for PeerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PeerError::Unreachable(why) => f.write_str(why),
            PeerError::Refused { code, message } => write!(f, "{message} ({code})"),
        }
    }
}

/// All peers by region.
#[derive(Debug, Default)]
pub struct Peers(HashMap<String, Peer>);

impl Peers {
    pub fn new(config: &Config) -> Self {
        let peers = config.peers.iter().map(|peer| {
            let made = Peer {
                config: peer.clone(),
                client: OnceLock::new(),
            };
            (peer.region.clone(), made)
        });
        Self(peers.collect())
    }

    pub fn find(&self, region: &str) -> Option<&Peer> {
        self.0.get(region)
    }

    /// Whether all can be called at all: certificates are read, proxies understood.
    pub fn check(&self) -> Result<(), String> {
        self.0.values().try_for_each(|peer| peer.client().map(drop))
    }
}

/// A region that assets come from.
#[derive(Debug)]
pub struct Peer {
    config: PeerConfig,
    client: OnceLock<Result<reqwest::Client, String>>,
}

fn build(config: &PeerConfig) -> Result<reqwest::Client, String> {
    // an error means that one is installed already
    let _ = rustls::crypto::ring::default_provider().install_default();
    let about = |problem: String| format!("the peer {}: {problem}", config.region);
    let mut builder = reqwest::Client::builder()
        .user_agent(concat!("entrepot/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(CONNECT_TIME)
        .read_timeout(SILENCE)
        .tcp_nodelay(true);
    if let Some(file) = &config.ca_file {
        let pem = std::fs::read(file).map_err(|e| about(format!("{}: {e}", file.display())))?;
        let certificates = reqwest::Certificate::from_pem_bundle(&pem).ok();
        let certificates = certificates.filter(|found| !found.is_empty());
        let none = || about(format!("{} holds no PEM certificates", file.display()));
        builder = builder.tls_certs_merge(certificates.ok_or_else(none)?);
    }
    if let Some(proxy) = &config.proxy {
        let proxy = reqwest::Proxy::all(proxy);
        builder = builder.proxy(proxy.map_err(|e| about(format!("its proxy: {e}")))?);
    }
    builder.build().map_err(|e| about(reason(&e)))
}

/// The innermost reason says the most; the URL around it is known.
fn reason(error: &reqwest::Error) -> String {
    let mut innermost: &dyn std::error::Error = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

/// A request that is about to be sent.
struct Call<'a> {
    method: Method,
    /// Behind [`ROOT`].
    tail: &'a str,
    range: Option<Range<u64>>,
    body: Vec<u8>,
    /// For the whole answer; none where it may be large.
    time: Option<Duration>,
}

impl<'a> Call<'a> {
    fn get(tail: &'a str) -> Self {
        Self {
            method: Method::GET,
            tail,
            range: None,
            body: Vec::new(),
            time: Some(CALL_TIME),
        }
    }
}

#[derive(Deserialize)]
struct Refusal {
    error_code: String,
    error_msg: String,
}

impl Peer {
    pub fn region(&self) -> &str {
        &self.config.region
    }

    pub fn endpoint(&self) -> &str {
        self.config.endpoint.trim_end_matches('/')
    }

    fn client(&self) -> Result<&reqwest::Client, String> {
        let built = self.client.get_or_init(|| build(&self.config));
        built.as_ref().map_err(Clone::clone)
    }

    fn unreachable(&self, why: impl fmt::Display) -> PeerError {
        let (region, endpoint) = (self.region(), self.endpoint());
        PeerError::Unreachable(format!(
            "The region {region} is not reached at {endpoint}: {why}"
        ))
    }

    async fn send(
        &self,
        app: &App,
        key: &RingKey,
        call: Call<'_>,
    ) -> Result<reqwest::Response, PeerError> {
        let client = self.client().map_err(PeerError::Unreachable)?;
        let path = format!("{ROOT}{}", call.tail);
        let range = call
            .range
            .map(|range| format!("bytes={}-{}", range.start, range.end.saturating_sub(1)));
        let request = Request {
            method: call.method.as_str(),
            path: &path,
            range: range.as_deref().unwrap_or_default(),
            body: &call.body,
            to: self.region(),
        };
        let (from, nonce) = (&app.config.region, app.ids.next());
        let proof = proof::sign(key, from, app.clock.now(), &nonce, request);
        let url = format!("{}{path}", self.endpoint());
        let mut sent = client
            .request(call.method, url)
            .header(header::AUTHORIZATION, proof)
            .body(call.body);
        if let Some(range) = range {
            sent = sent.header(header::RANGE, range);
        }
        if let Some(time) = call.time {
            sent = sent.timeout(time);
        }
        let answer = sent.send().await;
        let answer = answer.map_err(|e| self.unreachable(reason(&e)))?;
        if answer.status().is_success() {
            return Ok(answer);
        }
        Err(self.refusal(answer).await)
    }

    /// What an answer without success says; what is not in our own words is no answer of the peer's.
    async fn refusal(&self, answer: reqwest::Response) -> PeerError {
        let status = answer.status();
        let body = match read(answer, MAX_ERROR).await {
            Ok(body) => body,
            Err(why) => return self.unreachable(why),
        };
        match serde_json::from_slice::<Refusal>(&body) {
            Ok(refusal) if status.is_client_error() => PeerError::Refused {
                code: refusal.error_code,
                message: refusal.error_msg,
            },
            Ok(refusal) => self.unreachable(refusal.error_msg),
            Err(_) => self.unreachable(format!("it answers {status}")),
        }
    }

    async fn json<T: DeserializeOwned>(
        &self,
        answer: reqwest::Response,
        most: usize,
    ) -> Result<T, PeerError> {
        let body = read(answer, most)
            .await
            .map_err(|why| self.unreachable(why))?;
        serde_json::from_slice(&body)
            .map_err(|e| self.unreachable(format!("its answer is not understood: {e}")))
    }

    /// Its name and its clock. The second value is what its answer's head says of the time.
    pub async fn hello(
        &self,
        app: &App,
        key: &RingKey,
    ) -> (Result<Hello, PeerError>, Option<Timestamp>) {
        let answer = match self.send(app, key, Call::get("/hello")).await {
            Ok(answer) => answer,
            Err(error) => return (Err(error), self.head_time(app).await),
        };
        let hello: Result<Hello, _> = self.json(answer, MAX_ERROR).await;
        let time = hello.as_ref().ok().map(|h| Timestamp::from_millis(h.time));
        (hello, time)
    }

    /// The time that a refusing peer's answers carry, to the second.
    async fn head_time(&self, app: &App) -> Option<Timestamp> {
        let client = self.client().ok()?;
        let url = format!("{}{ROOT}/hello", self.endpoint());
        let answer = client.get(url).timeout(CONNECT_TIME).send().await.ok()?;
        let date = answer.headers().get(header::DATE)?.to_str().ok()?;
        let date = httpdate::parse_http_date(date).ok()?;
        let seconds = date.duration_since(std::time::UNIX_EPOCH).ok()?.as_secs();
        let told = Timestamp::from_seconds(i64::try_from(seconds).ok()?);
        // it is cut to whole seconds
        let near = app.clock.now().seconds().abs_diff(told.seconds()) <= 1;
        Some(if near { app.clock.now() } else { told })
    }

    pub async fn manifest(
        &self,
        app: &App,
        key: &RingKey,
        ticket: &str,
        most: usize,
    ) -> Result<Vec<u8>, PeerError> {
        let tail = format!("/tickets/{ticket}/manifest");
        let answer = self.send(app, key, Call::get(&tail)).await?;
        read(answer, most)
            .await
            .map_err(|why| self.unreachable(why))
    }

    /// A range of a file; the answer is of exactly that length if it comes to its end.
    pub async fn file(
        &self,
        app: &App,
        key: &RingKey,
        ticket: &str,
        file: &str,
        range: Range<u64>,
    ) -> Result<reqwest::Response, PeerError> {
        let tail = format!("/tickets/{ticket}/files/{file}");
        let length = range.end - range.start;
        let call = Call {
            range: Some(range),
            time: None,
            ..Call::get(&tail)
        };
        let answer = self.send(app, key, call).await?;
        let fits = matches!(
            answer.status(),
            StatusCode::OK | StatusCode::PARTIAL_CONTENT
        );
        if fits && answer.content_length() == Some(length) {
            return Ok(answer);
        }
        Err(self.unreachable("it sends another range than it was asked for"))
    }

    pub async fn digest(
        &self,
        app: &App,
        key: &RingKey,
        ticket: &str,
        file: &str,
        range: Range<u64>,
    ) -> Result<String, PeerError> {
        let (from, to) = (range.start, range.end);
        let tail = format!("/tickets/{ticket}/files/{file}/digest?from={from}&to={to}");
        let answer = self.send(app, key, Call::get(&tail)).await?;
        let told: StretchDigest = self.json(answer, MAX_ERROR).await?;
        Ok(told.sha256)
    }

    pub async fn report(
        &self,
        app: &App,
        key: &RingKey,
        reports: &Reports,
    ) -> Result<(), PeerError> {
        let body = serde_json::to_vec(reports).map_err(|e| self.unreachable(e))?;
        let call = Call {
            method: Method::POST,
            body,
            ..Call::get("/reports")
        };
        self.send(app, key, call).await.map(drop)
    }
}

/// A body of at most so many bytes.
async fn read(mut answer: reqwest::Response, most: usize) -> Result<Vec<u8>, String> {
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|e| reason(&e))? {
        if body.len() + chunk.len() > most {
            return Err(format!("it sends more than {most} bytes"));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}
