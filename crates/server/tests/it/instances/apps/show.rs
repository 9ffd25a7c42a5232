//! `GET /v2/{project_id}/instances/{instance_id}/apps/{app_id}`

use serde_json::json;

use crate::harness::{Library, apps_of};

#[tokio::test]
async fn an_application_is_shown_as_it_was_created() {
    let library = Library::start().await;
    let body = json!({"name": "n", "remark": "r", "secret": "not to be seen"});
    assert_eq!(
        library.create_app_with(&body).await.code(),
        "400 ROMA.13000"
    );
    let body = json!({"name": "n", "remark": "r", "secret": "not-to-be-seen"});
    let created = library.create_app_with(&body).await.json();
    let path = library.apps(&format!("/{}", created["id"].as_str().unwrap()));
    let shown = library.get(&path).await;
    assert_eq!(shown.ok(), created);
    assert!(!shown.text().contains("not-to-be-seen"));
}

#[tokio::test]
async fn an_application_of_another_instance_or_project_is_not_there() {
    let library = Library::start().await;
    let stranger = library.stranger().await;
    let app = library.create_app("n").await;
    let theirs = apps_of(&stranger, &format!("/{app}"));
    let theirs = library.call("GET", &theirs).by(&stranger).send().await;
    assert_eq!(theirs.code(), "404 APIG.3019");
    for id in ["0123", "%20", "..%2F..", "%E5%A4%8F", &"x".repeat(65)] {
        let unknown = library.get(&library.apps(&format!("/{id}"))).await;
        assert_eq!(unknown.code(), "404 APIG.3019", "{id}");
    }
    let unknown = library.get(&library.apps("/0123")).await;
    insta::assert_snapshot!(unknown.line(), @"404 APIG.3019 The app does not exist;id:0123");
}
