//! `GET /v2/{project_id}/fdi/instances/{instance_id}/tasks`

use std::time::Duration;

use serde_json::json;

use crate::harness::{Library, START, tasks_of};

/// Names of a page and the total: `b a of 2`.
async fn names(library: &Library, query: &str) -> String {
    let page = library.get(&library.tasks(query)).await.ok();
    let tasks = page["entities"].as_array().unwrap();
    assert_eq!(page["size"], tasks.len(), "{query}");
    let names: Vec<_> = tasks
        .iter()
        .map(|t| t["task_name"].as_str().unwrap())
        .collect();
    format!("{} of {}", names.join(" "), page["total"])
}

async fn with_tasks() -> Library {
    let library = Library::start().await;
    for (name, kind, source, tag) in [
        ("c", "TIMING", "s1", json!("t1")),
        ("a_X", "REALTIME", "s1", json!(null)),
        ("Ünx", "TIMING", "s2", json!("t2")),
    ] {
        library.pass(Duration::from_millis(1));
        let body = json!({"task": {"task_name": name, "task_type": kind,
            "source_datasource_id": source, "target_datasource_id": format!("of {name}"),
            "task_tag": tag}, "task_detail": "{}"});
        library.post(&library.tasks(""), &body).await.ok();
    }
    library
}

#[tokio::test]
async fn a_list_shows_tasks_in_brief() {
    let library = Library::start().await;
    let mut body = crate::harness::task("n");
    body["task"]["task_tag"] = json!("t");
    let created = library.post(&library.tasks(""), &body).await.ok();
    let expected = json!({"total": 1, "size": 1, "entities": [{
        "task_id": created["task"]["task_id"], "task_name": "n", "task_type": "TIMING",
        "status": 0, "created_date": "2027-01-15T08:00:00Z",
        "last_modified_time": START * 1000, "execute_status": "UNSTARTED", "task_tag": "t"}]});
    assert_eq!(library.get(&library.tasks("")).await.ok(), expected);
}

#[tokio::test]
async fn pages_are_cut_and_sorted() {
    let library = with_tasks().await;
    for (query, expected) in [
        ("", "c a_X Ünx of 3"),
        ("?limit=2", "c a_X of 3"),
        ("?limit=2&offset=2", "Ünx of 3"),
        ("?offset=-5&limit=1", "c of 3"),
        ("?limit=5000", "c a_X Ünx of 3"),
        ("?sort_type=DESC", "Ünx a_X c of 3"),
        ("?sort_field=task_name&sort_type=asc&limit=1", "a_X of 3"),
        (
            "?sort_field=created_date&sort_type=desc&limit=1",
            "Ünx of 3",
        ),
        ("?sort_field=last_modified_time", "c a_X Ünx of 3"),
        ("?sort_field=task_type", "a_X c Ünx of 3"),
    ] {
        assert_eq!(names(&library, query).await, expected, "{query}");
    }
}

#[tokio::test]
async fn all_filters_must_hold() {
    let library = with_tasks().await;
    let id = library.get(&library.tasks("?name=c")).await.ok()["entities"][0]["task_id"].clone();
    let by_id = format!("?task_id={}", id.as_str().unwrap());
    for (query, expected) in [
        (&*by_id, "c of 1"),
        ("?task_id=0123", " of 0"),
        ("?name=X", "a_X Ünx of 2"),
        ("?task_name=%C3%BC", "Ünx of 1"),
        ("?name=_", "a_X of 1"),
        ("?task_type=timing", "c Ünx of 2"),
        ("?task_type=REALTIME", "a_X of 1"),
        ("?source_datasource_id=s1", "c a_X of 2"),
        ("?target_datasource_id=of%20c", "c of 1"),
        ("?task_tag=t1", "c of 1"),
        ("?task_tag=t1&name=x", " of 0"),
        ("?status=0", "c a_X Ünx of 3"),
        ("?status=1", " of 0"),
        ("?execute_status=UNSTARTED", "c a_X Ünx of 3"),
        ("?execute_status=RUNNING", " of 0"),
        ("?source_app_id=x", " of 0"),
        ("?target_app_id=x", " of 0"),
        (
            "?name=&task_id=&task_type=&status=&source_app_id=&sort_field=",
            "c a_X Ünx of 3",
        ),
    ] {
        assert_eq!(names(&library, query).await, expected, "{query}");
    }
}

#[tokio::test]
async fn parameters_out_of_range_are_named() {
    let library = Library::start().await;
    for (query, field) in [
        ("?limit=0", "limit"),
        ("?limit=x", "limit"),
        ("?offset=x", "offset"),
        ("?status=2", "status"),
        ("?task_type=hourly", "task_type"),
        ("?execute_status=DONE", "execute_status"),
        ("?sort_field=size", "sort_field"),
        ("?sort_type=UP", "sort_type"),
        ("?nmae=x", "nmae"),
    ] {
        let refused = library.get(&library.tasks(query)).await;
        assert_eq!(refused.code(), "400 ROMA.13000", "{query}");
        assert!(refused.line().contains(field), "{}", refused.line());
    }
}

#[tokio::test]
async fn another_instances_tasks_are_not_listed() {
    let library = with_tasks().await;
    let stranger = library.stranger().await;
    let path = tasks_of(&stranger, "");
    let list = library.call("GET", &path).by(&stranger).send().await.ok();
    assert_eq!(list, json!({"total": 0, "size": 0, "entities": []}));
}
