//! `PUT /v2/{project_id}/fdi/instances/{instance_id}/tasks/{task_id}`

use std::time::Duration;

use serde_json::json;

use crate::harness::{Library, START, task, tasks_of};

#[tokio::test]
async fn an_update_replaces_what_the_body_has() {
    let library = Library::start().await;
    let mut body = task("n");
    body["task"]["description"] = json!("d");
    body["task"]["task_tag"] = json!("t");
    let created = library.post(&library.tasks(""), &body).await.ok();
    let id = created["task"]["task_id"].as_str().unwrap();
    let path = library.tasks(&format!("/{id}"));
    library.pass(Duration::from_millis(5));
    let body = json!({
        "task": {"task_name": "m", "task_type": "REALTIME", "source_datasource_id": "s2",
            "target_datasource_id": "t2"},
        "task_detail": "[ ]"});
    let expected = json!({
        "task": {"task_id": id, "task_name": "m", "task_type": "realtime", "status": "stop",
            "project_id": library.owner.project_id, "source_datasource_id": "s2",
            "target_datasource_id": "t2", "created_date": START * 1000,
            "last_modified_date": START * 1000 + 5, "description": "d", "task_tag": "t"},
        "task_detail": "[ ]"});
    assert_eq!(library.put(&path, &body).await.ok(), expected);
    assert_eq!(library.get(&path).await.ok(), expected);

    let mut emptied = body.clone();
    emptied["task"]["description"] = json!("");
    emptied["task"]["task_tag"] = json!("");
    let answer = library.put(&path, &emptied).await.ok();
    assert_eq!(
        (&answer["task"]["description"], &answer["task"]["task_tag"]),
        (&json!(""), &json!(""))
    );
}

#[tokio::test]
async fn updates_are_checked_like_creations() {
    let library = Library::start().await;
    library.create_task("taken").await;
    let path = library.tasks(&format!("/{}", library.create_task("n").await));
    let mut bad = task("n");
    bad["task_detail"] = json!("{");
    assert_eq!(library.put(&path, &bad).await.code(), "400 ROMA.13000");
    assert_eq!(
        library.put(&path, &json!({"task": {}})).await.code(),
        "400 ROMA.13000"
    );
    assert_eq!(
        library.put(&path, &task("taken")).await.code(),
        "400 ROMA.19013"
    );
    assert_eq!(library.put(&path, &task("n")).await.code(), "200");
    let unknown = library.put(&library.tasks("/0123"), &task("m")).await;
    assert_eq!(unknown.code(), "404 ROMA.19012");
}

#[tokio::test]
async fn nobody_updates_anothers_task() {
    let library = Library::start().await;
    let stranger = library.stranger().await;
    let id = library.create_task("n").await;
    let theirs = library.call("PUT", &tasks_of(&stranger, &format!("/{id}")));
    let refused = theirs.json(&task("m")).by(&stranger).send().await;
    assert_eq!(refused.code(), "404 ROMA.19012");
}
