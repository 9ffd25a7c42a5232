//! What is known of an answer when the peer reads it, stops, resets or goes away.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::response::Response;
use axum::routing::get;
use bytes::Bytes;
use entrepot_server::http::connection::{Connection, Outcome};
use entrepot_server::http::serve;
use entrepot_server::http::tracked_body::{Tracker, track};
use futures_util::{FutureExt, StreamExt, stream};
use http_body_util::BodyExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::mpsc;

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;
/// Longer than any test takes: what needs it fails.
const LONG: Duration = Duration::from_mins(10);
const CHUNK: u64 = 256 * KIB;
/// The kernel doubles it.
const CLIENT_BUFFER: u32 = 128 * 1024;

type Sent = (Tracker, Connection);

/// Answers bodies of any length and hands out their trackers.
struct Server {
    address: SocketAddr,
    sent: mpsc::UnboundedReceiver<Sent>,
}

fn zeros(length: u64) -> impl futures_util::Stream<Item = std::io::Result<Bytes>> + Send + Unpin {
    let chunk = Bytes::from(vec![0; usize::try_from(CHUNK).unwrap()]);
    let starts = (0..length).step_by(usize::try_from(CHUNK).unwrap());
    stream::iter(starts.map(move |start| {
        let end = usize::try_from(CHUNK.min(length - start)).unwrap();
        Ok(chunk.slice(..end))
    }))
}

async fn answer(
    State(sender): State<mpsc::UnboundedSender<Sent>>,
    Path((kind, length)): Path<(String, u64)>,
    request: Request,
) -> Response {
    let connection = request.extensions().get::<Connection>().unwrap().clone();
    let (body, tracker) = if kind == "whole" {
        track(zeros(length), length, Some(connection.clone()))
    } else {
        // never comes to its end
        let endless = zeros(length).chain(stream::pending());
        track(endless, length + 1, Some(connection.clone()))
    };
    sender.send((tracker, connection)).unwrap();
    Response::new(body)
}

impl Server {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, sent) = mpsc::unbounded_channel();
        let router = Router::new()
            .route("/{kind}/{length}", get(answer))
            .with_state(sender);
        let never = std::future::pending();
        tokio::spawn(serve::serve(listener, router, never, LONG));
        Self { address, sent }
    }

    async fn connect(&self) -> TcpStream {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(CLIENT_BUFFER).unwrap();
        socket.connect(self.address).await.unwrap()
    }

    async fn ask(&mut self, client: &mut TcpStream, path: &str) -> Sent {
        let request = format!("GET {path} HTTP/1.1\r\nHost: h\r\n\r\n");
        client.write_all(request.as_bytes()).await.unwrap();
        self.sent.recv().await.unwrap()
    }

    async fn get(&mut self, path: &str) -> (TcpStream, Sent) {
        let mut client = self.connect().await;
        let sent = self.ask(&mut client, path).await;
        (client, sent)
    }
}

async fn read_head(client: &mut TcpStream) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(client.read_u8().await.unwrap());
    }
    assert!(head.starts_with(b"HTTP/1.1 200 "));
}

async fn read(client: &mut TcpStream, length: u64) {
    let read = tokio::io::copy(&mut client.take(length), &mut tokio::io::sink()).await;
    assert_eq!(read.unwrap(), length);
}

/// Until hyper has the last byte, which the client has not read.
async fn taken_whole(tracker: &Tracker) {
    while !tracker.is_taken_whole() {
        tokio::task::yield_now().await;
    }
}

async fn closed(connection: &Connection) {
    while !connection.is_closed() {
        tokio::task::yield_now().await;
    }
}

fn is_cut(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::Cut { unacknowledged } if unacknowledged > 0)
}

#[tokio::test]
async fn a_body_that_is_read_is_acknowledged() {
    let mut server = Server::start().await;
    let (mut client, (tracker, connection)) = server.get("/whole/3000000").await;
    read_head(&mut client).await;
    read(&mut client, 3_000_000).await;
    assert_eq!(tracker.outcome(LONG).await, Outcome::Acknowledged);
    assert_eq!(tracker.taken(), 3_000_000);
    assert_eq!(connection.unacknowledged().unwrap(), 0);
    assert!(connection.flushes() > 0);
    assert!(connection.written() > 3_000_000);
    assert!(!connection.is_closed());
}

#[tokio::test]
async fn an_empty_body_is_acknowledged() {
    let mut server = Server::start().await;
    let (mut client, (tracker, _)) = server.get("/whole/0").await;
    read_head(&mut client).await;
    assert_eq!(tracker.outcome(LONG).await, Outcome::Acknowledged);
}

#[tokio::test]
async fn a_peer_that_reads_nothing_stalls_until_it_is_stopped() {
    let mut server = Server::start().await;
    let length = 64 * MIB;
    let (mut client, (tracker, connection)) = server.get(&format!("/whole/{length}")).await;
    let stalled = tracker.outcome(Duration::from_millis(200)).await;
    assert!(
        matches!(stalled, Outcome::Stalled { unacknowledged } if unacknowledged > 0),
        "{stalled:?}"
    );
    assert!(!connection.is_closed());

    tracker.stop();
    let taken = tracker.taken();
    assert!(is_cut(tracker.outcome(LONG).await));
    assert!(connection.is_closed());
    assert_eq!(tracker.taken(), taken);
    assert!(taken < length);
    let error = client.read_to_end(&mut Vec::new()).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn a_stop_ends_a_body_that_waits_for_its_next_chunk() {
    let mut server = Server::start().await;
    let (mut client, (tracker, connection)) = server.get("/endless/1000").await;
    read_head(&mut client).await;
    read(&mut client, 1000).await;
    tracker.stop();
    let error = client.read_u8().await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
    assert!(matches!(tracker.outcome(LONG).await, Outcome::Cut { .. }));
    closed(&connection).await;
    assert_eq!(tracker.taken(), 1000);
}

#[tokio::test]
async fn what_the_peer_had_before_the_abort_stays_acknowledged() {
    let mut server = Server::start().await;
    let (mut client, (tracker, connection)) = server.get("/whole/1000").await;
    read_head(&mut client).await;
    read(&mut client, 1000).await;
    assert_eq!(tracker.outcome(LONG).await, Outcome::Acknowledged);
    connection.abort();
    assert_eq!(tracker.outcome(LONG).await, Outcome::Acknowledged);
}

#[tokio::test]
async fn a_peer_that_closes_after_half_of_it_cuts_it() {
    let mut server = Server::start().await;
    let (mut client, (tracker, _)) = server.get(&format!("/whole/{}", 64 * MIB)).await;
    read_head(&mut client).await;
    read(&mut client, 32 * MIB).await;
    drop(client);
    assert!(is_cut(tracker.outcome(LONG).await));
    assert!(tracker.taken() >= 32 * MIB);
    assert!(!tracker.is_taken_whole());
}

#[tokio::test]
async fn a_peer_that_goes_away_with_bytes_unread_is_told_from_one_that_ends_in_order() {
    let mut server = Server::start().await;
    let (client, (tracker, connection)) = server.get("/whole/1000").await;
    assert_eq!(tracker.outcome(LONG).await, Outcome::Acknowledged);
    drop(client);
    assert!(connection.is_reset_within(LONG).await);

    let (mut client, (tracker, connection)) = server.get("/whole/1000").await;
    read_head(&mut client).await;
    read(&mut client, 1000).await;
    assert_eq!(tracker.outcome(LONG).await, Outcome::Acknowledged);
    drop(client);
    assert!(!connection.is_reset_within(LONG).await);
}

#[tokio::test]
async fn a_reset_cuts_what_only_the_kernel_has() {
    let mut server = Server::start().await;
    let length = 512 * KIB;
    let (client, (tracker, _)) = server.get(&format!("/whole/{length}")).await;
    taken_whole(&tracker).await;
    client.set_zero_linger().unwrap();
    drop(client);
    assert!(is_cut(tracker.outcome(LONG).await));
}

#[tokio::test]
async fn a_peer_that_closes_unread_cuts_what_only_the_kernel_has() {
    let mut server = Server::start().await;
    let length = 512 * KIB;
    let (client, (tracker, _)) = server.get(&format!("/whole/{length}")).await;
    taken_whole(&tracker).await;
    let outcome = tokio::spawn(async move { tracker.outcome(LONG).await });
    drop(client);
    assert!(is_cut(outcome.await.unwrap()));
}

#[tokio::test]
async fn a_peer_that_closes_after_all_of_it_has_acknowledged_it() {
    let mut server = Server::start().await;
    let (mut client, (tracker, connection)) = server.get(&format!("/whole/{MIB}")).await;
    read_head(&mut client).await;
    read(&mut client, MIB).await;
    drop(client);
    closed(&connection).await;
    assert_eq!(tracker.outcome(LONG).await, Outcome::Acknowledged);
}

#[tokio::test]
async fn what_the_kernel_sends_after_hyper_closed_counts() {
    let mut server = Server::start().await;
    let length = 512 * KIB;
    let mut client = server.connect().await;
    let request = format!("GET /whole/{length} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    client.write_all(request.as_bytes()).await.unwrap();
    let (tracker, connection) = server.sent.recv().await.unwrap();
    closed(&connection).await;
    assert!(connection.unacknowledged().unwrap() > 0);
    let outcome = tokio::spawn(async move { tracker.outcome(LONG).await });
    read_head(&mut client).await;
    read(&mut client, length).await;
    assert_eq!(outcome.await.unwrap(), Outcome::Acknowledged);
    drop(connection);
    assert_eq!(client.read(&mut [0]).await.unwrap(), 0);
}

#[tokio::test]
async fn a_peer_that_half_closes_within_the_body_cuts_it() {
    let mut server = Server::start().await;
    let (mut client, (tracker, connection)) = server.get("/endless/1000").await;
    read_head(&mut client).await;
    read(&mut client, 1000).await;
    client.shutdown().await.unwrap();
    assert!(matches!(tracker.outcome(LONG).await, Outcome::Cut { .. }));
    closed(&connection).await;
    // the end comes though this test still holds the connection
    assert_eq!(client.read(&mut [0]).await.unwrap(), 0);
}

#[tokio::test]
async fn a_peer_that_half_closes_after_the_body_has_acknowledged_it() {
    let mut server = Server::start().await;
    let (mut client, (tracker, connection)) = server.get("/whole/1000").await;
    read_head(&mut client).await;
    read(&mut client, 1000).await;
    client.shutdown().await.unwrap();
    closed(&connection).await;
    assert_eq!(tracker.outcome(LONG).await, Outcome::Acknowledged);
}

#[tokio::test]
async fn the_next_answer_on_the_connection_does_not_hide_the_first() {
    let mut server = Server::start().await;
    let mut client = server.connect().await;
    let (first, connection) = server.ask(&mut client, "/whole/70000").await;
    read_head(&mut client).await;
    read(&mut client, 70_000).await;
    let path = format!("/whole/{}", 64 * MIB);
    let (second, _) = server.ask(&mut client, &path).await;
    read_head(&mut client).await;
    let stalled = second.outcome(Duration::from_millis(200)).await;
    assert!(matches!(stalled, Outcome::Stalled { .. }), "{stalled:?}");
    assert!(connection.unacknowledged().unwrap() > 0);
    assert_eq!(first.outcome(LONG).await, Outcome::Acknowledged);

    read(&mut client, 64 * MIB).await;
    assert_eq!(second.outcome(LONG).await, Outcome::Acknowledged);
}

/// The kernel takes megabytes that the reader has not; these must not count.
#[tokio::test]
async fn what_the_kernel_took_is_not_acknowledged_before_it_is_read() {
    let mut server = Server::start().await;
    let length = 64 * MIB;
    let (mut client, (tracker, _)) = server.get(&format!("/whole/{length}")).await;
    read_head(&mut client).await;
    let mut left = length - 48 * MIB;
    read(&mut client, 48 * MIB).await;
    // small steps with time for the server to fill the kernel
    while !tracker.is_taken_whole() {
        read(&mut client, 512 * KIB).await;
        left -= 512 * KIB;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(left >= MIB, "the kernel took only {left} bytes ahead");

    let mut outcome = Box::pin(tracker.outcome(LONG));
    while left > 2 * u64::from(CLIENT_BUFFER) {
        assert_eq!(
            outcome.as_mut().now_or_never(),
            None,
            "{left} were not read"
        );
        read(&mut client, 16 * KIB).await;
        left -= 16 * KIB;
    }
    read(&mut client, left).await;
    assert_eq!(outcome.await, Outcome::Acknowledged);
}

#[tokio::test]
async fn without_a_connection_what_is_taken_whole_is_acknowledged() {
    let (body, tracker) = track(zeros(600_000), 600_000, None);
    assert_eq!(body.collect().await.unwrap().to_bytes().len(), 600_000);
    assert_eq!(tracker.outcome(LONG).await, Outcome::Acknowledged);

    let (mut body, tracker) = track(zeros(600_000), 600_000, None);
    body.frame().await.unwrap().unwrap();
    drop(body);
    let cut = Outcome::Cut { unacknowledged: 0 };
    assert_eq!(tracker.outcome(LONG).await, cut);
    assert_eq!(tracker.taken(), CHUNK);
}

#[tokio::test]
async fn a_body_of_another_length_than_it_said_is_cut() {
    for said in [599_999, 600_001] {
        let (body, tracker) = track(zeros(600_000), said, None);
        body.collect().await.unwrap_err();
        assert!(matches!(tracker.outcome(LONG).await, Outcome::Cut { .. }));
    }
}

#[tokio::test]
async fn a_stopped_body_yields_nothing_more() {
    let (mut body, tracker) = track(zeros(600_000), 600_000, None);
    body.frame().await.unwrap().unwrap();
    tracker.stop();
    body.frame().await.unwrap().unwrap_err();
    drop(body);
    assert_eq!(tracker.taken(), CHUNK);
    assert!(matches!(tracker.outcome(LONG).await, Outcome::Cut { .. }));
}
