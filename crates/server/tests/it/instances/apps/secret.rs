//! `GET` and `PUT /v2/{project_id}/instances/{instance_id}/apps/{app_id}/secret`

use std::time::Duration;

use serde_json::json;

use crate::harness::{Library, apps_of};

#[tokio::test]
async fn a_secret_is_given_reset_and_never_kept_in_the_clear() {
    let library = Library::start().await;
    let body = json!({"name": "n", "secret": "first-secret"});
    let created = library.create_app_with(&body).await.json();
    let id = created["id"].as_str().unwrap();
    let path = library.apps(&format!("/{id}/secret"));
    let secret = async || library.get(&path).await.ok();
    assert_eq!(secret().await, json!({"id": id, "secret": "first-secret"}));

    library.pass(Duration::from_secs(5));
    let body = json!({"secret": "other-secret"});
    let answer = library.put(&path, &body).await.ok();
    assert_eq!(answer, json!({"id": id, "secret": "other-secret"}));
    assert_eq!(secret().await, answer);
    let shown = library.get(&library.apps(&format!("/{id}"))).await.ok();
    assert_eq!(shown["update_time"], "2027-01-15T08:00:05Z");

    let clear = "apps WHERE secret LIKE '%secret%'";
    assert_eq!(library.rows(clear).await, 0);
    let list = library.get(&library.apps("")).await;
    assert!(!list.text().contains("secret"));
}

#[tokio::test]
async fn a_reset_without_a_secret_makes_a_random_one() {
    let library = Library::start().await;
    let app = library.create_app("n").await;
    let path = library.apps(&format!("/{app}/secret"));
    let mut seen = vec![library.get(&path).await.ok()["secret"].clone()];
    for body in ["", "{}", r#"{"secret": null}"#] {
        let answer = library.call("PUT", &path).body(body).send().await.ok();
        assert_eq!(answer["secret"].as_str().unwrap().len(), 40);
        assert!(!seen.contains(&answer["secret"]));
        assert_eq!(library.get(&path).await.ok(), answer);
        seen.push(answer["secret"].clone());
    }
}

#[tokio::test]
async fn a_secret_out_of_range_is_refused() {
    let library = Library::start().await;
    let app = library.create_app("n").await;
    let path = library.apps(&format!("/{app}/secret"));
    let before = library.get(&path).await.ok();
    for secret in [
        "1234567",
        &"s".repeat(129),
        "with space",
        "",
        "密码密码密码密码",
    ] {
        let refused = library.put(&path, &json!({ "secret": secret })).await;
        assert_eq!(refused.code(), "400 ROMA.13000", "{secret}");
    }
    assert_eq!(library.get(&path).await.ok(), before);
}

#[tokio::test]
async fn nobody_reads_anothers_secret() {
    let library = Library::start().await;
    let stranger = library.stranger().await;
    let app = library.create_app("n").await;
    let theirs = apps_of(&stranger, &format!("/{app}/secret"));
    for method in ["GET", "PUT"] {
        let refused = library.call(method, &theirs).by(&stranger).send().await;
        assert_eq!(refused.code(), "404 APIG.3019");
    }
}
