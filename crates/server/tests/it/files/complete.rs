//! `POST /v1/{project_id}/files/{file_id}/complete`

use serde_json::json;

use crate::harness::{Library, MINUTE};

#[tokio::test]
async fn a_main_file_makes_its_asset_unactived() {
    let library = Library::start().await;
    let asset = library.create_asset("IMAGE").await;
    let upload = library.declare(&asset, "MAIN", b"picture").await;
    let put = library.send(&upload, b"picture").await;
    assert_eq!(put.header("etag").len(), 34);
    assert_eq!(library.state(&asset).await, "CREATING");
    library.pass(MINUTE);
    let completed = library.complete(&upload.file, "CREATED").await;
    assert_eq!((completed.status, completed.body.len()), (200, 0));
    let shown = library.show(&asset).await;
    assert_eq!(shown["asset_state"], "UNACTIVED");
    assert_eq!(shown["update_time"], "2027-01-15T08:01:00Z");
    assert_eq!(shown["files"][0]["state"], "CREATED");
    assert_eq!(
        shown["files"][0]["entrepot_sha256"].as_str().unwrap().len(),
        64
    );
}

#[tokio::test]
async fn other_files_leave_the_state_as_it_is() {
    let library = Library::start().await;
    let asset = library.create_asset("VIDEO").await;
    library.upload(&asset, "COVER", b"c").await;
    assert_eq!(library.state(&asset).await, "CREATING");
    let failing = library.create_asset("VIDEO").await;
    let cover = library.declare(&failing, "COVER", b"c").await;
    library.complete(&cover.file, "FAILED").await.ok();
    assert_eq!(library.state(&failing).await, "CREATING");
}

#[tokio::test]
async fn the_library_may_activate_at_once() {
    let library = Library::with(|setup| setup.config.activate_at_once = true).await;
    let asset = library.ready_asset("IMAGE", b"x").await;
    assert_eq!(library.state(&asset).await, "ACTIVED");
    library.assert_counts_are_right().await;
}

#[tokio::test]
async fn completing_again_changes_nothing_and_another_state_is_refused() {
    let library = Library::start().await;
    for (first, others) in [
        ("CREATED", ["FAILED", "CANCELLED"]),
        ("FAILED", ["CREATED", "CANCELLED"]),
        ("CANCELLED", ["CREATED", "FAILED"]),
    ] {
        let asset = library.create_asset("IMAGE").await;
        let upload = library.declare(&asset, "MAIN", b"x").await;
        library.send(&upload, b"x").await.ok();
        library.complete(&upload.file, first).await.ok();
        let shown = library.show(&asset).await;
        library.complete(&upload.file, first).await.ok();
        for other in others {
            let refused = library.complete(&upload.file, other).await;
            assert_eq!(refused.code(), "400 MSS.10009007", "{first} {other}");
        }
        assert_eq!(library.show(&asset).await, shown);
    }
    library.assert_counts_are_right().await;
}

#[tokio::test]
async fn without_its_bytes_a_file_is_not_created() {
    let library = Library::start().await;
    let asset = library.create_asset("IMAGE").await;
    let upload = library.declare(&asset, "MAIN", b"x").await;
    let refused = library.complete(&upload.file, "CREATED").await;
    insta::assert_snapshot!(refused.line(), @"400 MSS.10009008 The file's bytes have not arrived; PUT them to its upload_url first.");
    library.send(&upload, b"x").await.ok();
    library.complete(&upload.file, "CREATED").await.ok();
}

#[tokio::test]
async fn giving_up_takes_the_asset_along_only_when_the_main_file_failed() {
    let library = Library::start().await;
    for (state, expected) in [("FAILED", "FAILED"), ("CANCELLED", "CREATING")] {
        let asset = library.create_asset("IMAGE").await;
        let upload = library.declare(&asset, "MAIN", b"x").await;
        library.send(&upload, b"x").await.ok();
        library.complete(&upload.file, state).await.ok();
        assert_eq!(library.state(&asset).await, expected);
        assert_eq!(
            library.file(&asset, &upload.file).await.unwrap()["state"],
            state
        );
    }
    // their bytes are let go
    assert_eq!(library.rows("blobs WHERE state = 'LIVE'").await, 0);
}

#[tokio::test]
async fn what_is_not_a_state_or_a_file_is_refused() {
    let library = Library::start().await;
    let asset = library.create_asset("IMAGE").await;
    let upload = library.declare(&asset, "MAIN", b"x").await;
    for state in ["", "created", "DELETED", "UPLOADED"] {
        assert_eq!(
            library.complete(&upload.file, state).await.code(),
            "400 MSS.00000003"
        );
    }
    let path = format!("files/{}/complete", upload.file);
    assert_eq!(
        library.post(&path, &json!({})).await.code(),
        "400 MSS.00000002"
    );
    let unknown = library.complete("unknown", "CREATED").await;
    insta::assert_snapshot!(unknown.line(), @"400 MSS.10001004 The file not found");
    let stranger = library.stranger().await;
    let path = format!("/v1/{}/files/{}/complete", stranger.project_id, upload.file);
    let call = library.call("POST", &path).by(&stranger);
    let theirs = call.json(&json!({"state": "FAILED"})).send().await;
    assert_eq!(theirs.line(), unknown.line());
}

#[tokio::test]
async fn nothing_completes_in_an_asset_that_is_away() {
    let library = Library::start().await;
    let asset = library.create_asset("IMAGE").await;
    let upload = library.declare(&asset, "MAIN", b"x").await;
    library.send(&upload, b"x").await.ok();
    library.delete_asset(&asset).await.ok();
    assert_eq!(
        library.complete(&upload.file, "CREATED").await.code(),
        "400 MSS.10009001"
    );
    library.restore(&asset).await.ok();
    assert!(library.block(&asset).await);
    assert_eq!(
        library.complete(&upload.file, "CREATED").await.code(),
        "400 MSS.10009012"
    );
    assert!(library.unblock(&asset).await);
    library.complete(&upload.file, "CREATED").await.ok();
    assert_eq!(library.state(&asset).await, "UNACTIVED");
}

#[tokio::test]
async fn parts_come_in_any_order_and_again_until_complete() {
    let library = Library::start().await;
    let asset = library.create_asset("VIDEO").await;
    let large = library.declare_large(&asset, 3, Some(9)).await;
    for (n, bytes) in [(2, "ccc"), (0, "xx"), (1, "bbbb"), (0, "aa")] {
        let put = library.send_part(&large.urls[n], bytes.as_bytes()).await;
        put.ok();
    }
    library.complete(&large.file, "CREATED").await.ok();
    let again = library.send_part(&large.urls[0], b"zz").await;
    assert_eq!(again.code(), "403 AccessDenied");
    // completing twice starts one job
    library.complete(&large.file, "CREATED").await.ok();
    assert_eq!(library.run_due_jobs().await, 1);
    let url = library.download_url(&asset, &large.file).await.unwrap();
    assert_eq!(library.fetch(&url).await.text(), "aabbbbccc");
    assert_eq!(library.stored().await, 3);
}

#[tokio::test]
async fn missing_parts_and_wrong_sums_are_named() {
    let library = Library::start().await;
    let asset = library.create_asset("VIDEO").await;
    let large = library.declare_large(&asset, 3, Some(9)).await;
    library.send_part(&large.urls[0], b"aaa").await.ok();
    library.send_part(&large.urls[2], b"ccc").await.ok();
    let missing = library.complete(&large.file, "CREATED").await;
    insta::assert_snapshot!(missing.line(), @"400 MSS.10009008 Part 2 of 3 has not arrived; PUT it to its URL first.");
    library.send_part(&large.urls[1], b"bb").await.ok();
    let short = library.complete(&large.file, "CREATED").await;
    insta::assert_snapshot!(short.line(), @"400 MSS.10009008 The parts add up to 8 bytes, but 9 were declared.");
    library.send_part(&large.urls[1], b"bbb").await.ok();
    library.complete(&large.file, "CREATED").await.ok();
    library.run_due_jobs().await;
    assert_eq!(library.state(&asset).await, "UNACTIVED");
}
