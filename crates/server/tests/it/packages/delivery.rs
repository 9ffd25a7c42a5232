//! One delivery at a time: races, dead and stuck deliveries, two nodes, a stop.

use std::time::Duration;

use entrepot_server::ids::UserId;
use entrepot_server::packages::delivery::abandon_all;
use entrepot_server::packages::once::{self, Holder};
use http_body_util::BodyExt;

use crate::harness::{HOUR, Library};

use super::package::Package;

const BLOCK: usize = 256 * 1024;

/// Leaves the row as the holder's process does that dies in the middle of a delivery.
async fn crash(library: &Library, package: &Package) {
    let row = library.archive(&package.id).await;
    let holder = Holder {
        user_id: UserId::new(&library.owner.user_id),
        name: "owner".into(),
        address: None,
        lease: HOUR,
        receipt_required: false,
    };
    let range = 0..row.size;
    let begun = once::begin(&row, &holder, &range, library.app.clock.now());
    library.put_archive(&row, &begun).await;
}

#[tokio::test]
async fn of_two_that_race_one_gets_it() {
    let library = Library::start().await;
    let nodes = [library.this_node(), library.node().await];
    let colleague = library.colleague().await;
    for round in 0..60 {
        let package = library
            .package(if round % 2 == 0 { 10 } else { BLOCK + 1 })
            .await;
        let second = if round % 3 == 0 {
            &colleague
        } else {
            &library.owner
        };
        let other = &nodes[usize::from(round % 5 == 0)];
        let (a, b) = tokio::join!(
            nodes[0].send(library.download(&package)),
            other.send(library.download(&package).by(second)),
        );
        let (won, lost) = if a.status == 200 { (a, b) } else { (b, a) };
        assert_eq!((won.status, won.body.len()), (200, package.bytes.len()));
        let code = lost.code();
        assert!(
            code == "403 ROMA.19002" || code == "403 ROMA.19003",
            "{round}: {code}"
        );
    }
}

#[tokio::test]
async fn a_download_that_gets_on_is_not_disturbed() {
    let library = Library::start().await;
    let node = library.this_node();
    let package = library.package(BLOCK * 200).await;
    let mut first = node.open(library.download(&package)).await.into_body();
    let (stop, mut stopped) = tokio::sync::oneshot::channel::<()>();
    let reading = async {
        let mut got = 0;
        while let Some(frame) = first.frame().await {
            got += frame.unwrap().data_ref().unwrap().len();
            if stopped
                .try_recv()
                .is_err_and(|e| e == tokio::sync::oneshot::error::TryRecvError::Empty)
            {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
        got
    };
    let asking = async {
        let answer = library.download(&package).send().await;
        let _ = stop.send(());
        answer.code()
    };
    let (got, code) = tokio::join!(reading, asking);
    assert_eq!(
        (got, code.as_str()),
        (package.bytes.len(), "403 ROMA.19003")
    );
    let after = library.download(&package).send().await;
    assert_eq!(after.code(), "403 ROMA.19002");
}

#[tokio::test]
async fn a_download_that_is_stuck_gives_way_to_its_holder() {
    let library = Library::start().await;
    let node = library.this_node();
    let package = library.package(BLOCK * 4).await;
    let mut stuck = node.open(library.download(&package)).await.into_body();
    let first = stuck.frame().await.unwrap().unwrap();
    let first = first.data_ref().unwrap().len();
    let answer = library.download(&package).send().await;
    assert_eq!((answer.status, answer.body.len()), (200, package.size()));
    // not a byte more
    assert!(stuck.frame().await.unwrap().is_err());
    node.quiet().await;
    let record = library.record(&package).await;
    assert_eq!(record["state"], "CONSUMED");
    assert_eq!(record["sent_bytes"], first + package.size());
}

#[tokio::test]
async fn a_stuck_download_on_another_node_is_fenced_off() {
    let library = Library::start().await;
    let (here, there) = (library.this_node(), library.node().await);
    let package = library.package(BLOCK * 4).await;
    let mut stuck = there.open(library.download(&package)).await.into_body();
    stuck.frame().await.unwrap().unwrap();
    // once that is written down, nothing about it moves any more
    while library.archive(&package.id).await.sent_bytes == 0 {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let answer = here.send(library.download(&package)).await;
    assert_eq!((answer.status, answer.body.len()), (200, package.size()));
    assert!(stuck.frame().await.unwrap().is_err());
    there.quiet().await;
    here.quiet().await;
    assert_eq!(library.record(&package).await["state"], "CONSUMED");
    assert_eq!(
        there.send(library.download(&package)).await.code(),
        "403 ROMA.19002"
    );
}

#[tokio::test]
async fn what_a_dead_process_was_sending_goes_on_for_its_holder() {
    let library = Library::start().await;
    let colleague = library.colleague().await;
    let package = library.package(BLOCK).await;
    crash(&library, &package).await;
    let other = || library.download(&package).by(&colleague).send();
    assert_eq!(other().await.code(), "403 ROMA.19003");
    library.pass(Duration::from_secs(15));
    assert_eq!(other().await.code(), "403 ROMA.19007");
    // it may have sent everything: going on from anywhere is whole
    let rest = library.resume(&package, 1000).send().await;
    assert_eq!((rest.status, rest.body.len()), (206, package.size() - 1000));
    library.this_node().quiet().await;
    assert_eq!(library.record(&package).await["state"], "CONSUMED");
}

#[tokio::test]
async fn a_restart_alone_on_its_database_waits_for_nobody() {
    let library = Library::start().await;
    let package = library.package(BLOCK).await;
    crash(&library, &package).await;
    let abandoned = library.app.db.write(async |tx| abandon_all(tx).await);
    abandoned.await.unwrap();
    assert_eq!(library.record(&package).await["delivering"], false);
    library.download(&package).send().await.ok();
}

#[tokio::test]
async fn a_stop_records_what_is_under_way_as_cut() {
    let library = Library::start().await;
    let node = library.this_node();
    let package = library.package(BLOCK * 4).await;
    let mut held = node.open(library.download(&package)).await.into_body();
    let first = held.frame().await.unwrap().unwrap();
    let first = first.data_ref().unwrap().len();
    library.app.deliveries.close().await;
    assert!(held.frame().await.unwrap().is_err());
    let row = library.archive(&package.id).await;
    assert_eq!((row.delivery.until, row.covered), (None, first as u64));
    let answer = library.download(&package).send().await;
    assert_eq!(answer.code(), "503 ROMA.19091");
    let there = library.node().await;
    let answer = there.send(library.resume(&package, first)).await;
    assert_eq!(
        (answer.status, answer.body.len()),
        (206, package.size() - first)
    );
}

#[tokio::test]
async fn a_caller_who_hangs_up_before_the_answer_holds_nothing_up() {
    let library = Library::start().await;
    let node = library.this_node();
    let package = library.package(BLOCK).await;
    for polls in 1..40 {
        let mut asking = Box::pin(node.open(library.download(&package)));
        for _ in 0..polls {
            tokio::select! {
                biased;
                _ = &mut asking => break,
                () = tokio::task::yield_now() => {}
            }
        }
        drop(asking);
    }
    let answer = library.download(&package).send().await;
    assert_eq!((answer.status, answer.body.len()), (200, package.size()));
}
