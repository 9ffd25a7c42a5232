//! `GET` and `DELETE /v2/{project_id}/fdi/instances/{instance_id}/tasks/{task_id}`

use crate::harness::{Library, tasks_of};

#[tokio::test]
async fn a_task_without_description_and_tag_shows_none() {
    let library = Library::start().await;
    let id = library.create_task("n").await;
    let shown = library.get(&library.tasks(&format!("/{id}"))).await.ok();
    let fields = shown["task"].as_object().unwrap();
    assert!(!fields.contains_key("description") && !fields.contains_key("task_tag"));
}

#[tokio::test]
async fn a_deleted_task_is_gone_and_its_name_free() {
    let library = Library::start().await;
    let path = library.tasks(&format!("/{}", library.create_task("n").await));
    assert_eq!(library.delete(&path).await.status, 200);
    assert_eq!(library.get(&path).await.code(), "404 ROMA.19012");
    assert_eq!(library.delete(&path).await.code(), "404 ROMA.19012");
    library.create_task("n").await;
}

#[tokio::test]
async fn a_task_of_another_instance_is_not_there() {
    let library = Library::start().await;
    let stranger = library.stranger().await;
    let id = library.create_task("n").await;
    let theirs = tasks_of(&stranger, &format!("/{id}"));
    for method in ["GET", "DELETE"] {
        let refused = library.call(method, &theirs).by(&stranger).send().await;
        assert_eq!(refused.code(), "404 ROMA.19012", "{method}");
    }
    let unknown = library.get(&library.tasks("/0123")).await;
    insta::assert_snapshot!(unknown.line(), @"404 ROMA.19012 The task does not exist;id:0123");
    library.get(&library.tasks(&format!("/{id}"))).await.ok();
}

#[tokio::test]
async fn tasks_are_not_run() {
    let library = Library::start().await;
    let id = library.create_task("n").await;
    for step in ["run", "terminate"] {
        let path = library.tasks(&format!("/{id}/{step}"));
        assert_eq!(
            library.call("POST", &path).send().await.code(),
            "400 ROMA.1007"
        );
    }
}
