//! What only a connection can show: cut bodies, chunked ones, long heads, a stop.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::harness::{ENDPOINT, Library, Upload};

fn head(upload: &Upload, more: &str) -> String {
    let path = upload.url.strip_prefix(ENDPOINT).unwrap();
    let (md5, kind) = (&upload.md5, upload.content_type);
    format!(
        "PUT {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-MD5: {md5}\r\nContent-Type: {kind}\r\n{more}\r\n"
    )
}

#[tokio::test]
async fn a_put_that_is_cut_leaves_nothing() {
    let library = Library::start().await;
    let served = library.serve().await;
    let asset = library.create_asset("IMAGE").await;
    let bytes = vec![7; 200_000];
    let upload = library.declare(&asset, "MAIN", &bytes).await;
    for sent in [0, 1, 100_000, 199_999] {
        let mut stream = served.connect().await;
        let head = head(&upload, "Content-Length: 200000\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(&bytes[..sent]).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        let answer = String::from_utf8_lossy(&answer);
        assert!(!answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
    assert_eq!(
        (library.stored().await, library.rows("blobs").await),
        (0, 0)
    );
    library.send(&upload, &bytes).await.ok();
    served.stop().await;
}

#[tokio::test]
async fn a_chunked_body_has_no_length_and_is_refused() {
    let library = Library::start().await;
    let served = library.serve().await;
    let asset = library.create_asset("IMAGE").await;
    let upload = library.declare(&asset, "MAIN", b"hello").await;
    let mut request = head(&upload, "Transfer-Encoding: chunked\r\n");
    request.push_str("5\r\nhello\r\n0\r\n\r\n");
    let answer = served.exchange(request.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 411"), "{answer}");
    assert!(
        answer.contains("<Code>MissingContentLength</Code>"),
        "{answer}"
    );
    served.stop().await;
}

#[tokio::test]
async fn a_longer_body_is_refused_before_a_byte_is_read() {
    let library = Library::start().await;
    let served = library.serve().await;
    let asset = library.create_asset("IMAGE").await;
    let upload = library.declare(&asset, "MAIN", b"hello").await;
    let mut stream = served.connect().await;
    let request = head(&upload, "Content-Length: 5000000000\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = vec![0; 12];
    let read = stream.read_exact(&mut answer);
    tokio::time::timeout(Duration::from_secs(5), read)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(answer, b"HTTP/1.1 400");
    drop(stream);
    served.stop().await;
}

#[tokio::test]
async fn a_stop_lets_a_request_under_way_finish() {
    let library = Library::start().await;
    let served = library.serve().await;
    let asset = library.create_asset("IMAGE").await;
    let upload = library.declare(&asset, "MAIN", b"hello").await;
    let mut stream = served.connect().await;
    let request = head(&upload, "Content-Length: 5\r\nExpect: 100-continue\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut asked = vec![0; b"HTTP/1.1 100 Continue\r\n\r\n".len()];
    stream.read_exact(&mut asked).await.unwrap();
    assert_eq!(asked, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(b"he").await.unwrap();
    let stopping = tokio::spawn(served.stop());
    tokio::time::sleep(Duration::from_millis(50)).await;
    stream.write_all(b"llo").await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    stopping.await.unwrap();
    library.complete(&upload.file, "CREATED").await.ok();
}
