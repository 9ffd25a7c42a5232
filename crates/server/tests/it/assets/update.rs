//! `PUT /v1/{project_id}/digital-assets/{asset_id}`

use serde_json::{Value, json};

use crate::harness::{Library, MINUTE};

#[tokio::test]
async fn what_is_left_out_stays() {
    let library = Library::start().await;
    let body = json!({"asset_name": "n", "asset_type": "VIDEO", "asset_description": "d",
        "tags": ["t"], "asset_order": 3, "supported_service": ["LIVE_2D"],
        "system_properties": [{"key": "STYLE_ID", "value": "a"}],
        "asset_extra_meta": {"video_meta": {"width": 1}}});
    let asset = library.create_asset_with(&body).await;
    let before = library.show(&asset).await;
    library.pass(MINUTE);
    let mut after = library
        .update(&asset, &json!({"asset_name": "m"}))
        .await
        .ok();
    assert_eq!(after["update_time"], "2027-01-15T08:01:00Z");
    assert_eq!(after["entrepot_version"], 2);
    for field in ["asset_name", "update_time", "entrepot_version"] {
        after[field] = before[field].clone();
    }
    assert_eq!(after, before);
}

#[tokio::test]
async fn every_field_can_change() {
    let library = Library::start().await;
    let body = json!({"asset_name": "n", "asset_type": "VIDEO", "tags": ["old", "kept"],
        "system_properties": [{"key": "STYLE_ID", "value": "a"}, {"key": "STYLE_ID", "value": "b"},
            {"key": "DH_ID", "value": "x"}, {"key": "DH_ID", "value": "y"}],
        "asset_extra_meta": {"video_meta": {"width": 1}, "audio_meta": {"sample": 2}}});
    let asset = library.create_asset_with(&body).await;
    let changed = library.update(&asset, &json!({"asset_name": "m", "asset_type": "IMAGE",
        "asset_description": "", "tags": ["kept", "new"], "asset_order": 7,
        "supported_service": ["CHAT_2D"],
        "system_properties": [{"action": "DELETE", "key": "STYLE_ID", "value": "a"},
            {"action": "DELETE", "key": "DH_ID"}, {"action": "ADD", "key": "RENDER_ENGINE", "value": "UE"}],
        "asset_extra_meta": {"video_meta": {"height": 9}}})).await.ok();
    assert_eq!(changed["asset_type"], "IMAGE");
    assert_eq!(changed["asset_description"], "");
    assert_eq!(changed["tags"], json!(["kept", "new"]));
    assert_eq!(changed["asset_order"], 7);
    assert_eq!(changed["supported_service"], json!(["CHAT_2D"]));
    assert_eq!(
        changed["system_properties"],
        json!([{"key": "STYLE_ID", "value": "b"},
        {"key": "RENDER_ENGINE", "value": "UE"}])
    );
    // of the kinds that are learned from files single fields change, the others stay
    assert_eq!(
        changed["asset_extra_meta"],
        json!({"video_meta": {"width": 1, "height": 9}, "audio_meta": {"sample": 2}})
    );
    assert_eq!(library.show(&asset).await, changed);
    library.assert_counts_are_right().await;
}

#[tokio::test]
async fn limits_and_unknown_values_are_refused() {
    let library = Library::start().await;
    let asset = library.create_asset("VIDEO").await;
    let refused: [(&str, Value); 9] = [
        ("asset_name", json!("x".repeat(257))),
        ("asset_description", json!("x".repeat(4097))),
        ("asset_type", json!("FILM")),
        ("asset_order", json!(32768)),
        ("tags", json!(["x".repeat(129)])),
        ("supported_service", json!(["X"])),
        ("asset_state", json!("DELETED")),
        ("asset_state", json!("active")),
        ("system_properties", json!([{"key": "X", "value": "1"}])),
    ];
    for (field, value) in refused {
        let answer = library.update(&asset, &json!({field: value})).await;
        assert_eq!(answer.code(), "400 MSS.00000003", "{field}");
    }
    for field in ["shared_config", "review_config", "auto_operation_config"] {
        let answer = library.update(&asset, &json!({field: {}})).await;
        assert_eq!(answer.code(), "400 MSS.10009006", "{field}");
    }
    let owner = library.update(&asset, &json!({"asset_owner": "p"})).await;
    assert_eq!(owner.code(), "400 MSS.10009006");
    assert_eq!(library.show(&asset).await["entrepot_version"], 1);
}

#[tokio::test]
async fn properties_never_grow_beyond_50() {
    let library = Library::start().await;
    let many = |from: i32, n: i32| -> Value {
        (from..from + n)
            .map(|i| json!({"key": "STYLE_ID", "value": i.to_string()}))
            .collect()
    };
    let asset = library.create_asset("VIDEO").await;
    library
        .update(&asset, &json!({"system_properties": many(0, 50)}))
        .await
        .ok();
    let one_more = library
        .update(&asset, &json!({"system_properties": many(50, 1)}))
        .await;
    assert_eq!(one_more.code(), "400 MSS.00000003");
}

#[tokio::test]
async fn the_type_changes_only_while_there_are_no_files() {
    let library = Library::start().await;
    let asset = library.create_asset("VIDEO").await;
    let upload = library.declare(&asset, "MAIN", b"x").await;
    let refused = library
        .update(&asset, &json!({"asset_type": "IMAGE"}))
        .await;
    assert_eq!(refused.code(), "400 MSS.10009001");
    // the same type is no change
    library
        .update(&asset, &json!({"asset_type": "VIDEO"}))
        .await
        .ok();
    library.complete(&upload.file, "CANCELLED").await.ok();
    library
        .update(&asset, &json!({"asset_type": "IMAGE"}))
        .await
        .ok();
    library.assert_counts_are_right().await;
}

#[tokio::test]
async fn states_go_round_between_the_three_usable_ones() {
    let library = Library::start().await;
    let asset = library.ready_asset("IMAGE", b"x").await;
    for state in [
        "ACTIVED",
        "WAITING_DELETE",
        "UNACTIVED",
        "WAITING_DELETE",
        "ACTIVED",
        "ACTIVED",
        "UNACTIVED",
    ] {
        let shown = library.set_state(&asset, state).await.ok();
        assert_eq!(shown["asset_state"], state);
    }
    let creating = library.create_asset("IMAGE").await;
    for state in ["ACTIVED", "UNACTIVED", "WAITING_DELETE"] {
        let refused = library.set_state(&creating, state).await;
        assert_eq!(refused.code(), "400 MSS.10009001", "{state}");
    }
}

#[tokio::test]
async fn fields_and_state_change_together_or_not_at_all() {
    let library = Library::start().await;
    let asset = library.create_asset("IMAGE").await;
    let body = json!({"asset_name": "renamed", "asset_state": "ACTIVED"});
    assert_eq!(
        library.update(&asset, &body).await.code(),
        "400 MSS.10009001"
    );
    assert_eq!(library.show(&asset).await["asset_name"], "an asset");
}

#[tokio::test]
async fn what_is_deleted_or_blocked_does_not_change() {
    let library = Library::start().await;
    let rename = json!({"asset_name": "m"});
    let asset = library.create_asset("IMAGE").await;
    library.delete_asset(&asset).await.ok();
    assert_eq!(
        library.update(&asset, &rename).await.code(),
        "400 MSS.10009001"
    );
    library.purge(&asset).await.ok();
    assert_eq!(
        library.update(&asset, &rename).await.code(),
        "400 MSS.10009001"
    );
    let blocked = library.create_asset("IMAGE").await;
    assert!(library.block(&blocked).await);
    assert_eq!(
        library.update(&blocked, &rename).await.code(),
        "400 MSS.10009012"
    );
    assert_eq!(
        library.update("unknown", &rename).await.code(),
        "400 MSS.10001001"
    );
}
