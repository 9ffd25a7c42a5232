//! Uploads that nobody finishes.

use std::time::Duration;

use crate::harness::{DAY, Library};

#[tokio::test]
async fn an_upload_is_given_up_after_three_days_without_a_byte() {
    let library = Library::start().await;
    let asset = library.create_asset("IMAGE").await;
    let upload = library.declare(&asset, "MAIN", b"x").await;
    library.pass(3 * DAY);
    library.sweep().await;
    assert_eq!(library.state(&asset).await, "CREATING");
    library.pass(Duration::from_millis(1));
    library.sweep().await;
    let file = library.file(&asset, &upload.file).await.unwrap();
    assert_eq!(file["state"], "FAILED");
    assert!(
        file["reason"]
            .as_str()
            .unwrap()
            .contains("not finished in time")
    );
    assert_eq!(library.state(&asset).await, "FAILED");
    library.assert_counts_are_right().await;
}

#[tokio::test]
async fn every_byte_starts_the_time_anew() {
    let library = Library::start().await;
    let asset = library.create_asset("VIDEO").await;
    let large = library.declare_large(&asset, 2, None).await;
    library.send_part(&large.urls[0], b"abc").await.ok();
    let cover = library.declare(&asset, "COVER", b"c").await;
    for _ in 0..2 {
        library.pass(2 * DAY);
        let path = format!("entrepot/files/{}/part-urls", large.file);
        let urls = library.call("POST", &path).send().await.ok();
        let url = urls["upload_urls"][1].as_str().unwrap();
        library.send_part(url, b"def").await.ok();
        library.sweep().await;
    }
    assert_eq!(
        library.file(&asset, &large.file).await.unwrap()["state"],
        "CREATING"
    );
    assert_eq!(
        library.file(&asset, &cover.file).await.unwrap()["state"],
        "FAILED"
    );
    assert_eq!(library.state(&asset).await, "CREATING");
}

#[tokio::test]
async fn an_asset_in_the_bin_learns_of_it_when_it_comes_back() {
    let library = Library::start().await;
    let asset = library.create_asset("IMAGE").await;
    library.declare(&asset, "MAIN", b"x").await;
    library.delete_asset(&asset).await.ok();
    library.pass(4 * DAY);
    library.sweep().await;
    assert_eq!(library.state(&asset).await, "DELETING");
    library.restore(&asset).await.ok();
    assert_eq!(library.state(&asset).await, "FAILED");
}

#[tokio::test]
async fn bytes_without_a_complete_are_let_go() {
    let library = Library::start().await;
    let asset = library.create_asset("IMAGE").await;
    let upload = library.declare(&asset, "MAIN", b"x").await;
    library.send(&upload, b"x").await.ok();
    library.pass(4 * DAY);
    library.sweep().await;
    library.pass(DAY);
    library.sweep().await;
    assert_eq!(library.stored().await, 0);
    assert_eq!(library.rows("blobs").await, 0);
}
