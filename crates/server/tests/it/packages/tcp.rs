//! Delivered is what the reader's TCP acknowledged.

use std::time::Duration;

use entrepot_server::http::serve;
use tokio::net::TcpListener;

use crate::harness::{Call, Library};

use super::package::Package;
use super::wire::Wire;

/// What the kernel takes at once, and more than the reader's buffer holds.
const SIZE: usize = 2 * 1024 * 1024;

async fn state(library: &Library, package: &Package) -> String {
    let record = library.record(package).await;
    record["state"].as_str().unwrap().to_owned()
}

fn with_receipt<'a>(library: &'a Library, package: &Package) -> Call<'a> {
    let call = library.download(package);
    call.header("x-entrepot-receipt", "required")
}

#[tokio::test]
async fn a_plain_client_gets_it_once() {
    let library = Library::start().await;
    let served = library.serve().await;
    for size in [1, 1000, SIZE] {
        let package = library.package(size).await;
        let mut wire = Wire::open(&served, library.download(&package)).await;
        assert_eq!(wire.body().await, package.bytes);
        // on another connection, while the first one is kept alive
        let second = Wire::open(&served, library.download(&package)).await;
        assert_eq!(second.status, 403);
        assert_eq!(state(&library, &package).await, "CONSUMED");
    }
    served.stop().await;
}

#[tokio::test]
async fn what_the_kernel_swallowed_is_not_delivered() {
    let library = Library::start().await;
    let served = library.serve().await;
    let package = library.package(SIZE).await;
    let wire = Wire::open(&served, library.download(&package)).await;
    // written, as the bytes taken tell; the reader takes nothing
    while library.archive(&package.id).await.sent_bytes < package.size() as u64 {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(state(&library, &package).await, "LEASED");
    wire.reset();
    let mut again = Wire::open(&served, library.download(&package)).await;
    assert_eq!(again.status, 200);
    assert_eq!(again.body().await, package.bytes);
    library.this_node().quiet().await;
    assert_eq!(state(&library, &package).await, "CONSUMED");
    served.stop().await;
}

#[tokio::test]
async fn a_broken_line_leaves_it_to_the_holder() {
    let library = Library::start().await;
    let served = library.serve().await;
    let colleague = library.colleague().await;
    for cut in [0, 1, SIZE / 2] {
        for (reset, anew) in [(true, true), (true, false), (false, true), (false, false)] {
            let package = library.package(SIZE).await;
            let mut wire = Wire::open(&served, library.download(&package)).await;
            let mut got = wire.read(cut).await;
            if reset {
                wire.reset();
            } else {
                drop(wire);
            }
            let other = library.download(&package).by(&colleague);
            assert_eq!(Wire::open(&served, other).await.status, 403);
            let mut rest = if anew {
                got.clear();
                Wire::open(&served, library.download(&package)).await
            } else {
                Wire::open(&served, library.resume(&package, cut)).await
            };
            assert_eq!(rest.status, if anew { 200 } else { 206 });
            got.extend(rest.body().await);
            assert!(got == package.bytes, "cut at {cut}");
            let last = Wire::open(&served, library.download(&package)).await;
            assert_eq!(last.status, 403);
            assert_eq!(state(&library, &package).await, "CONSUMED");
        }
    }
    served.stop().await;
}

#[tokio::test]
async fn with_a_receipt_a_cut_at_any_byte_loses_nothing() {
    let library = Library::start().await;
    let served = library.serve().await;
    for n in 0..5 {
        let package = library.package(SIZE).await;
        let size = package.size();
        let cut = [0, 1, size / 2, size - 1, size][n];
        let mut wire = Wire::open(&served, with_receipt(&library, &package)).await;
        let mut got = wire.read(cut).await;
        wire.reset();
        if cut < size {
            let mut rest = Wire::open(&served, library.resume(&package, cut)).await;
            got.extend(rest.body().await);
        }
        assert!(got == package.bytes, "cut at {cut}");
        assert_eq!(state(&library, &package).await, "LEASED");
        let receipt = library.give_receipt(&package, &package.digest).await;
        assert_eq!(receipt.ok()["state"], "CONSUMED");
    }
    served.stop().await;
}

#[tokio::test]
async fn a_stop_cuts_the_line_and_the_holder_goes_on_elsewhere() {
    let library = Library::start().await;
    let served = library.serve().await;
    let package = library.package(SIZE * 8).await;
    let mut wire = Wire::open(&served, library.download(&package)).await;
    let mut got = wire.read(1000).await;
    library.app.deliveries.close().await;
    // what had arrived may still be read, then the line is broken
    got.extend(wire.read_on().await);
    assert!(got.len() < package.bytes.len());
    let there = library.node().await;
    let rest = there.send(library.resume(&package, got.len())).await;
    got.extend_from_slice(&rest.body);
    assert!(got == package.bytes);
    served.stop().await;
}

#[tokio::test]
async fn a_process_that_dies_leaves_nothing_to_be_sent() {
    let library = Library::start().await;
    let package = library.package(SIZE).await;
    let process = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let listener = listener.into_std().unwrap();
    let node = library.node_in(&process).await;
    process.spawn(async move {
        let listener = TcpListener::from_std(listener).unwrap();
        let never = std::future::pending();
        serve::serve(listener, node.router, never, Duration::ZERO).await;
    });
    let mut wire = Wire::open_at(address, library.download(&package)).await;
    let mut got = wire.read(1000).await;
    while library.archive(&package.id).await.sent_bytes < package.size() as u64 {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // it is dead before anybody reads on
    let dying = move || process.shutdown_timeout(Duration::from_mins(1));
    tokio::task::spawn_blocking(dying).await.unwrap();
    got.extend(wire.read_on().await);
    assert!(got.len() < package.size(), "the kernel went on sending");
    // its delivery lapses
    library.pass(Duration::from_secs(15));
    let rest = library.resume(&package, got.len()).send().await;
    got.extend_from_slice(&rest.body);
    assert!(got == package.bytes);
}
