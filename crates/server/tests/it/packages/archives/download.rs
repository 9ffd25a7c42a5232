//! The download as a client sees it: headers, ranges, refusals.

use std::time::Duration;

use crate::harness::{DAY, HOUR, Library};

const BLOCK: usize = 256 * 1024;

#[tokio::test]
async fn the_first_get_brings_it_and_the_second_is_refused() {
    let library = Library::start().await;
    let package = library.package(BLOCK * 2 + 5).await;
    let answer = library.download(&package).send().await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.body, package.bytes);
    let name = library.archive(&package.id).await.file_name;
    let name = format!("attachment; filename=\"{name}\"");
    for (name, value) in [
        ("content-length", package.bytes.len().to_string().as_str()),
        ("etag", &package.etag()),
        ("content-type", "application/zip"),
        ("content-disposition", name.as_str()),
        ("accept-ranges", "bytes"),
        ("cache-control", "no-store"),
        ("x-accel-buffering", "no"),
        ("x-content-type-options", "nosniff"),
    ] {
        assert_eq!(answer.header(name), value, "{name}");
    }
    let again = library.download(&package).send().await;
    assert_eq!(
        again.line(),
        "403 ROMA.19002 The package has been downloaded, which can be done only once; export again."
    );
    assert_eq!(again.json()["request_id"], again.header("x-request-id"));
    let head = library.call("HEAD", &package.path).send().await;
    assert_eq!(head.status, 403);
}

#[tokio::test]
async fn head_shows_the_headers_and_leases_nothing() {
    let library = Library::start().await;
    let package = library.package(1000).await;
    let colleague = library.colleague().await;
    for _ in 0..3 {
        let call = library.call("HEAD", &package.path).by(&colleague);
        let head = call.header("range", "bytes=5-").send().await;
        assert_eq!(head.status, 200);
        assert_eq!(head.header("content-length"), package.size().to_string());
        assert_eq!(head.header("etag"), package.etag());
        assert!(head.body.is_empty());
    }
    assert_eq!(library.record(&package).await["state"], "READY");
    library.download(&package).send().await.ok();
}

#[tokio::test]
async fn what_is_not_there_and_what_is_not_yours_answer_the_same() {
    let library = Library::start().await;
    let package = library.package(1000).await;
    let stranger = library.stranger().await;
    let elsewhere = package.path.replace("/instances/", "/instances/x");
    let unknown = format!("{}0", package.path);
    let foreign = package
        .path
        .replace(&library.owner.project_id, &stranger.project_id);
    for (path, caller) in [
        (&elsewhere, &library.owner),
        (&unknown, &library.owner),
        (&foreign, &stranger),
    ] {
        for more in ["", "/entrepot/record", "/entrepot/contents"] {
            let call = library.call("GET", &format!("{path}{more}")).by(caller);
            assert_eq!(call.send().await.code(), "403 ROMA.19001", "{path}{more}");
        }
    }
    let answer = library.download(&package).by(&stranger).send().await;
    assert_eq!(answer.code(), "403 ROMA.1006");
}

#[tokio::test]
async fn a_cut_download_goes_on_by_range_or_anew() {
    let library = Library::start().await;
    let node = library.this_node();
    for size in [1, BLOCK * 4 + 3] {
        for cut in [0, 1, size / 2, size] {
            for anew in [false, true] {
                let package = library.package(size).await;
                let mut got = node.cut(library.download(&package), cut).await;
                if got.len() == package.size() {
                    continue;
                }
                assert_eq!(library.record(&package).await["state"], "LEASED");
                let answer = if anew {
                    got.clear();
                    library.download(&package).send().await
                } else {
                    library.resume(&package, got.len()).send().await
                };
                assert_eq!(answer.status, if anew { 200 } else { 206 });
                got.extend_from_slice(&answer.body);
                assert_eq!(got, package.bytes);
                let again = library.download(&package).send().await;
                assert_eq!(again.code(), "403 ROMA.19002");
            }
        }
    }
}

#[tokio::test]
async fn a_stale_if_range_brings_the_whole() {
    let library = Library::start().await;
    let package = library.package(1000).await;
    let call = library.download(&package).header("range", "bytes=500-");
    let answer = call.header("if-range", "\"another\"").send().await;
    assert_eq!((answer.status, answer.body.len()), (200, package.size()));
}

#[tokio::test]
async fn single_ranges_are_sent_and_several_bring_the_whole() {
    let library = Library::start().await;
    let package = library.package(1000).await;
    let range = |text: &str| library.download(&package).header("range", text);
    let answer = range("bytes=10-19").send().await;
    assert_eq!(answer.status, 206);
    assert_eq!(
        answer.header("content-range"),
        format!("bytes 10-19/{}", package.size())
    );
    assert_eq!(answer.body, package.bytes[10..20]);
    let answer = range("bytes=9000-").send().await;
    assert_eq!(answer.code(), "416 ROMA.19009");
    assert_eq!(
        answer.header("content-range"),
        format!("bytes */{}", package.size())
    );
    // the end of it alone does not use it up: the beginning was never sent
    let answer = range("bytes=-1").send().await;
    assert_eq!(answer.body, package.bytes[package.size() - 1..]);
    let answer = range("bytes=0-9, 500-").send().await;
    assert_eq!((answer.status, answer.body.len()), (200, package.size()));
    assert_eq!(
        library.download(&package).send().await.code(),
        "403 ROMA.19002"
    );
}

#[tokio::test]
async fn an_unsatisfiable_range_leases_nothing() {
    let library = Library::start().await;
    let package = library.package(1000).await;
    let call = library.download(&package).header("range", "bytes=9000-");
    assert_eq!(call.send().await.status, 416);
    assert_eq!(library.record(&package).await["state"], "READY");
}

#[tokio::test]
async fn only_the_holder_goes_on() {
    let library = Library::start().await;
    let node = library.this_node();
    let colleague = library.colleague().await;
    let package = library.package(BLOCK * 4).await;
    let held = node.open(library.download(&package)).await;
    let other = |method: &str| library.call(method, &package.path).by(&colleague);
    assert_eq!(other("GET").send().await.code(), "403 ROMA.19003");
    assert_eq!(other("HEAD").send().await.status, 403);
    drop(held);
    node.quiet().await;
    assert_eq!(other("GET").send().await.code(), "403 ROMA.19007");
    library.download(&package).send().await.ok();
    node.quiet().await;
    assert_eq!(other("GET").send().await.code(), "403 ROMA.19002");
}

#[tokio::test]
async fn nobody_came_in_time() {
    let library = Library::start().await;
    let package = library.package(1000).await;
    library.pass_almost(7 * DAY);
    assert_eq!(library.call("HEAD", &package.path).send().await.status, 200);
    library.pass(Duration::from_millis(1));
    assert_eq!(
        library.download(&package).send().await.code(),
        "403 ROMA.19004"
    );
    // the layout, and the file of the asset
    assert_eq!(library.stored().await, 2);
    library.end_archives().await;
    assert_eq!(library.stored().await, 1);
    assert_eq!(library.rows("archive_pins").await, 0);
    let record = library.record(&package).await;
    assert_eq!(record["state"], "EXPIRED");
    assert_eq!(record["ended_at"], "2027-01-22T08:00:00Z");
    assert_eq!(
        library.download(&package).send().await.code(),
        "403 ROMA.19004"
    );
}

#[tokio::test]
async fn the_lease_is_over() {
    let library = Library::start().await;
    let node = library.this_node();
    let colleague = library.colleague().await;
    let package = library.package(BLOCK * 4).await;
    node.cut(library.download(&package), 1).await;
    library.pass_almost(24 * HOUR);
    node.cut(library.download(&package), 1).await;
    library.pass(Duration::from_millis(1));
    for caller in [&library.owner, &colleague] {
        let answer = library.download(&package).by(caller).send().await;
        assert_eq!(answer.code(), "403 ROMA.19004");
    }
    library.end_archives().await;
    assert_eq!(library.record(&package).await["state"], "EXPIRED");
    assert_eq!(library.stored().await, 1);
}

#[tokio::test]
async fn a_delivery_that_began_in_time_may_end_after_the_lease() {
    let library = Library::start().await;
    let node = library.this_node();
    let package = library.package(BLOCK * 4).await;
    let held = node.open(library.download(&package)).await;
    library.pass(24 * HOUR);
    // it says so again within a second, by the clock that was moved
    while library.archive(&package.id).await.delivery.until.unwrap() < library.app.clock.now() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    library.end_archives().await;
    let body = http_body_util::BodyExt::collect(held.into_body()).await;
    assert_eq!(body.unwrap().to_bytes(), package.bytes);
    node.quiet().await;
    assert_eq!(library.record(&package).await["state"], "CONSUMED");
}

#[tokio::test]
async fn a_package_is_sent_a_bounded_number_of_times() {
    let library = Library::with(|setup| setup.config.archive_max_sends = 3).await;
    let node = library.this_node();
    let package = library.package(BLOCK * 4).await;
    let (size, most) = (package.size(), package.size() * 3);
    let mut sent = 0;
    while sent + size <= most {
        sent += node.cut(library.download(&package), size / 2).await.len();
    }
    assert_eq!(library.record(&package).await["sent_bytes"], sent);
    let answer = library.download(&package).send().await;
    assert_eq!(answer.code(), "403 ROMA.19006");
    // what is left of the bound is enough for the rest
    let from = size - (most - sent);
    let rest = library.resume(&package, from).send().await;
    assert_eq!((rest.status, rest.body.len()), (206, size - from));
    node.quiet().await;
    assert_eq!(library.record(&package).await["state"], "CONSUMED");
}

#[tokio::test]
async fn what_is_blocked_is_not_sent() {
    let library = Library::start().await;
    let node = library.this_node();
    let package = library.package(BLOCK * 4).await;
    let other = library.package(1000).await;
    assert!(library.block(&other.asset).await);
    let first = node.cut(library.download(&package), 1).await.len();
    assert!(library.block(&package.asset).await);
    for call in [
        library.download(&package),
        library.resume(&package, first),
        library.download(&other),
    ] {
        assert_eq!(call.send().await.code(), "403 ROMA.19005");
    }
    assert_eq!(library.call("HEAD", &package.path).send().await.status, 403);
    assert_eq!(library.record(&other).await["state"], "READY");
    assert!(library.unblock(&package.asset).await);
    assert_eq!(library.resume(&package, first).send().await.status, 206);
}
