//! Who got it.

use entrepot_server::packages::{ArchiveState, administer};
use serde_json::json;

use crate::harness::{HOUR, Library};

#[tokio::test]
async fn the_record_says_who_got_it_and_when() {
    let library = Library::start().await;
    let node = library.this_node();
    let package = library.package(1_000_000).await;
    let fresh = library.record(&package).await;
    assert_eq!(
        (&fresh["state"], &fresh["holder"], &fresh["deliveries"]),
        (&json!("READY"), &json!(null), &json!(0))
    );
    let first = node.cut(library.download(&package), 1).await.len();
    library.pass(HOUR);
    library.download(&package).send().await.ok();
    node.quiet().await;
    let record = library.record(&package).await;
    assert_eq!(
        record,
        json!({"archive_id": package.id, "job_id": fresh["job_id"], "state": "CONSUMED",
            "file_name": fresh["file_name"], "size": package.size(), "digest": package.digest,
            "entry_count": 8, "created_at": "2027-01-15T08:00:00Z",
            "expires_at": "2027-01-22T08:00:00Z", "receipt_required": false, "deliveries": 2,
            "delivering": false, "sent_bytes": package.size() + first,
            "ended_at": "2027-01-15T09:00:00Z", "holder": {"user_id": library.owner.user_id,
            "user_name": "owner", "leased_at": "2027-01-15T08:00:00Z",
            "lease_until": "2027-01-16T08:00:00Z"}})
    );
}

#[tokio::test]
async fn what_a_package_held_is_let_go_when_it_is_delivered() {
    let library = Library::start().await;
    let package = library.package(1000).await;
    library.download(&package).send().await.ok();
    library.this_node().quiet().await;
    // by the delivery itself, or by the job where its process died
    library.end_archives().await;
    // the file of the asset is left
    assert_eq!(library.stored().await, 1);
    assert_eq!(library.rows("archive_pins").await, 0);
    assert_eq!(library.archive(&package.id).await.layout_key, None);
    assert_eq!(library.record(&package).await["state"], "CONSUMED");
}

#[tokio::test]
async fn an_administrator_sees_the_packages_of_all_projects() {
    let library = Library::start().await;
    let (first, second) = (library.package(10).await, library.package(10).await);
    library.download(&first).send().await.ok();
    library.this_node().quiet().await;
    let list = async |state| {
        let found = administer::list(&library.app, state, 10).await.unwrap();
        let ids = found.into_iter().map(|a| a.archive_id.into_string());
        ids.collect::<Vec<_>>()
    };
    assert_eq!(list(None).await, [second.id.as_str(), &first.id]);
    assert_eq!(
        list(Some(ArchiveState::Consumed)).await,
        [first.id.as_str()]
    );
    let shown = administer::show(&library.app, &first.id).await.unwrap();
    assert_eq!(shown.state, ArchiveState::Consumed);
    assert!(administer::show(&library.app, "x").await.is_err());
}
