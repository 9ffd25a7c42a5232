//! `GET …/replication-info`

use entrepot_server::replication::administer;
use serde_json::json;

use crate::harness::{DAY, Library, Regions, START};

#[tokio::test]
async fn a_ticket_has_the_published_form() {
    let regions = Regions::start().await;
    let asset = regions.a.ready_asset("IMAGE", b"bytes").await;
    let ticket = regions.ticket(&asset).await;
    assert_eq!(ticket["asset_id"], asset);
    assert_eq!(ticket["expire_time"], START + 24 * 3600);
    let encryption = &ticket["encryption_info"];
    assert_eq!(encryption["algorithm"], "AES128_GCM");
    assert_eq!(encryption["key_id"], regions.key_id);
    let info = ticket["asset_info"].as_str().unwrap();
    let (iv, _) = info.split_once(':').unwrap();
    assert_eq!(encryption["iv"], iv);
    regions.stop().await;
}

#[tokio::test]
async fn only_what_is_whole_and_may_be_read_has_a_ticket() {
    let regions = Regions::start().await;
    let library = &regions.a;
    let refused = async |asset: &str| {
        let path = format!("digital-assets/{asset}/replication-info");
        library.get(&path).await.line()
    };
    assert!(refused("unknown").await.starts_with("400 MSS.10001001"));
    let creating = library.create_asset("IMAGE").await;
    assert!(refused(&creating).await.starts_with("400 MSS.10009001"));
    let blocked = library.ready_asset("IMAGE", b"1").await;
    assert!(library.block(&blocked).await);
    assert!(refused(&blocked).await.starts_with("400 MSS.10009012"));
    let binned = library.ready_asset("IMAGE", b"2").await;
    library.delete_asset(&binned).await.ok();
    assert!(refused(&binned).await.starts_with("400 MSS.10009001"));
    let unfinished = library.ready_asset("VIDEO", b"3").await;
    library.declare(&unfinished, "COVER", b"4").await;
    assert!(refused(&unfinished).await.starts_with("400 MSS.10009007"));
    regions.stop().await;
}

#[tokio::test]
async fn the_region_is_named_where_it_is_not_clear() {
    let library = Library::start().await;
    let asset = library.ready_asset("IMAGE", b"1").await;
    let path = format!("digital-assets/{asset}/replication-info");
    assert!(
        library
            .get(&path)
            .await
            .line()
            .starts_with("400 MSS.10009004")
    );
    for peer in ["west", "east"] {
        administer::create(&library.app, peer).await.unwrap();
    }
    let unclear = library.get(&path).await;
    assert!(unclear.line().starts_with("400 MSS.00000003"));
    assert!(unclear.text().contains("east, west"));
    let named = library.get(&format!("{path}?to_region=east")).await.ok();
    assert_eq!(named["asset_id"], asset);
    let unknown = library.get(&format!("{path}?to_region=north")).await;
    assert!(unknown.line().starts_with("400 MSS.10009004"));
}

#[tokio::test]
async fn a_retired_key_opens_nothing_and_a_new_one_takes_over() {
    let regions = Regions::start().await;
    let asset = regions.a.ready_asset("IMAGE", b"1").await;
    let old = regions.ticket(&asset).await;
    regions.a.pass(DAY / 24);
    regions.b.pass(DAY / 24);
    let (key, secret) = administer::create(&regions.a.app, "b").await.unwrap();
    let added = administer::add(&regions.b.app, &key.key_id, "a", &secret).await;
    added.unwrap();
    administer::retire(&regions.b.app, &regions.key_id)
        .await
        .unwrap();
    assert!(
        regions
            .present(&old)
            .await
            .line()
            .starts_with("400 MSS.10009004")
    );
    let new = regions.ticket(&asset).await;
    assert_eq!(new["encryption_info"]["key_id"], key.key_id);
    assert_eq!(regions.present(&new).await.status, 200);
    regions.b.run_due_jobs().await;
    assert_eq!(regions.copy_state(&asset).await, "DONE");
    regions.stop().await;
}

#[tokio::test]
async fn every_ticket_is_counted_and_leaves_an_event() {
    let regions = Regions::start().await;
    let asset = regions.a.ready_asset("IMAGE", b"1").await;
    for _ in 0..3 {
        regions.ticket(&asset).await;
    }
    let keys = administer::list(&regions.a.app).await.unwrap();
    assert_eq!(keys[0].uses, 3);
    let filter = entrepot_server::audit::Filter {
        action: Some("metastudio:asset:replicate".into()),
        resource: Some(format!("asset/{asset}")),
        limit: 10,
        ..entrepot_server::audit::Filter::default()
    };
    let events = regions
        .a
        .app
        .db
        .read(async move |tx| entrepot_server::audit::list(tx, &filter).await);
    let events = events.await.unwrap();
    assert_eq!(events.len(), 3);
    let event = &events[0];
    assert_eq!(event.access_key.as_ref(), Some(&regions.a.owner.access_key));
    assert_eq!(event.user_name.as_deref(), Some("owner"));
    assert_eq!(event.detail["to_region"], json!("b"));
    regions.stop().await;
}
