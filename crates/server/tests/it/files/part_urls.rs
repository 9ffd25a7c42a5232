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
async fn only_a_large_file_that_waits_for_parts_has_links() {
    let library = Library::start().await;
    let asset = library.create_asset("VIDEO").await;
    let cover = library.declare(&asset, "COVER", b"c").await;
    assert_eq!(
        sign_again(&library, &cover.file).await.code(),
        "400 MSS.10009007"
    );
    let large = library.upload_parts(&asset, &[b"abc"]).await;
    assert!(library.block(&asset).await);
    assert_eq!(
        sign_again(&library, &large.file).await.code(),
        "400 MSS.10009012"
    );
    assert!(library.unblock(&asset).await);
    library.complete(&large.file, "CANCELLED").await.ok();
    assert_eq!(
        sign_again(&library, &large.file).await.code(),
        "400 MSS.10009007"
    );
    assert_eq!(
        sign_again(&library, "unknown").await.code(),
        "400 MSS.10001004"
    );
}
