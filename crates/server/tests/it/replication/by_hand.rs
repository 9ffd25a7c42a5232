//! Copies whose bytes are carried by hand.

use entrepot_server::http::signature::{CONTENT_HEADER, UNSIGNED_PAYLOAD};
use serde_json::{Value, json};

use crate::harness::{Answer, Regions};

/// A ticket, its manifest, and the asset's file.
async fn carried(regions: &Regions, asset: &str) -> (Value, String) {
    let ticket = regions.ticket(asset).await;
    let copies = regions
        .a
        .get(&format!("digital-assets/{asset}/entrepot/copies"))
        .await
        .ok();
    let id = copies["outgoing"][0]["copy_id"].as_str().unwrap();
    let path = format!("digital-assets/{asset}/entrepot/manifest?ticket_id={id}");
    (ticket, regions.a.get(&path).await.text())
}

async fn begin(regions: &Regions, ticket: &Value, manifest: &str) -> Answer {
    let body = json!({"ticket": ticket, "manifest": manifest});
    regions.b.post("entrepot/tickets/import", &body).await
}

async fn send(regions: &Regions, asset: &str, wanted: &Value, offset: u64, bytes: &[u8]) -> Answer {
    let id = wanted["copy_id"].as_str().unwrap();
    let file = wanted["files"][0]["file_id"].as_str().unwrap();
    let path = format!("digital-assets/{asset}/entrepot/copies/{id}/files/{file}?offset={offset}");
    let call = regions.b.call("PUT", &path).body(bytes);
    call.header(CONTENT_HEADER, UNSIGNED_PAYLOAD).send().await
}

#[tokio::test]
async fn bytes_that_come_by_hand_are_verified_like_all() {
    let mut regions = Regions::start().await;
    let asset = regions.a.ready_asset("IMAGE", b"the very bytes").await;
    let (ticket, manifest) = carried(&regions, &asset).await;
    regions.part().await;
    let wanted = begin(&regions, &ticket, &manifest).await.ok();
    assert_eq!(
        (&wanted["state"], &wanted["files"][0]["size"]),
        (&json!("WAITING"), &json!(14))
    );
    assert_eq!(regions.b.run_due_jobs().await, 0);
    let early = regions.act(&asset, "complete").await;
    assert!(early.line().starts_with("400 MSS.10009008"));

    let half = send(&regions, &asset, &wanted, 0, b"the very").await.ok();
    assert_eq!(half["offset"], 8);
    assert_eq!(
        send(&regions, &asset, &wanted, 0, b"the very").await.status,
        409
    );
    send(&regions, &asset, &wanted, 8, b" BYTES").await.ok();
    regions.act(&asset, "complete").await.ok();
    regions.b.run_due_jobs().await;
    let copy = &regions.copies(&asset).await[0];
    assert_eq!(
        (&copy["state"], &copy["error_code"]),
        (&json!("FAILED"), &json!("MSS.10009008"))
    );
    assert_eq!(regions.b.state(&asset).await, "FAILED");

    regions.act(&asset, "retry").await.ok();
    let again = begin(&regions, &ticket, &manifest).await.ok();
    assert_eq!(again["files"][0]["offset"], 0);
    send(&regions, &asset, &again, 0, b"the very bytes")
        .await
        .ok();
    regions.act(&asset, "complete").await.ok();
    regions.b.run_due_jobs().await;
    assert_eq!(regions.copy_state(&asset).await, "DONE");
    let file = regions.b.show(&asset).await["files"][0].clone();
    let url = file["download_url"].as_str().unwrap();
    assert_eq!(regions.b.fetch(url).await.text(), "the very bytes");
    assert_eq!(
        begin(&regions, &ticket, &manifest).await.ok()["state"],
        "DONE"
    );
}

#[tokio::test]
async fn a_manifest_that_is_not_the_tickets_is_refused() {
    let regions = Regions::start().await;
    let asset = regions.a.ready_asset("IMAGE", b"1").await;
    let (ticket, manifest) = carried(&regions, &asset).await;
    let changed = manifest.replace("an asset", "another");
    let refused = begin(&regions, &ticket, &changed).await;
    assert!(refused.line().starts_with("400 MSS.10009002"));
    let none = regions.b.get(&format!("digital-assets/{asset}")).await;
    assert!(none.line().starts_with("400 MSS.10001001"));
    regions.stop().await;
}

#[tokio::test]
async fn an_inspection_by_hand_needs_no_peer() {
    let mut regions = Regions::start().await;
    let asset = regions.a.ready_asset("IMAGE", b"1").await;
    let ticket = regions.ticket(&asset).await;
    let path = "entrepot/tickets/inspect";
    let report = regions.b.post(path, &ticket).await.ok();
    assert_eq!(
        (&report["works"], &report["effect"]),
        (&json!(true), &json!("CREATE"))
    );
    assert_eq!(report["peer"]["clock_skew_seconds"], 0);
    regions.part().await;
    let report = regions.b.post(path, &ticket).await.ok();
    assert_eq!(report["works"], false);
    assert_eq!(report["problems"][0]["error_code"], "MSS.10009005");
    let by_hand = format!("{path}?by_hand=true");
    let report = regions.b.post(&by_hand, &ticket).await.ok();
    assert_eq!(report["works"], true);
}
