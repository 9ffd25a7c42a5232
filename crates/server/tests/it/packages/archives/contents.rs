//! What is inside, without using it up.

use serde_json::json;

use crate::harness::Library;

#[tokio::test]
async fn contents_list_the_entries_and_lease_nothing() {
    let library = Library::start().await;
    let package = library.package(1000).await;
    let path = format!("{}/entrepot/contents", package.path);
    let all = library.get(&path).await.ok();
    let entries = all["entries"].as_array().unwrap();
    assert_eq!(all["total"], entries.len());
    assert_eq!(entries[0]["path"], "bagit.txt");
    let last = entries.last().unwrap();
    assert_eq!(
        (&last["asset_id"], &last["size"]),
        (&json!(package.asset), &json!(1000))
    );
    let page = library.get(&format!("{path}?offset=1&limit=2")).await.ok();
    assert_eq!(page["entries"], json!(entries[1..3]));
    let beyond = library.get(&format!("{path}?offset=1000")).await.ok();
    assert_eq!(beyond["entries"], json!([]));
    assert_eq!(library.record(&package).await["state"], "READY");
}

#[tokio::test]
async fn contents_are_gone_with_the_package() {
    let library = Library::start().await;
    let package = library.package(1000).await;
    let path = format!("{}/entrepot/contents", package.path);
    library.get(&path).await.ok();
    let answer = library.get(&format!("{path}?limit=0")).await;
    assert_eq!(answer.code(), "400 ROMA.13000");
    library.download(&package).send().await.ok();
    library.this_node().quiet().await;
    assert_eq!(library.get(&path).await.code(), "403 ROMA.19002");
}
