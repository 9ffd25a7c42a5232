//! Slides: states of the analysis, pages as files, texts.

use serde_json::json;

use crate::harness::Library;

const TWO_PAGES: &str = "tell '{\"Facts\":{\"Deck\":{\"pages\":2}}}'; \
    if wants pages; then coming 2; page 1; page 2; fi; thumbnail; finish";

async fn deck(library: &Library) -> String {
    let body = json!({"asset_name": "Deck", "asset_type": "PPT",
        "asset_extra_meta": {"ppt_meta": {"auto_analysis": true}}});
    library.create_asset_with(&body).await
}

async fn status(library: &Library, asset: &str) -> serde_json::Value {
    library.meta(asset, "ppt_meta").await["ppt_analysis_status"].clone()
}

#[tokio::test]
async fn pages_become_files_in_order_with_their_texts() {
    let library = Library::with_worker(TWO_PAGES).await;
    let asset = deck(&library).await;
    assert_eq!(status(&library, &asset).await, "INITIALIZE");
    library.upload(&asset, "MAIN", b"deck").await;
    assert_eq!(status(&library, &asset).await, "WAITING");
    library.run_due_jobs().await;
    let files = library.files_of(&asset, "PAGE").await;
    let names: Vec<_> = files.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["page-1.jpg", "page-2.jpg"]);
    let wanted = json!({"auto_analysis": true, "ppt_analysis_status": "SUCCEEDED", "page_count": 2,
        "pages": [
            {"page_no": 1, "page_content": "text of page 1", "file_id": files[0].1},
            {"page_no": 2, "page_content": "text of page 2", "file_id": files[1].1}]});
    assert_eq!(library.meta(&asset, "ppt_meta").await, wanted);
    let url = library.download_url(&asset, &files[1].1).await.unwrap();
    assert_eq!(library.fetch(&url).await.text(), "picture of page 2");
    assert!(library.thumbnail_url(&asset).await.is_some());
}

#[tokio::test]
async fn without_the_wish_there_are_no_pages() {
    let library = Library::with_worker(TWO_PAGES).await;
    let asset = library.ready_asset("PPT", b"deck").await;
    library.run_due_jobs().await;
    assert_eq!(
        library.meta(&asset, "ppt_meta").await,
        json!({"page_count": 2})
    );
    assert!(library.files_of(&asset, "PAGE").await.is_empty());
    // it may come later
    let wish = json!({"asset_extra_meta": {"ppt_meta": {"auto_analysis": true}}});
    library.update(&asset, &wish).await.ok();
    assert_eq!(status(&library, &asset).await, "WAITING");
    library.run_due_jobs().await;
    assert_eq!(library.files_of(&asset, "PAGE").await.len(), 2);
    // and once is enough
    library.update(&asset, &wish).await.ok();
    assert_eq!(library.run_due_jobs().await, 0);
}

#[tokio::test]
async fn all_pages_come_or_none() {
    let library = Library::with_worker("coming 3; page 1; page 2; exit 1").await;
    let asset = deck(&library).await;
    library.upload(&asset, "MAIN", b"deck").await;
    library.run_due_jobs().await;
    let meta = library.meta(&asset, "ppt_meta").await;
    assert_eq!(meta["ppt_analysis_status"], "FAILED");
    assert_eq!(meta["error_info"]["error_code"], "MSS.10009038");
    assert!(library.files_of(&asset, "PAGE").await.is_empty());
    assert_eq!(library.stored().await, 1, "only the deck itself");
}

#[tokio::test]
async fn analysed_again_pages_are_replaced() {
    let library = Library::with_worker(TWO_PAGES).await;
    let asset = deck(&library).await;
    library.upload(&asset, "MAIN", b"deck").await;
    library.run_due_jobs().await;
    let first = library.files_of(&asset, "PAGE").await;
    library.reprocess("PPT", false).await;
    assert_eq!(status(&library, &asset).await, "WAITING");
    library.run_due_jobs().await;
    let second = library.files_of(&asset, "PAGE").await;
    assert_eq!(second.len(), 2);
    assert!(first.iter().all(|old| !second.contains(old)));
    let pages = library.meta(&asset, "ppt_meta").await["pages"].clone();
    assert_eq!(pages[0]["file_id"], second[0].1.as_str());
    library.assert_counts_are_right().await;
}
