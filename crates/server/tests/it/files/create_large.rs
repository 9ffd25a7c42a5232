//! `POST /v1/{project_id}/large-files`

use serde_json::{Value, json};

use crate::harness::Library;

async fn with(library: &Library, kind: &str, change: &Value) -> String {
    let asset = library.create_asset(kind).await;
    let mut body = json!({"file_name": "n", "file_type": "mp4", "asset_id": asset, "asset_file_category": "MAIN"});
    body.as_object_mut()
        .unwrap()
        .extend(change.as_object().unwrap().clone());
    library.post("large-files", &body).await.code()
}

#[tokio::test]
async fn one_part_is_the_default_and_size_may_be_open() {
    let library = Library::start().await;
    let asset = library.create_asset("VIDEO").await;
    let body = json!({"file_name": "n", "file_type": "mp4", "asset_id": asset, "asset_file_category": "MAIN"});
    let answer = library.post("large-files", &body).await.ok();
    let urls = answer["upload_urls"].as_array().unwrap();
    assert_eq!(urls.len(), 1);
    let file = answer["file_id"].as_str().unwrap();
    let part = format!("&partNumber=1&uploadId={file}&Signature=");
    assert!(urls[0].as_str().unwrap().contains(&part), "{urls:?}");
    let shown = library.file(&asset, file).await.unwrap();
    assert!(shown["file_md5"].is_null() && shown["file_size"].is_null());
}

#[tokio::test]
async fn limits_hold_to_the_last_one() {
    let library = Library::start().await;
    for (change, expected) in [
        (json!({"file_multipart_count": 100}), "200"),
        (json!({"file_multipart_count": 101}), "400 MSS.00000003"),
        (json!({"file_multipart_count": 0}), "400 MSS.00000003"),
        (json!({"file_size": 1}), "200"),
        (json!({"file_size": 0}), "400 MSS.00000003"),
        (json!({"file_size": 536_870_912_000_i64}), "200"),
        (
            json!({"file_size": 536_870_912_001_i64}),
            "400 MSS.00000003",
        ),
        (json!({"file_name": "x".repeat(257)}), "400 MSS.00000003"),
        (json!({"file_type": ""}), "400 MSS.10001003"),
        (json!({"file_type": "exe"}), "400 MSS.10009010"),
        (json!({"asset_file_category": "COVER"}), "400 MSS.00000003"),
        (json!({"asset_file_category": "OTHER"}), "400 MSS.10009009"),
        (json!({"asset_id": "unknown"}), "400 MSS.10001001"),
        (json!({"file_size": "1"}), "400 MSS.00000002"),
    ] {
        assert_eq!(with(&library, "VIDEO", &change).await, expected, "{change}");
    }
    for category in ["OTHER", "PACKAGE"] {
        let change = json!({"asset_file_category": category, "file_type": "zip"});
        assert_eq!(with(&library, "COMMON_FILE", &change).await, "200");
    }
    let picture = json!({"file_type": "png", "file_size": 50 * 1024 * 1024 + 1});
    assert_eq!(with(&library, "IMAGE", &picture).await, "400 MSS.10001007");
}

#[tokio::test]
async fn a_large_main_file_is_the_one_main_file() {
    let library = Library::start().await;
    let asset = library.create_asset("VIDEO").await;
    library.declare_large(&asset, 2, None).await;
    let body = library.file_body(&asset, "MAIN", b"x").await;
    assert_eq!(
        library.post("files", &body).await.code(),
        "400 MSS.10001008"
    );
}
