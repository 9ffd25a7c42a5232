//! `POST /v1/{project_id}/digital-assets/summarys`

use serde_json::{Value, json};

use crate::harness::Library;

fn ids(answer: &Value) -> Vec<&str> {
    let list = answer["asset_list"].as_array().unwrap();
    list.iter()
        .map(|s| s["asset_id"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn summarys_keep_the_order_and_answer_a_repeated_id_once() {
    let library = Library::start().await;
    let (a, b) = (
        library.create_asset("IMAGE").await,
        library.create_asset("VIDEO").await,
    );
    let answer = library.summarys(&[&b, "unknown", &a, &b, ""]).await.ok();
    assert_eq!(ids(&answer), [&b, &a]);
    assert_eq!(
        answer["asset_list"][0],
        json!({"asset_id": b, "asset_name": "an asset",
        "asset_state": "CREATING", "asset_type": "VIDEO"})
    );
}

#[tokio::test]
async fn summarys_leave_out_what_belongs_to_others() {
    let library = Library::start().await;
    let stranger = library.stranger().await;
    let asset = library.create_asset("IMAGE").await;
    let path = format!("/v1/{}/digital-assets/summarys", stranger.project_id);
    let call = library.call("POST", &path).by(&stranger);
    let answer = call.json(&json!({"asset_ids": [asset]})).send().await.ok();
    assert_eq!(answer, json!({"asset_list": []}));
}

#[tokio::test]
async fn summarys_take_1_to_1000_ids_of_up_to_1024_characters() {
    let library = Library::start().await;
    let long = "x".repeat(1024);
    for (asset_ids, expected) in [
        (vec![], "400 MSS.00000003"),
        (vec!["x"; 1000], "200"),
        (vec!["x"; 1001], "400 MSS.00000003"),
        (vec![long.as_str()], "200"),
        (vec!["a\u{0}b"], "200"),
    ] {
        assert_eq!(library.summarys(&asset_ids).await.code(), expected);
    }
    let longer = "x".repeat(1025);
    assert_eq!(
        library.summarys(&[&longer]).await.code(),
        "400 MSS.00000003"
    );
    let none = library.post("digital-assets/summarys", &json!({})).await;
    assert_eq!(none.code(), "400 MSS.00000002");
}

#[tokio::test]
async fn a_cover_is_the_cover_file_or_the_picture_itself() {
    let library = Library::start().await;
    let picture = library.ready_asset("IMAGE", b"picture").await;
    let film = library.create_asset("VIDEO").await;
    library.upload(&film, "COVER", b"cover").await;
    library.upload(&film, "MAIN", b"film").await;
    let bare = library.ready_asset("VIDEO", b"film").await;
    let answer = library.summarys(&[&picture, &film, &bare]).await.ok();
    for (n, expected) in [(0, "picture"), (1, "cover")] {
        let url = answer["asset_list"][n]["cover_url"].as_str().unwrap();
        assert_eq!(library.fetch(url).await.text(), expected);
    }
    assert!(answer["asset_list"][2]["cover_url"].is_null());
    assert!(answer["asset_list"][0]["thumbnail_url"].is_null());
}

#[tokio::test]
async fn every_cover_is_found_among_many_assets() {
    let library = Library::start().await;
    let mut films = Vec::new();
    for n in 0..30 {
        let film = library.create_asset("VIDEO").await;
        let parts = [
            ("COVER", format!("cover {n}")),
            ("MAIN", format!("film {n}")),
        ];
        let first = n % 2;
        for (category, bytes) in [&parts[first], &parts[1 - first]] {
            library.upload(&film, category, bytes.as_bytes()).await;
        }
        films.push(film);
    }
    let asked: Vec<&str> = films.iter().map(String::as_str).rev().collect();
    let answer = library.summarys(&asked).await.ok();
    let list = answer["asset_list"].as_array().unwrap();
    assert_eq!(list.len(), 30);
    assert!(list.iter().all(|summary| summary["cover_url"].is_string()));
}

#[tokio::test]
async fn links_stand_only_in_summaries_of_usable_assets() {
    let library = Library::start().await;
    let asset = library.ready_asset("IMAGE", b"x").await;
    for (state, has_link) in [
        ("ACTIVED", true),
        ("WAITING_DELETE", true),
        ("UNACTIVED", true),
    ] {
        library.set_state(&asset, state).await.ok();
        let summary = library.summarys(&[&asset]).await.ok();
        assert_eq!(summary["asset_list"][0]["cover_url"].is_string(), has_link);
    }
    assert!(library.block(&asset).await);
    let summary = &library.summarys(&[&asset]).await.ok()["asset_list"][0];
    assert_eq!(summary["asset_state"], "BLOCK");
    assert_eq!(summary["block_reason_code"], "C1");
    assert!(summary["cover_url"].is_null());
    assert!(library.unblock(&asset).await);
    library.purge(&asset).await.ok();
    let summary = &library.summarys(&[&asset]).await.ok()["asset_list"][0];
    assert_eq!(summary["asset_state"], "DELETED");
    assert!(summary["cover_url"].is_null());
}
