//! `GET /v2/{project_id}/instances/{instance_id}/validate-apps`

use serde_json::json;

use crate::harness::Library;

#[tokio::test]
async fn an_application_is_there_if_all_that_is_given_is_its() {
    let library = Library::start().await;
    let body = json!({"name": "n", "remark": "r", "key": "key-1"});
    let created = library.create_app_with(&body).await.json();
    library.create_app("m").await;
    let id = created["id"].as_str().unwrap();
    let path = library.apps("").replace("/apps", "/validate-apps");
    for query in [
        "name=n".to_owned(),
        format!("id={id}"),
        "key=key-1".into(),
        format!("name=n&id={id}&key=key-1"),
    ] {
        let found = library.get(&format!("{path}?{query}")).await.ok();
        assert_eq!(found, json!({"id": id, "name": "n", "remark": "r"}));
    }
    for query in [
        "name=N".to_owned(),
        "name=".into(),
        format!("id={id}&name=m"),
        "name=m&key=key-1".into(),
        "id=0123".into(),
        "key=key".into(),
    ] {
        let answer = library.get(&format!("{path}?{query}")).await;
        assert_eq!(answer.code(), "404 APIG.3019", "{query}");
    }
    for query in ["", "?nome=n"] {
        let answer = library.get(&format!("{path}{query}")).await;
        assert_eq!(answer.code(), "400 ROMA.13000", "{query}");
    }
}
