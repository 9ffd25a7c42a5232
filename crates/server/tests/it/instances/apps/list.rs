//! `GET /v2/{project_id}/instances/{instance_id}/apps`

use std::time::Duration;

use serde_json::json;

use crate::harness::{Library, apps_of};

/// Names of a page and the total: `b a of 2`.
async fn names(library: &Library, query: &str) -> String {
    let page = library.get(&library.apps(query)).await.ok();
    let apps = page["apps"].as_array().unwrap();
    assert_eq!(page["size"], apps.len(), "{query}");
    let names: Vec<_> = apps.iter().map(|a| a["name"].as_str().unwrap()).collect();
    format!("{} of {}", names.join(" "), page["total"])
}

async fn with_apps() -> Library {
    let library = Library::start().await;
    for (name, favorite) in [
        ("c-100%", false),
        ("a_X", true),
        ("b", false),
        ("Ünder_x", true),
    ] {
        library.pass(Duration::from_millis(1));
        let body = json!({"name": name.replace('%', "p"), "favorite": favorite});
        let created = library.create_app_with(&body).await;
        assert_eq!(created.status, 201, "{}", created.line());
    }
    library
}

#[tokio::test]
async fn favourites_come_first_then_the_oldest() {
    let library = with_apps().await;
    assert_eq!(names(&library, "").await, "a_X Ünder_x c-100p b of 4");
    assert_eq!(names(&library, "?limit=1").await, "a_X of 4");
    assert_eq!(
        names(&library, "?limit=2&offset=1").await,
        "Ünder_x c-100p of 4"
    );
    assert_eq!(names(&library, "?offset=4").await, " of 4");
}

#[tokio::test]
async fn all_filters_must_hold() {
    let library = with_apps().await;
    for (query, expected) in [
        ("?favorite=true", "a_X Ünder_x of 2"),
        ("?favorite=false", "c-100p b of 2"),
        ("?name=_x", "a_X Ünder_x of 2"),
        ("?name=%C3%BCN", "Ünder_x of 1"),
        ("?name=%25", " of 0"),
        ("?name=", "a_X Ünder_x c-100p b of 4"),
        ("?name=x&favorite=false", " of 0"),
        ("?owner=true&name=b", "b of 1"),
        ("?owner=false", " of 0"),
        ("?auth_role=admin&limit=1", "a_X of 4"),
        ("?user_name=owner&limit=1", "a_X of 4"),
        ("?user_name=nobody", " of 0"),
        ("?user_name=", "a_X Ünder_x c-100p b of 4"),
    ] {
        assert_eq!(names(&library, query).await, expected, "{query}");
    }
}

#[tokio::test]
async fn a_list_shows_applications_as_they_are_shown_alone() {
    let library = Library::start().await;
    let body = json!({"name": "n", "secret": "not-to-be-seen"});
    let created = library.create_app_with(&body).await.json();
    let list = library.get(&library.apps("")).await;
    assert_eq!(list.ok(), json!({"total": 1, "size": 1, "apps": [created]}));
    assert!(!list.text().contains("not-to-be-seen"));
}

#[tokio::test]
async fn parameters_out_of_range_are_named() {
    let library = Library::start().await;
    for (query, field) in [
        ("?limit=0", "limit"),
        ("?limit=1001", "limit"),
        ("?offset=-1", "offset"),
        ("?favorite=yes", "favorite"),
        ("?owner=1", "owner"),
        ("?auth_role=king", "auth_role"),
        ("?naem=x", "naem"),
    ] {
        let refused = library.get(&library.apps(query)).await;
        assert_eq!(refused.code(), "400 ROMA.13000", "{query}");
        assert!(refused.line().contains(field), "{}", refused.line());
    }
    library.get(&library.apps("?limit=1000")).await.ok();
}

#[tokio::test]
async fn another_instances_applications_are_not_listed() {
    let library = with_apps().await;
    let stranger = library.stranger().await;
    let path = apps_of(&stranger, "");
    let list = library.call("GET", &path).by(&stranger).send().await.ok();
    assert_eq!(list["total"], 0);
    let mut unknown = library.owner.clone();
    unknown.instance_id = stranger.instance_id;
    let refused = library.get(&apps_of(&unknown, "")).await;
    assert_eq!(refused.code(), "404 APIG.3030");
}
