//! A client that costs little: requests are bytes made beforehand, answers are cut by their length.

use std::net::SocketAddr;

use anyhow::{Context, bail};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A keep-alive connection.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    received: Vec<u8>,
}

#[derive(Debug)]
pub struct Answer<'a> {
    pub status: u16,
    /// `X-Subject-Token`
    pub token: Option<String>,
    pub body: &'a [u8],
}

impl Answer<'_> {
    /// The body, if the answer is a success.
    pub fn success(&self) -> anyhow::Result<&[u8]> {
        if (200..300).contains(&self.status) {
            return Ok(self.body);
        }
        let text = String::from_utf8_lossy(self.body);
        bail!("the server answered {}: {text}", self.status)
    }

    pub fn json<T: serde::de::DeserializeOwned>(&self) -> anyhow::Result<T> {
        Ok(serde_json::from_slice(self.success()?)?)
    }
}

impl Connection {
    pub async fn open(address: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await;
        let stream = stream.with_context(|| format!("connecting to {address}"))?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            received: Vec::with_capacity(64 * 1024),
        })
    }

    pub async fn call(&mut self, request: &[u8]) -> anyhow::Result<Answer<'_>> {
        self.stream.write_all(request).await?;
        self.answer().await
    }

    pub async fn call_with(&mut self, head: &[u8], body: &[u8]) -> anyhow::Result<Answer<'_>> {
        self.stream.write_all(head).await?;
        self.stream.write_all(body).await?;
        self.answer().await
    }

    async fn answer(&mut self) -> anyhow::Result<Answer<'_>> {
        self.received.clear();
        let head = loop {
            self.receive().await?;
            if let Some(head) = Head::parse(&self.received)? {
                break head;
            }
        };
        let end = head.bytes + head.length;
        while self.received.len() < end {
            self.receive().await?;
        }
        Ok(Answer {
            status: head.status,
            token: head.token,
            body: &self.received[head.bytes..end],
        })
    }

    async fn receive(&mut self) -> anyhow::Result<()> {
        if self.stream.read_buf(&mut self.received).await? == 0 {
            bail!("the server closed the connection");
        }
        Ok(())
    }
}

/// The head of an answer.
#[derive(Debug, Clone)]
pub struct Head {
    pub status: u16,
    /// How long the head itself is.
    pub bytes: usize,
    /// How long the body is.
    pub length: usize,
    /// `X-Subject-Token`
    pub token: Option<String>,
}

impl Head {
    /// `None` while it is not all there.
    pub fn parse(received: &[u8]) -> anyhow::Result<Option<Self>> {
        let mut headers = [httparse::EMPTY_HEADER; 48];
        let mut response = httparse::Response::new(&mut headers);
        let httparse::Status::Complete(bytes) = response.parse(received)? else {
            return Ok(None);
        };
        let find = |name: &str| {
            let found = response
                .headers
                .iter()
                .find(|h| h.name.eq_ignore_ascii_case(name));
            found.map(|header| header.value)
        };
        let length = match find("content-length") {
            Some(value) => std::str::from_utf8(value)?.parse()?,
            None if find("transfer-encoding").is_some() => bail!("an answer in chunks"),
            None => 0,
        };
        let token = find("x-subject-token").map(|v| String::from_utf8_lossy(v).into_owned());
        Ok(Some(Self {
            status: response.code.unwrap_or(0),
            bytes,
            length,
            token,
        }))
    }
}

/// A request as bytes.
pub fn request(method: &str, target: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut bytes = head(method, target, headers, body.len());
    bytes.extend_from_slice(body);
    bytes
}

/// A request without its body.
pub fn head(method: &str, target: &str, headers: &[(&str, &str)], length: usize) -> Vec<u8> {
    let mut text = format!("{method} {target} HTTP/1.1\r\n");
    for (name, value) in headers {
        text.extend([*name, ": ", *value, "\r\n"]);
    }
    if method != "GET" {
        text.extend(["Content-Length: ", &length.to_string(), "\r\n"]);
    }
    text.push_str("\r\n");
    text.into_bytes()
}
