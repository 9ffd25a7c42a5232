//! Bytes to signed URLs, and patience with a line that breaks.

use std::future::Future;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use data_encoding::HEXLOWER;
use http::{HeaderMap, Method, header};
use reqwest::Url;

use super::api::{Api, refused, server_of, unreachable};
use super::failure::{Failure, Result};
use super::source::{Blocks, Digest, Sent};

/// A line over which nothing went for so long is cut.
pub const SILENCE: Duration = Duration::from_mins(1);
/// A server that has every byte may take its time to make them durable.
const SETTLING: Duration = Duration::from_mins(5);
const GLANCE: Duration = Duration::from_secs(2);

/// Waits between attempts, about half a minute in all: a server has the time to start again.
const WAITS: [Duration; 6] = [
    Duration::from_millis(250),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
    Duration::from_secs(8),
    Duration::from_secs(16),
];

/// How often to try once more; starts over whenever there is progress.
#[derive(Debug, Default)]
pub struct Patience(usize);

impl Patience {
    /// Waits before the next attempt, or gives the failure back where another can't help.
    pub async fn wait(&mut self, failure: Failure) -> Result<()> {
        if !failure.may_pass() {
            return Err(failure);
        }
        self.wait_for(failure).await
    }

    /// The same where the failure is known to pass with time.
    pub async fn wait_for(&mut self, failure: Failure) -> Result<()> {
        let Some(wait) = WAITS.get(self.0) else {
            return Err(failure);
        };
        self.0 += 1;
        tokio::time::sleep(*wait).await;
        Ok(())
    }

    pub fn renew(&mut self) {
        self.0 = 0;
    }
}

/// Repeats a call that may be repeated until it succeeds or patience ends.
pub async fn patiently<T, F>(mut call: impl FnMut() -> F) -> Result<T>
where
    F: Future<Output = Result<T>>,
{
    let mut patience = Patience::default();
    loop {
        match call().await {
            Ok(done) => return Ok(done),
            Err(failure) => patience.wait(failure).await?,
        }
    }
}

/// PUTs a body; answers its MD5, which is the one that the server saw.
pub async fn put(api: &Api, url: &str, headers: HeaderMap, body: (Blocks, Sent)) -> Result<Digest> {
    let (blocks, sent) = body;
    let request = api.http.put(url).headers(headers);
    let request = request.header(header::CONTENT_LENGTH, sent.length);
    let request = request.body(reqwest::Body::wrap_stream(blocks));
    let (headers, _) = answer_of(&server_of(url), request, &sent).await?;
    let etag = headers.get(header::ETAG).and_then(|v| v.to_str().ok());
    let etag = etag.unwrap_or_default().trim_matches('"');
    match sent.md5().await? {
        Some(digest) if HEXLOWER.encode(&digest) == etag.to_ascii_lowercase() => Ok(digest),
        _ => Err(Failure::Damaged(format!(
            "what {} received is not what was sent; the line or its memory is damaged",
            server_of(url)
        ))),
    }
}

/// A signed call of the API with a long body; answers what the server says.
pub async fn put_streamed(api: &Api, url: Url, body: (Blocks, Sent)) -> Result<Bytes> {
    let headers = api.signed_for_stream(&Method::PUT, &url)?;
    let (blocks, sent) = body;
    let request = api.http.put(url).headers(headers);
    let request = request.header(header::CONTENT_LENGTH, sent.length);
    let request = request.body(reqwest::Body::wrap_stream(blocks));
    let (_, answer) = answer_of(api.endpoint(), request, &sent).await?;
    Ok(answer)
}

/// The answer, once the server has taken the whole body.
async fn answer_of(
    server: &str,
    request: reqwest::RequestBuilder,
    sent: &Sent,
) -> Result<(HeaderMap, Bytes)> {
    let exchange = async {
        let answer = request.send().await.map_err(|e| unreachable(server, e))?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        let body = answer.bytes().await.map_err(|e| unreachable(server, e))?;
        if status.is_success() {
            return Ok((headers, body));
        }
        Err(refused(status.as_u16(), &headers, &body))
    };
    whole_body(server, exchange, sent).await
}

/// An exchange whose body is long: it ends when nothing has moved for too long.
async fn whole_body<T>(
    server: &str,
    exchange: impl Future<Output = Result<T>>,
    sent: &Sent,
) -> Result<T> {
    tokio::select! {
        answer = exchange => answer,
        () = silence(sent) => Err(Failure::Unreachable {
            server: server.to_owned(),
            reason: "it has taken no bytes for a while".into(),
        }),
    }
}

/// Ends when nothing has moved for too long.
async fn silence(sent: &Sent) {
    let (mut last, mut quiet) = (0, Duration::ZERO);
    loop {
        tokio::time::sleep(GLANCE).await;
        let now = sent.bytes.load(Ordering::Relaxed);
        if now != last {
            (last, quiet) = (now, Duration::ZERO);
            continue;
        }
        quiet += GLANCE;
        let most = if now >= sent.length {
            SETTLING
        } else {
            SILENCE
        };
        if quiet >= most {
            return;
        }
    }
}
