//! A download over a real connection, byte by byte.

use std::collections::HashMap;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

use crate::harness::{Call, Served};

/// Small, so that the server's kernel keeps what the reader does not take.
const RECEIVE_BUFFER: u32 = 4096;

pub struct Wire {
    stream: TcpStream,
    pub status: u16,
    pub headers: HashMap<String, String>,
    /// What came with the head.
    early: Vec<u8>,
}

impl Wire {
    /// Sends a request and reads the head of its answer.
    pub async fn open(served: &Served, call: Call<'_>) -> Self {
        Self::open_at(served.address, call).await
    }

    pub async fn open_at(address: SocketAddr, call: Call<'_>) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(RECEIVE_BUFFER).unwrap();
        let mut stream = socket.connect(address).await.unwrap();
        stream.write_all(&text(call).await).await.unwrap();
        let mut early = Vec::new();
        let end = loop {
            if let Some(end) = early.windows(4).position(|w| w == b"\r\n\r\n") {
                break end;
            }
            let read = stream.read_buf(&mut early).await.unwrap();
            assert!(read > 0, "no answer: {}", String::from_utf8_lossy(&early));
        };
        let head = String::from_utf8(early[..end].to_vec()).unwrap();
        let early = early.split_off(end + 4);
        let mut lines = head.split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap();
        let headers = lines.filter_map(|line| line.split_once(": "));
        Self {
            stream,
            status: status.parse().unwrap(),
            headers: headers
                .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
                .collect(),
            early,
        }
    }

    pub async fn read(&mut self, bytes: usize) -> Vec<u8> {
        let mut body = std::mem::take(&mut self.early);
        if body.len() > bytes {
            self.early = body.split_off(bytes);
            return body;
        }
        let begun = body.len();
        body.resize(bytes, 0);
        self.stream.read_exact(&mut body[begun..]).await.unwrap();
        body
    }

    /// All that still comes, also where the connection breaks.
    pub async fn read_on(&mut self) -> Vec<u8> {
        let mut body = std::mem::take(&mut self.early);
        let _ = self.stream.read_to_end(&mut body).await;
        body
    }

    pub async fn body(&mut self) -> Vec<u8> {
        let length = self.headers["content-length"].parse().unwrap();
        self.read(length).await
    }

    pub fn reset(self) {
        self.stream.set_zero_linger().unwrap();
    }
}

async fn text(call: Call<'_>) -> Vec<u8> {
    let (parts, body) = call.request().into_parts();
    let body = http_body_util::BodyExt::collect(body)
        .await
        .unwrap()
        .to_bytes();
    let mut text = format!("{} {} HTTP/1.1\r\n", parts.method, parts.uri).into_bytes();
    for (name, value) in &parts.headers {
        text.extend_from_slice(format!("{name}: ").as_bytes());
        text.extend_from_slice(value.as_bytes());
        text.extend_from_slice(b"\r\n");
    }
    text.extend_from_slice(format!("content-length: {}\r\n\r\n", body.len()).as_bytes());
    text.extend_from_slice(&body);
    text
}
