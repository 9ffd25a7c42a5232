//! `POST /v2/{project_id}/instances/{instance_id}/apps`

use serde_json::json;

use crate::harness::{Library, apps_of};

#[tokio::test]
async fn an_application_answers_with_every_field_but_its_secret() {
    let library = Library::start().await;
    let body = json!({"name": "应用 1 (a) （b）_-.", "remark": "what it is\nfor", "key": "夏k@1.x",
        "secret": "S3cret!@#$%+=.-/", "favorite": true});
    let created = library.create_app_with(&body).await;
    assert_eq!(created.status, 201, "{}", created.line());
    let app = created.json();
    let user = json!({"user_id": library.owner.user_id, "user_name": "owner"});
    let expected = json!({"id": app["id"], "name": "应用 1 (a) （b）_-.",
        "remark": "what it is\nfor", "roles": ["read", "access", "delete", "modify", "admin"],
        "create_time": "2027-01-15T08:00:00Z", "update_time": "2027-01-15T08:00:00Z",
        "created_user": user, "last_updated_user": user, "owner": true, "key": "夏k@1.x",
        "favorite": true});
    assert_eq!(app, expected);
    assert_eq!(app["id"].as_str().unwrap().len(), 32);
}

#[tokio::test]
async fn key_and_secret_are_random_where_none_is_given() {
    let library = Library::start().await;
    let mut seen = Vec::new();
    for body in [
        json!({"name": "a"}),
        json!({"name": "b", "key": null, "secret": null, "remark": null, "favorite": null}),
    ] {
        let app = library.create_app_with(&body).await.json();
        assert_eq!(
            (&app["remark"], &app["favorite"]),
            (&json!(""), &json!(false))
        );
        let path = library.apps(&format!("/{}/secret", app["id"].as_str().unwrap()));
        let secret = library.get(&path).await.ok()["secret"].clone();
        assert_eq!(secret.as_str().unwrap().len(), 40);
        seen.push((app["key"].clone(), secret));
    }
    assert_ne!(seen[0].0, seen[1].0);
    assert_ne!(seen[0].1, seen[1].1);
}

#[tokio::test]
async fn limits_hold_to_the_last_character() {
    let library = Library::start().await;
    let text = |n: usize| "夏".repeat(n);
    for (n, body) in [
        json!({"name": text(256), "remark": text(255), "key": text(200), "secret": "s".repeat(128)}),
        json!({"name": "a", "remark": "", "key": "abc", "secret": "12345678"}),
    ]
    .iter()
    .enumerate()
    {
        let created = library.create_app_with(body).await;
        assert_eq!(created.status, 201, "{n}: {}", created.line());
    }
    for (field, body) in [
        ("name", json!({"name": text(257)})),
        ("name", json!({"name": ""})),
        ("name", json!({"name": "a/b"})),
        ("name", json!({"name": "a\u{0}b"})),
        ("remark", json!({"name": "n", "remark": text(256)})),
        ("remark", json!({"name": "n", "remark": "\u{0}"})),
        ("key", json!({"name": "n", "key": text(201)})),
        ("key", json!({"name": "n", "key": "ab"})),
        ("key", json!({"name": "n", "key": "-abc"})),
        ("key", json!({"name": "n", "key": "a b"})),
        ("secret", json!({"name": "n", "secret": "1234567"})),
        ("secret", json!({"name": "n", "secret": "s".repeat(129)})),
        ("secret", json!({"name": "n", "secret": "with spaces"})),
    ] {
        let refused = library.create_app_with(&body).await;
        assert_eq!(refused.code(), "400 ROMA.13000", "{body}");
        assert!(refused.line().contains(field), "{}", refused.line());
    }
}

#[tokio::test]
async fn a_body_of_another_shape_is_refused() {
    let library = Library::start().await;
    for body in [
        "",
        "{",
        "[]",
        "{}",
        r#"{"name": 1}"#,
        r#"{"name": "n", "favorite": "x"}"#,
    ] {
        let path = library.apps("");
        let refused = library.call("POST", &path).body(body).send().await;
        assert_eq!(refused.code(), "400 ROMA.13000", "{body}");
    }
    let error = library.create_app_with(&json!({})).await;
    let fields = error.json();
    assert!(fields["error_details"].as_str().unwrap().contains("name"));
    assert_eq!(fields["request_id"], error.header("x-request-id"));
}

#[tokio::test]
async fn names_and_keys_stand_once_in_an_instance() {
    let library = Library::start().await;
    let stranger = library.stranger().await;
    let body = json!({"name": "n", "key": "the key"});
    let bad_key = library.create_app_with(&body).await;
    assert_eq!(bad_key.code(), "400 ROMA.13000");
    let body = json!({"name": "n", "key": "thekey"});
    assert_eq!(library.create_app_with(&body).await.status, 201);
    let same_name = library.create_app_with(&json!({"name": "n"})).await;
    insta::assert_snapshot!(same_name.line(), @"400 ROMA.19013 The name is taken by another application of this instance.");
    let other_case = library.create_app_with(&json!({"name": "N"})).await;
    assert_eq!(other_case.status, 201);
    let same_key = json!({"name": "m", "key": "thekey"});
    let same_key = library.create_app_with(&same_key).await;
    insta::assert_snapshot!(same_key.line(), @"400 ROMA.19014 The key is taken by another application of this instance.");
    let elsewhere = library.call("POST", &apps_of(&stranger, ""));
    let elsewhere = elsewhere.json(&body).by(&stranger).send().await;
    assert_eq!(elsewhere.status, 201);
}

#[tokio::test]
async fn an_instance_that_is_not_the_projects_is_not_there() {
    let library = Library::start().await;
    let stranger = library.stranger().await;
    let mut mixed = library.owner.clone();
    for instance in [
        stranger.instance_id.clone().unwrap(),
        "0123".into(),
        "x".repeat(65),
    ] {
        mixed.instance_id = Some(instance);
        let answer = library
            .post(&apps_of(&mixed, ""), &json!({"name": "n"}))
            .await;
        assert_eq!(answer.code(), "404 APIG.3030");
    }
    let theirs = library
        .post(&apps_of(&stranger, ""), &json!({"name": "n"}))
        .await;
    assert_eq!(theirs.code(), "403 ROMA.1006");
}
