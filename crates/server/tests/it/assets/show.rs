//! `GET /v1/{project_id}/digital-assets/{asset_id}`

use serde_json::json;

use crate::harness::{DAY, Library};

#[tokio::test]
async fn an_asset_of_another_project_is_not_found() {
    let library = Library::start().await;
    let stranger = library.stranger().await;
    let asset = library.create_asset("IMAGE").await;
    let path = format!("/v1/{}/digital-assets/{asset}", stranger.project_id);
    let theirs = library.call("GET", &path).by(&stranger).send().await;
    let unknown = library.get("digital-assets/0123").await;
    // nothing tells that it is there
    assert_eq!(theirs.line(), unknown.line());
    insta::assert_snapshot!(unknown.line(), @"400 MSS.10001001 Asset not found");
}

#[tokio::test]
async fn odd_ids_are_unknown_ones() {
    let library = Library::start().await;
    for id in ["x", "%20", "..%2F..", "'", "%E5%A4%8F", "%25"] {
        let answer = library.get(&format!("digital-assets/{id}")).await;
        assert_eq!(answer.code(), "400 MSS.10001001", "{id}");
    }
    let nul = library.get("digital-assets/%00").await;
    assert_eq!(nul.code(), "400 MSS.00000003");
    let not_utf8 = library.get("digital-assets/%FF").await;
    assert_eq!(not_utf8.code(), "400 MSS.00010003");
}

#[tokio::test]
async fn files_come_with_links_while_the_asset_is_usable() {
    let library = Library::start().await;
    let asset = library.create_asset("VIDEO").await;
    let main = library.upload(&asset, "MAIN", b"film").await;
    let cover = library.declare(&asset, "COVER", b"cover").await;
    let shown = library.show(&asset).await;
    let files = shown["files"].as_array().unwrap();
    assert_eq!(files.len(), 2);
    assert_eq!(files[0]["file_id"], main.as_str());
    assert_eq!(files[0]["file_size"], 4);
    assert_eq!(files[0]["state"], "CREATED");
    assert!(files[0]["download_url"].is_string());
    assert_eq!(files[1]["file_id"], cover.file.as_str());
    assert_eq!(files[1]["state"], "CREATING");
    assert!(files[1]["download_url"].is_null());

    library.delete_asset(&asset).await.ok();
    assert!(library.file(&asset, &main).await.unwrap()["download_url"].is_null());
}

#[tokio::test]
async fn a_deleted_asset_answers_without_content_for_30_days() {
    let library = Library::start().await;
    let body = json!({"asset_name": "n", "asset_type": "IMAGE", "tags": ["t"],
        "asset_description": "d", "asset_extra_meta": {"image_meta": {}}});
    let asset = library.create_asset_with(&body).await;
    library.upload(&asset, "MAIN", b"picture").await;
    library.purge(&asset).await.ok();

    library.pass(30 * DAY);
    library.sweep().await;
    let shown = library.show(&asset).await;
    assert_eq!(shown["asset_state"], "DELETED");
    assert_eq!((&shown["files"], &shown["tags"]), (&json!([]), &json!([])));
    assert!(shown["asset_description"].is_null());

    library.pass(std::time::Duration::from_millis(1));
    library.sweep().await;
    let gone = library.get(&format!("digital-assets/{asset}")).await;
    assert_eq!(gone.code(), "400 MSS.10001001");
    assert_eq!(library.rows("files").await, 0);
    library.assert_counts_are_right().await;
}
