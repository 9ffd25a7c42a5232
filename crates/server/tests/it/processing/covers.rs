//! Covers of films.

use serde_json::json;

use crate::harness::Library;

const GOOD: &str = "thumbnail; cover; finish";

async fn film(library: &Library) -> String {
    let body = json!({"asset_name": "Film", "asset_type": "VIDEO", "is_need_generate_cover": true});
    let asset = library.create_asset_with(&body).await;
    library.upload(&asset, "MAIN", b"film").await;
    asset
}

async fn cover_url(library: &Library, asset: &str) -> Option<String> {
    let answer = library.summarys(&[asset]).await.ok();
    let url = &answer["asset_list"][0]["cover_url"];
    url.as_str().map(str::to_owned)
}

#[tokio::test]
async fn a_film_that_wants_a_cover_gets_one() {
    let library = Library::with_worker(GOOD).await;
    let asset = film(&library).await;
    library.run_due_jobs().await;
    let files = library.files_of(&asset, "COVER").await;
    assert_eq!(files[0].0, "cover.jpg");
    let url = cover_url(&library, &asset).await.unwrap();
    let jpeg = library.fetch(&url).await;
    assert_eq!(jpeg.header("content-type"), "image/jpeg");
    assert_eq!(jpeg.text(), "cover as jpeg");
    let call = library.object("GET", &url).header("accept", "image/webp");
    let webp = call.send().await;
    assert_eq!(webp.header("content-type"), "image/webp");
    assert_eq!(webp.header("vary"), "Accept");
    assert_eq!(webp.text(), "cover as webp");
    library.assert_counts_are_right().await;
}

#[tokio::test]
async fn a_film_that_wants_none_gets_none() {
    let library = Library::with_worker(GOOD).await;
    let asset = library.ready_asset("VIDEO", b"film").await;
    library.run_due_jobs().await;
    assert_eq!(cover_url(&library, &asset).await, None);
    assert!(library.thumbnail_url(&asset).await.is_some());
}

#[tokio::test]
async fn a_cover_that_a_user_gave_is_never_replaced() {
    let library = Library::with_worker(GOOD).await;
    let asset = film(&library).await;
    let own = library.upload(&asset, "COVER", b"own cover").await;
    library.run_due_jobs().await;
    let files = library.files_of(&asset, "COVER").await;
    assert_eq!(files.len(), 1);
    assert_eq!(files[0].1, own);
}

#[tokio::test]
async fn a_cover_that_the_server_made_is_replaced() {
    let library = Library::with_worker(GOOD).await;
    let asset = film(&library).await;
    library.run_due_jobs().await;
    let first = library.files_of(&asset, "COVER").await;
    library.reprocess("VIDEO", false).await;
    library.run_due_jobs().await;
    let second = library.files_of(&asset, "COVER").await;
    assert_eq!(second.len(), 1);
    assert_ne!(first[0].1, second[0].1);
    let url = cover_url(&library, &asset).await.unwrap();
    let call = library.object("GET", &url).header("accept", "image/webp");
    assert_eq!(call.send().await.text(), "cover as webp");
}
