//! `PUT /v2/{project_id}/instances/{instance_id}/apps/{app_id}`

use std::time::Duration;

use serde_json::json;

use crate::harness::Library;

#[tokio::test]
async fn what_is_left_out_stays() {
    let library = Library::start().await;
    let body = json!({"name": "n", "remark": "r", "key": "key-1", "favorite": true});
    let before = library.create_app_with(&body).await.json();
    let path = library.apps(&format!("/{}", before["id"].as_str().unwrap()));
    library.pass(Duration::from_secs(5));
    let mut expected = before.clone();
    expected["update_time"] = json!("2027-01-15T08:00:05Z");
    for (body, field, value) in [
        (json!({}), "name", json!("n")),
        (json!({"name": "m"}), "name", json!("m")),
        (json!({"name": "m", "remark": ""}), "remark", json!("")),
        (json!({"favorite": false}), "favorite", json!(false)),
        (json!({"name": null, "remark": null}), "name", json!("m")),
        // not a field of this call
        (json!({"key": "key-2"}), "key", json!("key-1")),
    ] {
        expected[field] = value;
        assert_eq!(library.put(&path, &body).await.ok(), expected, "{body}");
        assert_eq!(library.get(&path).await.ok(), expected, "{body}");
    }
}

#[tokio::test]
async fn updates_are_checked_like_creations() {
    let library = Library::start().await;
    library.create_app("taken").await;
    let app = library.create_app("n").await;
    let path = library.apps(&format!("/{app}"));
    for (body, code) in [
        (json!({"name": ""}), "400 ROMA.13000"),
        (json!({"name": "x".repeat(257)}), "400 ROMA.13000"),
        (json!({"name": "a*b"}), "400 ROMA.13000"),
        (json!({"remark": "x".repeat(256)}), "400 ROMA.13000"),
        (json!({"favorite": 1}), "400 ROMA.13000"),
        (json!({"name": "taken"}), "400 ROMA.19013"),
        (json!({"name": "n"}), "200"),
    ] {
        assert_eq!(library.put(&path, &body).await.code(), code, "{body}");
    }
    let unknown = library
        .put(&library.apps("/0123"), &json!({"name": "m"}))
        .await;
    assert_eq!(unknown.code(), "404 APIG.3019");
}
