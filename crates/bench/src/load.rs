//! Closed loops: each connection sends its next request when the last one is answered.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::client::Connection;
use crate::stats::millis;

/// Requests made beforehand, sent round and round.
pub type Requests = Arc<[Vec<u8>]>;

/// Runs something on one thread: the client must leave the cores to the server.
pub fn block_on<T>(future: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(future)
}

/// Answers a second, over `connections`, for `span` after a tenth of it to warm up.
pub async fn rate(
    address: SocketAddr,
    requests: &Requests,
    connections: usize,
    span: Duration,
) -> anyhow::Result<f64> {
    let begin = Instant::now() + span / 10;
    let end = begin + span;
    let mut workers = Vec::new();
    for worker in 0..connections {
        let connection = Connection::open(address).await?;
        let first = worker * requests.len() / connections;
        workers.push(tokio::spawn(repeat(
            connection,
            Arc::clone(requests),
            first,
            begin,
            end,
        )));
    }
    let mut answers = 0;
    for worker in workers {
        answers += worker.await??;
    }
    Ok(f64::from(answers) / span.as_secs_f64())
}

async fn repeat(
    mut connection: Connection,
    requests: Requests,
    first: usize,
    begin: Instant,
    end: Instant,
) -> anyhow::Result<u32> {
    let mut answers = 0;
    for i in first.. {
        connection
            .call(&requests[i % requests.len()])
            .await?
            .success()?;
        let now = Instant::now();
        if now >= end {
            break;
        }
        answers += u32::from(now >= begin);
    }
    Ok(answers)
}

/// Milliseconds of `count` calls, one after the other.
pub async fn latencies(
    connection: &mut Connection,
    requests: &[Vec<u8>],
    count: usize,
) -> anyhow::Result<Vec<f64>> {
    let mut taken = Vec::with_capacity(count);
    for i in 0..count {
        let began = Instant::now();
        connection
            .call(&requests[i % requests.len()])
            .await?
            .success()?;
        taken.push(millis(began.elapsed()));
    }
    Ok(taken)
}
