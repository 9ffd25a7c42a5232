//! `POST /v1/{project_id}/entrepot/files/{file_id}/part-urls`

use crate::harness::{DAY, Library};

async fn sign_again(library: &Library, file: &str) -> crate::harness::Answer {
    let path = format!("entrepot/files/{file}/part-urls");
    library.call("POST", &path).send().await
}

#[tokio::test]
async fn an_upload_that_was_cut_goes_on_with_fresh_links() {
    let library = Library::start().await;
    let asset = library.create_asset("VIDEO").await;
    let large = library.declare_large(&asset, 2, None).await;
    library.send_part(&large.urls[1], b"def").await.ok();
    library.pass(DAY);
    let late = library.send_part(&large.urls[0], b"abc").await;
    assert_eq!(late.code(), "403 AccessDenied");
    let answer = sign_again(&library, &large.file).await.ok();
    assert_eq!(answer["file_id"], large.file.as_str());
    assert_eq!(answer["parts"][0]["part_number"], 2);
    assert_eq!(answer["parts"][0]["size"], 3);
    assert_eq!(answer["parts"][0]["etag"].as_str().unwrap().len(), 32);
    let url = answer["upload_urls"][0].as_str().unwrap();
    library.send_part(url, b"abc").await.ok();
    library.complete(&large.file, "CREATED").await.ok();
    assert_eq!(library.run_due_jobs().await, 1);
}

#[tokio::test]
async fn a_file_sent_by_one_put_has_one_link() {
    let library = Library::start().await;
    let asset = library.create_asset("VIDEO").await;
    let mut cover = library.declare(&asset, "COVER", b"c").await;
    library.pass(DAY);
    let answer = sign_again(&library, &cover.file).await.ok();
    assert_eq!(answer["upload_urls"].as_array().unwrap().len(), 1);
    answer["upload_urls"][0]
        .as_str()
        .unwrap()
        .clone_into(&mut cover.url);
    library.send(&cover, b"c").await.ok();
    library.complete(&cover.file, "CREATED").await.ok();
    let complete = sign_again(&library, &cover.file).await;
    assert_eq!(complete.code(), "400 MSS.10009007");
}

#[tokio::test]
async fn only_a_file_that_waits_for_bytes_has_links() {
    let library = Library::start().await;
    let asset = library.create_asset("VIDEO").await;
    let large = library.upload_parts(&asset, &[b"abc"]).await;
    assert!(library.block(&asset).await);
    let blocked = sign_again(&library, &large.file).await;
    assert_eq!(blocked.code(), "400 MSS.10009012");
    assert!(library.unblock(&asset).await);
    library.complete(&large.file, "CANCELLED").await.ok();
    let cancelled = sign_again(&library, &large.file).await;
    assert_eq!(cancelled.code(), "400 MSS.10009007");
    let unknown = sign_again(&library, "unknown").await;
    assert_eq!(unknown.code(), "400 MSS.10001004");
}
