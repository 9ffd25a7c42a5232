//! `GET /v1/{project_id}/digital-assets`: what it does when little is asked.

use serde_json::Value;

use crate::harness::{Library, MINUTE};

async fn ids(library: &Library, query: &str) -> (i64, Vec<String>) {
    let answer = library.get(&format!("digital-assets?{query}")).await.ok();
    let assets = answer["assets"].as_array().unwrap();
    let id = |asset: &Value| asset["asset_id"].as_str().unwrap().to_owned();
    (
        answer["count"].as_i64().unwrap(),
        assets.iter().map(id).collect(),
    )
}

#[tokio::test]
async fn a_page_has_ten_the_oldest_first_and_the_count_is_of_all() {
    let library = Library::start().await;
    let mut made = Vec::new();
    for _ in 0..12 {
        made.push(library.create_asset("IMAGE").await);
        library.pass(MINUTE);
    }
    assert_eq!(ids(&library, "").await, (12, made[..10].to_vec()));
    assert_eq!(ids(&library, "offset=10").await, (12, made[10..].to_vec()));
    assert_eq!(ids(&library, "offset=2147483647").await, (12, vec![]));
    let newest: Vec<_> = made.iter().rev().take(3).cloned().collect();
    assert_eq!(ids(&library, "limit=3&sort_dir=desc").await, (12, newest));
}

#[tokio::test]
async fn deleted_assets_show_only_when_asked_for() {
    let library = Library::start().await;
    let asset = library.create_asset("IMAGE").await;
    library.delete_asset(&asset).await.ok();
    assert_eq!(ids(&library, "").await.0, 1);
    library.purge(&asset).await.ok();
    assert_eq!(ids(&library, "").await.0, 0);
    assert_eq!(ids(&library, "asset_state=DELETED").await, (1, vec![asset]));
}

#[tokio::test]
async fn other_projects_are_neither_listed_nor_counted() {
    let library = Library::start().await;
    let stranger = library.stranger().await;
    library.create_asset("IMAGE").await;
    let path = format!("/v1/{}/digital-assets", stranger.project_id);
    let theirs = library.call("GET", &path).by(&stranger).send().await.ok();
    assert_eq!(theirs["count"], 0);
}

#[tokio::test]
async fn what_is_out_of_range_or_unknown_is_named() {
    let library = Library::start().await;
    for query in [
        "limit=0",
        "limit=101",
        "limit=x",
        "offset=-1",
        "offset=2147483648",
        "sort_key=name",
        "sort_dir=up",
        "asset_type=FILM",
        "asset_state=GONE",
        "start_time=yesterday",
        "role=X",
        "asset_source=X",
        "is_movable=1",
        "unknown=1",
        "limit=1&limit=2",
        "name=%00",
    ] {
        let answer = library.get(&format!("digital-assets?{query}")).await;
        assert_eq!(answer.code(), "400 MSS.00000003", "{query}");
        let (name, _) = query.split_once('=').unwrap();
        assert!(answer.line().contains(name), "{}", answer.line());
    }
}
