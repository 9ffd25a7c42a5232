//! `POST /v2/{project_id}/fdi/instances/{instance_id}/tasks`

use serde_json::{Value, json};

use crate::harness::{Library, START, task, tasks_of};

/// A good body with one field otherwise.
fn with(field: &str, value: &Value) -> Value {
    let mut body = task("n");
    match field {
        "task_detail" => body[field] = value.clone(),
        _ => body["task"][field] = value.clone(),
    }
    body
}

#[tokio::test]
async fn a_task_answers_with_every_field() {
    let library = Library::start().await;
    let detail = " {\"b\": 1.50,\n\"a\": [\"\\u590f\", \"夏\"]} ";
    let body = json!({
        "task": {"task_name": "Nightly sync_1.a-b", "task_type": "REALTIME",
            "source_datasource_id": "6f3b", "target_datasource_id": "x y",
            "description": "what it is\nfor", "task_tag": "tag_1-夏"},
        "task_detail": detail});
    let created = library.post(&library.tasks(""), &body).await.ok();
    let expected = json!({
        "task": {"task_id": created["task"]["task_id"], "task_name": "Nightly sync_1.a-b",
            "task_type": "realtime", "status": "stop", "project_id": library.owner.project_id,
            "source_datasource_id": "6f3b", "target_datasource_id": "x y",
            "created_date": START * 1000, "last_modified_date": START * 1000,
            "description": "what it is\nfor", "task_tag": "tag_1-夏"},
        "task_detail": detail});
    assert_eq!(created, expected);
    let id = created["task"]["task_id"].as_str().unwrap();
    assert_eq!(id.len(), 32);
    let shown = library.get(&library.tasks(&format!("/{id}"))).await;
    assert_eq!(shown.ok(), expected);
}

#[tokio::test]
async fn limits_hold_to_the_last_character() {
    let library = Library::start().await;
    let text = |n: usize| json!("夏".repeat(n));
    let detail = |n: usize| json!(format!("\"{}\"", "x".repeat(n - 2)));
    for (n, (field, value)) in [
        ("task_name", text(100)),
        ("description", text(1024)),
        ("task_tag", text(64)),
        ("task_tag", json!("")),
        ("source_datasource_id", text(64)),
        ("target_datasource_id", text(64)),
        ("task_type", json!("timing")),
        ("task_detail", detail(1024 * 1024)),
    ]
    .iter()
    .enumerate()
    {
        let mut body = with(field, value);
        if *field != "task_name" {
            body["task"]["task_name"] = json!(n.to_string());
        }
        let created = library.post(&library.tasks(""), &body).await;
        assert_eq!(created.status, 200, "{field}: {}", created.line());
    }
    for (field, value) in [
        ("task_name", text(101)),
        ("task_name", json!("")),
        ("task_name", json!("_a")),
        ("task_name", json!("a/b")),
        ("task_name", Value::Null),
        ("description", text(1025)),
        ("description", json!("\0")),
        ("task_tag", text(65)),
        ("task_tag", json!("a b")),
        ("source_datasource_id", text(65)),
        ("source_datasource_id", json!("")),
        ("target_datasource_id", text(65)),
        ("target_datasource_id", Value::Null),
        ("task_type", json!("HOURLY")),
        ("task_type", Value::Null),
        ("task_detail", detail(1024 * 1024 + 1)),
        ("task_detail", json!("{")),
        ("task_detail", json!("")),
        ("task_detail", json!({})),
        ("task_detail", Value::Null),
    ] {
        let body = with(field, &value);
        let refused = library.post(&library.tasks(""), &body).await;
        assert_eq!(refused.code(), "400 ROMA.13000", "{field}: {value}");
        let problem = refused.line();
        assert!(
            problem.contains(field) || problem.contains("Invalid body"),
            "{problem}"
        );
    }
}

#[tokio::test]
async fn a_name_stands_once_in_an_instance() {
    let library = Library::start().await;
    let stranger = library.stranger().await;
    library.create_task("n").await;
    let taken = library.post(&library.tasks(""), &task("n")).await;
    insta::assert_snapshot!(taken.line(), @"400 ROMA.19013 The name is taken by another task of this instance.");
    library.create_task("N").await;
    // applications are named apart
    library.create_app("n").await;
    let elsewhere = library.call("POST", &tasks_of(&stranger, ""));
    elsewhere.json(&task("n")).by(&stranger).send().await.ok();
}

#[tokio::test]
async fn an_instance_that_is_not_the_projects_is_not_there() {
    let library = Library::start().await;
    let stranger = library.stranger().await;
    let mut mixed = library.owner.clone();
    mixed.instance_id.clone_from(&stranger.instance_id);
    for method in ["POST", "GET"] {
        let call = library.call(method, &tasks_of(&mixed, ""));
        let call = match method {
            "POST" => call.json(&task("n")),
            _ => call,
        };
        assert_eq!(call.send().await.code(), "404 APIG.3030", "{method}");
    }
    let theirs = library.post(&tasks_of(&stranger, ""), &task("n")).await;
    assert_eq!(theirs.code(), "403 ROMA.1006");
}
