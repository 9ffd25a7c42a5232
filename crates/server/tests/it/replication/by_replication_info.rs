//! `POST …/digital-assets-by-replication-info`

use entrepot_server::keys::Secret;
use entrepot_server::replication::administer;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::harness::{DAY, Library, Regions};

#[tokio::test]
async fn a_copy_is_the_asset_in_the_other_region() {
    let regions = Regions::start().await;
    let a = &regions.a;
    let body = json!({"asset_name": "Ärger 1", "asset_type": "VIDEO", "tags": ["x", "y"],
        "asset_description": "d", "asset_order": 7, "is_need_generate_cover": true,
        "system_properties": [{"key": "STYLE_ID", "value": "s"}],
        "asset_extra_meta": {"video_meta": {"width": 1}}});
    let asset = a.create_asset_with(&body).await;
    a.upload(&asset, "MAIN", &vec![7; 3_000_000]).await;
    a.upload(&asset, "COVER", b"cover").await;
    a.set_state(&asset, "ACTIVED").await.ok();
    let ticket = regions.ticket(&asset).await;

    let presented = regions.present(&ticket).await;
    assert_eq!((presented.status, presented.text().as_str()), (200, ""));
    let waiting = regions.b.show(&asset).await;
    assert_eq!(waiting["asset_state"], "CREATING");
    assert_eq!(waiting["asset_name"], "Ärger 1");
    assert_eq!(regions.b.run_due_jobs().await, 1);

    let (there, here) = (a.show(&asset).await, regions.b.show(&asset).await);
    let plain = |asset: &Value| {
        let mut asset = asset.clone();
        for field in ["project_id", "update_time", "entrepot_version"] {
            asset.as_object_mut().unwrap().remove(field);
        }
        for file in asset["files"].as_array_mut().unwrap() {
            file.as_object_mut().unwrap().remove("download_url");
        }
        asset
    };
    assert_eq!(plain(&there), plain(&here));
    assert_eq!(here["asset_state"], "ACTIVED");
    let copy = &regions.copies(&asset).await[0];
    assert_eq!(
        (&copy["state"], &copy["from_region"]),
        (&json!("DONE"), &json!("a"))
    );
    assert_eq!(copy["bytes_done"], 3_000_005);
    regions.stop().await;
}

#[tokio::test]
async fn a_replay_and_an_older_ticket_change_nothing() {
    let regions = Regions::start().await;
    let asset = regions.a.ready_asset("IMAGE", b"1").await;
    let older = regions.ticket(&asset).await;
    regions
        .a
        .update(&asset, &json!({"asset_name": "newer"}))
        .await
        .ok();
    regions.copy(&asset).await;
    let stands = regions.b.show(&asset).await;
    assert_eq!(stands["asset_name"], "newer");
    for ticket in [&older, &regions.ticket(&asset).await] {
        assert_eq!(regions.present(ticket).await.status, 200);
        assert_eq!(regions.b.run_due_jobs().await, 0);
        assert_eq!(regions.b.show(&asset).await, stands);
    }
    regions.stop().await;
}

#[tokio::test]
async fn a_newer_ticket_brings_the_newer_version_unless_it_would_undo_a_change() {
    let regions = Regions::start().await;
    let asset = regions.a.ready_asset("VIDEO", b"1").await;
    regions.copy(&asset).await;
    regions.a.upload(&asset, "COVER", b"cover").await;
    regions.copy(&asset).await;
    assert_eq!(
        regions.b.show(&asset).await["files"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    regions
        .b
        .update(&asset, &json!({"asset_name": "mine"}))
        .await
        .ok();
    regions
        .a
        .update(&asset, &json!({"asset_name": "theirs"}))
        .await
        .ok();
    let refused = regions.present(&regions.ticket(&asset).await).await;
    assert!(refused.line().starts_with("400 MSS.10009015"));
    assert_eq!(regions.b.show(&asset).await["asset_name"], "mine");
    regions.b.delete_asset(&asset).await.ok();
    let refused = regions.present(&regions.ticket(&asset).await).await;
    assert!(refused.line().starts_with("400 MSS.10009001"));
    regions.b.purge(&asset).await.ok();
    regions.copy(&asset).await;
    assert_eq!(regions.b.show(&asset).await["asset_name"], "theirs");
    regions.stop().await;
}

#[tokio::test]
async fn what_the_project_holds_is_not_transferred() {
    let regions = Regions::start().await;
    let content = vec![9; 100_000];
    let held = regions.b.ready_asset("IMAGE", &content).await;
    let asset = regions.a.ready_asset("IMAGE", &content).await;
    regions.copy(&asset).await;
    let copy = &regions.copies(&asset).await[0];
    assert_eq!(
        (&copy["bytes_held"], &copy["state"]),
        (&json!(100_000), &json!("DONE"))
    );
    assert_ne!(held, asset);
    regions.stop().await;
}

#[tokio::test]
async fn a_ticket_is_for_its_time_region_and_project() {
    let regions = Regions::start().await;
    let asset = regions.a.ready_asset("IMAGE", b"1").await;
    let path = format!("digital-assets/{asset}/replication-info");
    let narrow = regions
        .a
        .get(&format!("{path}?to_project_id=other"))
        .await
        .ok();
    let refused = regions.present(&narrow).await;
    assert!(refused.line().starts_with("400 MSS.10009014"));
    let ticket = regions.ticket(&asset).await;
    regions.b.pass(DAY);
    let expired = regions.present(&ticket).await;
    assert!(expired.line().starts_with("400 MSS.10009003"));
    let count = regions.b.get("digital-assets").await.ok()["count"].clone();
    assert_eq!(count, 0);
    regions.stop().await;
}

#[tokio::test]
async fn a_ticket_of_an_unknown_region_makes_no_connection() {
    let trap = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = trap.local_addr().unwrap();
    // the region's very name is an address that would answer
    let name = format!("http://{address}");
    let source = Library::with(|setup| setup.config.region = name.clone()).await;
    let target = Library::with(|setup| setup.config.region = "b".into()).await;
    let (key, secret) = administer::create(&source.app, "b").await.unwrap();
    let secret = Secret::new(secret.expose());
    administer::add(&target.app, &key.key_id, &name, &secret)
        .await
        .unwrap();
    let asset = source.ready_asset("IMAGE", b"1").await;
    let path = format!("digital-assets/{asset}/replication-info");
    let ticket = source.get(&path).await.ok();
    let refused = target
        .post("digital-assets-by-replication-info", &ticket)
        .await;
    assert!(refused.line().starts_with("400 MSS.10009014"));
    let report = target.post("entrepot/tickets/inspect", &ticket).await.ok();
    assert_eq!(report["works"], false);
    assert_eq!(target.run_due_jobs().await, 0);
    let nobody = tokio::time::timeout(std::time::Duration::from_millis(200), trap.accept());
    assert!(nobody.await.is_err());
}

#[tokio::test]
async fn a_file_that_was_sent_again_with_the_same_bytes_takes_them_over() {
    let regions = Regions::start().await;
    let asset = regions.a.ready_asset("IMAGE", b"the same").await;
    regions.copy(&asset).await;
    let before = regions.b.show(&asset).await["files"][0].clone();
    let file = before["file_id"].as_str().unwrap();
    regions.a.delete_file(file).await.ok();
    regions.a.upload(&asset, "MAIN", b"the same").await;
    regions.copy(&asset).await;
    assert_eq!(regions.copy_state(&asset).await, "DONE");
    let after = regions.b.show(&asset).await["files"][0].clone();
    assert_ne!(after["file_id"], before["file_id"]);
    let url = after["download_url"].as_str().unwrap();
    assert_eq!(regions.b.fetch(url).await.text(), "the same");
    regions.b.pass(DAY);
    regions.b.sweep().await;
    let url = regions.b.show(&asset).await["files"][0]["download_url"].clone();
    assert_eq!(
        regions.b.fetch(url.as_str().unwrap()).await.text(),
        "the same"
    );
    regions.stop().await;
}
