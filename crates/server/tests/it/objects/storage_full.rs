//! A storage without room: the request says so, and nothing is left of it.

use entrepot_blob::Blobs;
use serde_json::json;

use crate::harness::Library;

async fn small() -> Library {
    Library::with(|setup| setup.blobs = Blobs::memory_of(10)).await
}

#[tokio::test]
async fn a_put_that_does_not_fit_leaves_nothing() {
    let library = small().await;
    let asset = library.create_asset("IMAGE").await;
    let upload = library.declare(&asset, "MAIN", b"eleven byte").await;
    let full = library.send(&upload, b"eleven byte").await;
    insta::assert_snapshot!(full.line(), @"507 InsufficientStorage There is no room left on the server's storage; nothing was kept of this request.");
    assert_eq!(
        (library.stored().await, library.rows("blobs").await),
        (0, 0)
    );
    assert_eq!(
        library.complete(&upload.file, "CREATED").await.code(),
        "400 MSS.10009008"
    );
    // what fits still works
    library.ready_asset("IMAGE", b"ten bytes!").await;
    library
        .update(&asset, &json!({"asset_name": "n"}))
        .await
        .ok();
}

#[tokio::test]
async fn a_part_that_does_not_fit_leaves_the_one_before() {
    let library = small().await;
    let asset = library.create_asset("VIDEO").await;
    let large = library.upload_parts(&asset, &[b"first"]).await;
    let full = library.send_part(&large.urls[0], b"second").await;
    assert_eq!(full.code(), "507 InsufficientStorage");
    assert_eq!(library.stored().await, 1);
    library.complete(&large.file, "CREATED").await.ok();
    library.run_due_jobs().await;
    let url = library.download_url(&asset, &large.file).await.unwrap();
    assert_eq!(library.fetch(&url).await.text(), "first");
}
