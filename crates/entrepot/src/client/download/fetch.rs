//! One file from its signed URL, from where an earlier attempt stopped.

use http::{HeaderMap, StatusCode, header};
use reqwest::{RequestBuilder, Response};

use super::partial::{Expected, Partial};
use crate::client::api::{Api, refused, server_of, unreachable};
use crate::client::failure::{Failure, Result};
use crate::client::progress::Bar;
use crate::client::transfer::{Patience, SILENCE, patiently};

/// Which file of which asset.
pub struct Wanted<'a> {
    pub asset_id: &'a str,
    pub file_id: &'a str,
    pub expected: &'a Expected,
}

/// Brings the partial file to its end; a link that has expired is asked for again.
pub async fn fetch(
    api: &Api,
    wanted: &Wanted<'_>,
    url: &str,
    partial: &mut Partial,
    bar: &Bar,
) -> Result<()> {
    let (mut url, mut patience) = (url.to_owned(), Patience::default());
    let mut signed_again = false;
    loop {
        let before = partial.length;
        let outcome = rest(
            api.http.get(&url),
            &server_of(&url),
            wanted.expected,
            partial,
            bar,
        )
        .await;
        partial.flush().await?;
        let Err(failure) = outcome else {
            return Ok(());
        };
        if partial.length > before {
            patience.renew();
            signed_again = false;
        }
        if failure.code() == Some("AccessDenied") && !signed_again {
            url = link(api, wanted, failure).await?;
            signed_again = true;
            continue;
        }
        patience.wait(failure).await?;
    }
}

async fn link(api: &Api, wanted: &Wanted<'_>, failure: Failure) -> Result<String> {
    let asset = patiently(|| api.get_asset(wanted.asset_id)).await?;
    let mut files = asset.files.into_iter();
    let file = files.find(|file| file.file_id == wanted.file_id);
    file.and_then(|file| file.download_url).ok_or(failure)
}

/// Asks once for what is missing; a request that breaks leaves what has come.
pub async fn rest(
    mut request: RequestBuilder,
    server: &str,
    expected: &Expected,
    partial: &mut Partial,
    bar: &Bar,
) -> Result<()> {
    if expected.size.is_some_and(|size| partial.length > size) {
        partial.start_over(None, expected)?;
    }
    if partial.length > 0 && expected.size == Some(partial.length) {
        return Ok(());
    }
    if let Some(etag) = partial.etag.as_ref().filter(|_| partial.length > 0) {
        request = request.header(header::RANGE, format!("bytes={}-", partial.length));
        request = request.header(header::IF_RANGE, etag);
    }
    let answer = patient(server, request.send()).await?;
    let answer = accepted(server, answer).await?;
    let mut answer = begin(answer, expected, partial, bar)?;
    while let Some(block) = patient(server, answer.chunk()).await? {
        bar.advance(block.len() as u64);
        partial.push(block).await?;
    }
    match expected.size {
        Some(size) if partial.length < size => Err(Failure::Unreachable {
            server: server.to_owned(),
            reason: "the answer ended early".into(),
        }),
        _ => Ok(()),
    }
}

/// Makes the partial file fit what is about to come: its rest, or the whole from the beginning.
fn begin(
    answer: Response,
    expected: &Expected,
    partial: &mut Partial,
    bar: &Bar,
) -> Result<Response> {
    let from = (answer.status() == StatusCode::PARTIAL_CONTENT)
        .then(|| first_byte(answer.headers()))
        .flatten();
    if from.is_some_and(|from| from == partial.length) {
        return Ok(answer);
    }
    if answer.status() == StatusCode::PARTIAL_CONTENT {
        // not the rest that was asked for: next time from the beginning
        partial.start_over(None, expected)?;
        return Err(Failure::Damaged(
            "another range came than was asked for".into(),
        ));
    }
    let etag = answer.headers().get(header::ETAG);
    let etag = etag.and_then(|v| v.to_str().ok());
    // a weak tag does not promise the same bytes
    let etag = etag.filter(|etag| !etag.starts_with("W/"));
    partial.start_over(etag, expected)?;
    bar.set(0);
    Ok(answer)
}

/// `bytes 5-9/10` begins at 5.
fn first_byte(headers: &HeaderMap) -> Option<u64> {
    let range = headers.get(header::CONTENT_RANGE)?.to_str().ok()?;
    let (first, _) = range.strip_prefix("bytes ")?.split_once('-')?;
    first.parse().ok()
}

async fn accepted(server: &str, answer: Response) -> Result<Response> {
    if answer.status().is_success() {
        return Ok(answer);
    }
    let (status, headers) = (answer.status(), answer.headers().clone());
    let body = patient(server, answer.bytes()).await?;
    Err(refused(status.as_u16(), &headers, &body))
}

async fn patient<T>(server: &str, step: impl Future<Output = reqwest::Result<T>>) -> Result<T> {
    match tokio::time::timeout(SILENCE, step).await {
        Ok(done) => done.map_err(|e| unreachable(server, e)),
        Err(_) => Err(Failure::Unreachable {
            server: server.to_owned(),
            reason: "no bytes came for a minute".into(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_says_where_it_begins() {
        let headers = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_RANGE, text.parse().unwrap());
            headers
        };
        assert_eq!(first_byte(&headers("bytes 5-9/10")), Some(5));
        assert_eq!(first_byte(&headers("bytes */10")), None);
        assert_eq!(first_byte(&HeaderMap::new()), None);
    }
}
