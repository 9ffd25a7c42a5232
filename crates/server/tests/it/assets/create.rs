//! `POST /v1/{project_id}/digital-assets`

use serde_json::{Value, json};

use crate::harness::Library;

fn full() -> Value {
    json!({
        "asset_name": "Sömmer 夏 '007' 100%", "asset_description": "line one\nline two",
        "asset_type": "VIDEO", "tags": ["a", "ä b", "a"],
        "system_properties": [{"action": "ADD", "key": "STYLE_ID", "value": "s1"},
            {"key": "STYLE_ID", "value": "s1"}, {"key": "MATERIAL_VIDEO", "value": "Yes"}],
        "asset_extra_meta": {"video_meta": {"width": 1, "nested": ["\u{0}", 2.5]}},
        "is_need_generate_cover": true, "asset_order": 32767,
        "supported_service": ["VIDEO_2D", "LIVE_2D", "VIDEO_2D"]
    })
}

#[tokio::test]
async fn every_field_comes_back() {
    let library = Library::start().await;
    let created = library
        .call("POST", "digital-assets")
        .header("x-app-userid", "their-user")
        .json(&full())
        .send()
        .await
        .ok();
    let asset = created["asset_id"].as_str().unwrap();
    let expected = json!({
        "project_id": library.owner.project_id, "asset_id": asset,
        "asset_name": "Sömmer 夏 '007' 100%", "asset_description": "line one\nline two",
        "app_user_id": "their-user",
        "create_time": "2027-01-15T08:00:00Z", "update_time": "2027-01-15T08:00:00Z",
        "asset_type": "VIDEO", "asset_state": "CREATING", "tags": ["a", "ä b"],
        "asset_extra_meta": {"video_meta": {"width": 1, "nested": ["\u{0}", 2.5]}},
        "system_properties": [{"key": "STYLE_ID", "value": "s1"}, {"key": "MATERIAL_VIDEO", "value": "Yes"}],
        "files": [], "asset_order": 32767, "supported_service": ["VIDEO_2D", "LIVE_2D"],
        "entrepot_version": 1,
    });
    assert_eq!(library.show(asset).await, expected);
    library.assert_counts_are_right().await;
}

#[tokio::test]
async fn two_fields_are_enough() {
    let library = Library::start().await;
    let asset = library.create_asset("COMMON_FILE").await;
    let shown = library.show(&asset).await;
    assert_eq!(
        (&shown["asset_order"], &shown["tags"]),
        (&json!(0), &json!([]))
    );
    // what is absent is left out, never null
    assert!(
        shown
            .as_object()
            .unwrap()
            .values()
            .all(|value| !value.is_null())
    );
}

#[tokio::test]
async fn the_english_page_s_spelling_is_answered_as_the_wire_s() {
    let library = Library::start().await;
    let asset = library.create_asset("BUSINESS_CARD_TEMPLATE").await;
    assert_eq!(
        library.show(&asset).await["asset_type"],
        "BUSINESS_CARD_TEMPLET"
    );
}

/// Creates an asset with one field set to a value.
async fn with(library: &Library, field: &str, value: Value) -> String {
    let mut body = json!({"asset_name": "n", "asset_type": "IMAGE"});
    body[field] = value;
    library.post("digital-assets", &body).await.code()
}

fn properties(n: usize, length: usize) -> Value {
    let value = |i: usize| format!("{i:0length$}");
    (0..n)
        .map(|i| json!({"key": "STYLE_ID", "value": value(i)}))
        .collect()
}

#[tokio::test]
async fn limits_hold_to_the_last_one() {
    let library = Library::start().await;
    let services = |n| json!(vec!["VIDEO_2D"; n]);
    let allowed = [
        ("asset_name", json!("")),
        ("asset_name", json!("ä".repeat(256))),
        ("asset_description", json!("ä".repeat(4096))),
        ("tags", (0..50).map(|i| i.to_string()).collect()),
        ("tags", json!(["ä".repeat(128), ""])),
        ("asset_order", json!(0)),
        ("asset_order", json!(32767)),
        ("supported_service", services(10)),
        ("system_properties", properties(50, 2)),
        ("system_properties", properties(1, 1024)),
        (
            "asset_extra_meta",
            json!({"image_meta": {"x": "y".repeat(65000)}}),
        ),
    ];
    for (field, value) in allowed {
        assert_eq!(
            with(&library, field, value.clone()).await,
            "200",
            "{field}: {value}"
        );
    }
    let refused = [
        ("asset_name", json!("ä".repeat(257))),
        ("asset_description", json!("ä".repeat(4097))),
        ("tags", (0..51).map(|i| i.to_string()).collect()),
        ("tags", json!(["ä".repeat(129)])),
        ("asset_order", json!(-1)),
        ("asset_order", json!(32768)),
        ("supported_service", services(11)),
        ("system_properties", properties(51, 2)),
        ("system_properties", properties(1, 1025)),
        (
            "system_properties",
            json!([{"key": "STYLE_ID", "value": ""}]),
        ),
        (
            "asset_extra_meta",
            json!({"image_meta": {"x": "y".repeat(512 * 1024)}}),
        ),
    ];
    for (field, value) in refused {
        assert_eq!(
            with(&library, field, value).await,
            "400 MSS.00000003",
            "{field}"
        );
    }
    library.assert_counts_are_right().await;
}

#[tokio::test]
async fn values_that_mean_nothing_are_refused() {
    let library = Library::start().await;
    let refused = [
        ("asset_type", json!("MODEL")),
        ("asset_type", json!("image")),
        ("asset_name", json!("a\nb")),
        ("asset_name", json!("a\u{0}b")),
        ("asset_description", json!("a\u{0}b")),
        ("tags", json!(["a\tb"])),
        ("supported_service", json!(["VIDEO_3D"])),
        (
            "system_properties",
            json!([{"key": "NO_SUCH_KEY", "value": "x"}]),
        ),
        ("system_properties", json!([{"key": "STYLE_ID"}])),
        (
            "system_properties",
            json!([{"action": "DELETE", "key": "STYLE_ID"}]),
        ),
        (
            "system_properties",
            json!([{"action": "PUT", "key": "STYLE_ID", "value": "x"}]),
        ),
        ("asset_extra_meta", json!({"image_meta": 5})),
        ("is_need_generate_cover", json!(true)),
    ];
    for (field, value) in refused {
        assert_eq!(
            with(&library, field, value.clone()).await,
            "400 MSS.00000003",
            "{field}: {value}"
        );
    }
}

#[tokio::test]
async fn values_of_another_type_are_an_invalid_body() {
    let library = Library::start().await;
    for (field, value) in [
        ("asset_name", json!(7)),
        ("asset_name", Value::Null),
        ("tags", json!("a")),
        ("tags", json!([1])),
        ("asset_order", json!("1")),
        ("asset_order", json!(1.5)),
        ("is_need_generate_cover", json!("true")),
        ("asset_extra_meta", json!([])),
    ] {
        assert_eq!(
            with(&library, field, value.clone()).await,
            "400 MSS.00000002",
            "{field}: {value}"
        );
    }
    let missing = library
        .post("digital-assets", &json!({"asset_name": "n"}))
        .await;
    insta::assert_snapshot!(missing.line(), @"400 MSS.00000002 Invalid body: missing field `asset_type` at line 1 column 18");
}

#[tokio::test]
async fn malformed_json_is_told_apart_from_json_of_another_shape() {
    let library = Library::start().await;
    for body in ["", "{", "{'asset_name': 'x'}", r#"{"a":1}{"b":2}"#, "\u{0}"] {
        let answer = library
            .call("POST", "digital-assets")
            .body(body)
            .send()
            .await;
        assert_eq!(answer.code(), "400 MSS.10000002", "{body}");
    }
    let list = library
        .call("POST", "digital-assets")
        .body("[]")
        .send()
        .await;
    assert_eq!(list.code(), "400 MSS.00000002");
}

#[tokio::test]
async fn what_nothing_acts_on_yet_is_refused() {
    let library = Library::start().await;
    for (field, value) in [
        ("shared_config", json!({"shared_type": "PUBLIC"})),
        ("review_config", json!({"no_need_review": true})),
        ("auto_operation_config", json!([])),
    ] {
        assert_eq!(
            with(&library, field, value).await,
            "400 MSS.10009006",
            "{field}"
        );
    }
}

#[tokio::test]
async fn their_user_has_1_to_256_ascii_characters() {
    let library = Library::start().await;
    let body = json!({"asset_name": "n", "asset_type": "IMAGE"});
    let long = "u".repeat(257);
    for (user, expected) in [
        (&long[..256], "200"),
        (&long, "400 MSS.00000003"),
        ("", "400 MSS.00000003"),
        ("夏", "400 MSS.00000003"),
    ] {
        let call = library
            .call("POST", "digital-assets")
            .header("x-app-userid", user);
        assert_eq!(call.json(&body).send().await.code(), expected, "{user}");
    }
}

#[tokio::test]
async fn names_may_repeat_unless_the_library_says_otherwise() {
    let library = Library::start().await;
    library.create_asset("IMAGE").await;
    library.create_asset("IMAGE").await;

    let strict = Library::with(|setup| setup.config.unique_names = true).await;
    let first = strict.create_asset("IMAGE").await;
    let body = json!({"asset_name": "an asset", "asset_type": "IMAGE"});
    assert_eq!(
        strict.post("digital-assets", &body).await.code(),
        "400 MSS.10001005"
    );
    // another type, another case and another name are fine
    strict.create_asset("VIDEO").await;
    for name in ["An Asset", "b"] {
        assert_eq!(with(&strict, "asset_name", json!(name)).await, "200");
    }
    // a name is free again when its asset is in the recycle bin
    strict.delete_asset(&first).await.ok();
    strict.create_asset("IMAGE").await;
}

#[tokio::test]
async fn only_the_owner_of_a_project_creates_in_it() {
    let library = Library::start().await;
    let stranger = library.stranger().await;
    let body = json!({"asset_name": "n", "asset_type": "IMAGE"});
    let answer = library
        .call("POST", "digital-assets")
        .by(&stranger)
        .json(&body)
        .send()
        .await;
    insta::assert_snapshot!(answer.line(), @"400 MSS.00010009 urlTenantId is not equal tokenTenantId: the project in the URL is not the caller's.");
    let literal = library
        .call("POST", "/v1/%7Bproject_id%7D/digital-assets")
        .json(&body)
        .send()
        .await;
    insta::assert_snapshot!(literal.line(), @"400 MSS.00010009 urlTenantId is not equal tokenTenantId: the URL has a placeholder where the project id belongs; give the client its project id.");
    assert_eq!(library.rows("assets").await, 0);
}
