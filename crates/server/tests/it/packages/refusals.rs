//! What can't be exported whole is not exported, and the job says why.

use serde_json::{Value, json};

use crate::harness::Library;

async fn refused(library: &Library, apps: &[&str], tasks: &[&str]) -> Value {
    let job = library.run_asset_job("/export", apps, tasks).await;
    assert_eq!(job["status"], "FAILED", "{job:#}");
    assert_eq!(job["reasons"], job["reason"]);
    assert!(job["archive_id"].is_null());
    assert_eq!(library.rows("archives").await, 0);
    job["reasons"].clone()
}

#[tokio::test]
async fn an_asset_that_is_not_complete_keeps_its_application_back() {
    let library = Library::start().await;
    let app = library.create_app("an app").await;
    let good = library.ready_asset("IMAGE", b"good").await;
    library.attach(&app, &[&good]).await.ok();

    let blocked = library.ready_asset("IMAGE", b"blocked").await;
    assert!(library.block(&blocked).await);
    let creating = library.create_asset("IMAGE").await;
    let deleting = library.ready_asset("IMAGE", b"deleting").await;
    library.delete_asset(&deleting).await.ok();
    let unfinished = library.ready_asset("VIDEO", b"video").await;
    library.declare(&unfinished, "COVER", b"cover").await;
    for (asset, code, problem) in [
        (&blocked, "ROMA.19011", "is BLOCK"),
        (&creating, "ROMA.19011", "is CREATING"),
        (&deleting, "ROMA.19011", "is DELETING"),
        (&unfinished, "MSS.10009007", "has an unfinished file"),
    ] {
        library.attach(&app, &[asset]).await.ok();
        let expected = json!([{"resource_type": "application", "resource_name": "an app",
            "error_code": code, "error_msg": format!("Asset {asset} {problem}")}]);
        assert_eq!(refused(&library, &[&app], &[]).await, expected);
        let path = library.apps(&format!("/{app}/entrepot/digital-assets"));
        let body = json!({"asset_ids": [asset]});
        library.call("DELETE", &path).json(&body).send().await.ok();
    }
    library.exported(&[&app], &[]).await;
}

#[tokio::test]
async fn what_is_deleted_or_came_to_nothing_is_no_part_of_a_package() {
    let library = Library::start().await;
    let app = library.create_app("an app").await;
    let asset = library.ready_asset("VIDEO", b"good").await;
    for state in ["CANCELLED", "FAILED"] {
        let cover = library.declare(&asset, "COVER", b"cover").await;
        library.complete(&cover.file, state).await.ok();
    }
    let cover = library.upload(&asset, "COVER", b"cover").await;
    library.delete_file(&cover).await.ok();
    let purged = library.ready_asset("VIDEO", b"purged").await;
    library.attach(&app, &[&asset, &purged]).await.ok();
    library.purge(&purged).await.ok();
    let archive = library.exported(&[&app], &[]).await;
    // four of the bag, package.json, the application, assets.jsonl and one file
    assert_eq!(archive.entry_count, 8);
}

#[tokio::test]
async fn every_failing_item_is_named_but_ten_at_most() {
    let library = Library::start().await;
    let first = library.create_app("first").await;
    let second = library.create_app("second").await;
    let one = library.create_asset("IMAGE").await;
    let two = library.create_asset("IMAGE").await;
    library.attach(&first, &[&one]).await.ok();
    library.attach(&second, &[&one, &two]).await.ok();
    let reasons = refused(&library, &[&first, &second, "nobody"], &["nothing"]).await;
    let told: Vec<_> = reasons.as_array().unwrap().iter().collect();
    let line = |reason: &Value| {
        let text = |key: &str| reason[key].as_str().unwrap().to_owned();
        let (kind, name) = (text("resource_type"), text("resource_name"));
        format!(
            "{kind} {name}: {} {}",
            text("error_code"),
            text("error_msg")
        )
    };
    let told: Vec<_> = told.into_iter().map(line).collect();
    assert_eq!(
        told,
        [
            "application nobody: APIG.3019 The application does not exist.".to_owned(),
            "task nothing: ROMA.19012 The task does not exist.".to_owned(),
            format!("application first: ROMA.19011 Asset {one} is CREATING"),
            format!("application second: ROMA.19011 Asset {one} is CREATING; 1 more"),
        ]
    );
    let many: Vec<String> = (10..25).map(|n| format!("task-{n}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let reasons = refused(&library, &[], &many).await;
    let reasons = reasons.as_array().unwrap();
    assert_eq!(reasons.len(), 10);
    assert_eq!(reasons[8]["error_msg"], "The task does not exist.");
    assert_eq!(reasons[9]["resource_name"], "task-19");
    assert_eq!(reasons[9]["error_msg"], "this item and 5 more failed");
}

#[tokio::test]
async fn texts_of_a_reason_are_64_characters_at_most() {
    let library = Library::start().await;
    let app = library.create_app(&"n".repeat(256)).await;
    let assets = [
        library.create_asset("IMAGE").await,
        library.create_asset("IMAGE").await,
    ];
    library.attach(&app, &[&assets[0], &assets[1]]).await.ok();
    let reasons = refused(&library, &[&app], &[]).await;
    for key in ["resource_name", "error_code", "error_msg"] {
        let count = reasons[0][key].as_str().unwrap().chars().count();
        assert!((1..=64).contains(&count), "{reasons}");
    }
}

#[tokio::test]
async fn a_refused_export_stores_nothing() {
    let library = Library::start().await;
    let app = library.create_app("an app").await;
    let good = library.ready_asset("IMAGE", b"good").await;
    let bad = library.create_asset("IMAGE").await;
    library.attach(&app, &[&good, &bad]).await.ok();
    refused(&library, &[&app], &[]).await;
    assert_eq!(library.stored().await, 1);
    assert_eq!(library.rows("archive_pins").await, 0);
}
