//! `POST /v1/{project_id}/digital-assets/batch-action`

use serde_json::json;

use crate::harness::Library;

#[tokio::test]
async fn outcomes_are_grouped_in_the_order_they_come_up() {
    let library = Library::start().await;
    let (a, b) = (
        library.ready_asset("IMAGE", b"x").await,
        library.ready_asset("IMAGE", b"x").await,
    );
    let creating = library.create_asset("IMAGE").await;
    let answer = library
        .batch("ACTIVE", &[&a, "gone", &creating, &b, "lost", &a])
        .await
        .ok();
    assert_eq!(
        answer,
        json!({"results": [
            {"ret_status": "SUCCESS", "asset_ids": [a, b]},
            {"ret_status": "FAILED", "asset_ids": ["gone", "lost"],
                "error_info": {"error_code": "MSS.10001001", "error_msg": "Asset not found"}},
            {"ret_status": "FAILED", "asset_ids": [creating], "error_info": {"error_code": "MSS.10009001",
                "error_msg": "The asset is CREATING; in this state it can't be activated."}},
        ]})
    );
    assert_eq!(library.state(&a).await, "ACTIVED");
    assert_eq!(library.state(&b).await, "ACTIVED");
}

#[tokio::test]
async fn every_action_does_what_its_call_does() {
    let library = Library::start().await;
    let asset = library.ready_asset("IMAGE", b"x").await;
    for (action, state) in [
        ("ACTIVE", "ACTIVED"),
        ("UNACTIVE", "UNACTIVED"),
        ("DELETE", "DELETING"),
        ("RESTORE", "UNACTIVED"),
        ("DELETE_FORCE", "DELETED"),
    ] {
        let answer = library.batch(action, &[&asset]).await.ok();
        assert_eq!(answer["results"][0]["ret_status"], "SUCCESS", "{action}");
        assert_eq!(library.state(&asset).await, state);
    }
    library.assert_counts_are_right().await;
}

#[tokio::test]
async fn sharing_fails_with_a_code_until_it_exists() {
    let library = Library::start().await;
    let asset = library.create_asset("IMAGE").await;
    for action in ["SHARE", "UNSHARE"] {
        let answer = library.batch(action, &[&asset]).await.ok();
        assert_eq!(answer["results"][0]["ret_status"], "FAILED");
        assert_eq!(
            answer["results"][0]["error_info"]["error_code"],
            "MSS.10009006"
        );
    }
}

#[tokio::test]
async fn assets_of_others_are_not_found() {
    let library = Library::start().await;
    let stranger = library.stranger().await;
    let asset = library.create_asset("IMAGE").await;
    let path = format!("/v1/{}/digital-assets/batch-action", stranger.project_id);
    let body = json!({"action": "DELETE_FORCE", "asset_ids": [asset]});
    let answer = library
        .call("POST", &path)
        .by(&stranger)
        .json(&body)
        .send()
        .await
        .ok();
    assert_eq!(
        answer["results"][0]["error_info"]["error_code"],
        "MSS.10001001"
    );
    assert_eq!(library.state(&asset).await, "CREATING");
}

#[tokio::test]
async fn limits_hold_to_the_last_one() {
    let library = Library::start().await;
    let ids = |n: usize| -> Vec<String> { (0..n).map(|i| i.to_string()).collect() };
    for (body, expected) in [
        (json!({"action": "ACTIVE", "asset_ids": ids(100)}), "200"),
        (
            json!({"action": "ACTIVE", "asset_ids": ids(101)}),
            "400 MSS.00000003",
        ),
        (
            json!({"action": "ACTIVE", "asset_ids": []}),
            "400 MSS.00000003",
        ),
        (
            json!({"action": "ACTIVE", "asset_ids": ["x".repeat(64)]}),
            "200",
        ),
        (
            json!({"action": "ACTIVE", "asset_ids": ["x".repeat(65)]}),
            "400 MSS.00000003",
        ),
        (
            json!({"action": "ACTIVE", "asset_ids": [""]}),
            "400 MSS.00000003",
        ),
        (
            json!({"action": "BLOCK", "asset_ids": ["x"]}),
            "400 MSS.00000003",
        ),
        (
            json!({"action": "ACTIVE", "asset_ids": ["x"], "params": "p".repeat(4096)}),
            "200",
        ),
        (
            json!({"action": "ACTIVE", "asset_ids": ["x"], "params": "p".repeat(4097)}),
            "400 MSS.00000003",
        ),
        (json!({"action": "ACTIVE"}), "400 MSS.00000002"),
        (json!({"asset_ids": ["x"]}), "400 MSS.00000002"),
    ] {
        let answer = library.post("digital-assets/batch-action", &body).await;
        assert_eq!(answer.code(), expected, "{body}");
    }
}
