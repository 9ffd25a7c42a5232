//! Copies that fail, wait, are cancelled and tried again.

use serde_json::json;

use crate::harness::{MINUTE, Regions};

#[tokio::test]
async fn what_is_blocked_or_deleted_meanwhile_fails_with_the_reason() {
    let regions = Regions::start().await;
    let blocked = regions.a.ready_asset("IMAGE", b"1").await;
    let deleted = regions.a.ready_asset("IMAGE", b"2").await;
    for asset in [&blocked, &deleted] {
        let ticket = regions.ticket(asset).await;
        assert_eq!(regions.present(&ticket).await.status, 200);
    }
    assert!(regions.a.block(&blocked).await);
    regions.a.delete_asset(&deleted).await.ok();
    regions.b.run_due_jobs().await;
    for (asset, code, word) in [
        (&blocked, "MSS.10009012", "blocked"),
        (&deleted, "MSS.10001001", "deleted"),
    ] {
        let copy = &regions.copies(asset).await[0];
        assert_eq!(
            (&copy["state"], &copy["error_code"]),
            (&json!("FAILED"), &json!(code))
        );
        let shown = regions.b.show(asset).await;
        assert_eq!(shown["asset_state"], "FAILED");
        assert!(shown["reason"].as_str().unwrap().contains(word));
    }
    // lifted, it is only to be tried again
    assert!(regions.a.unblock(&blocked).await);
    regions.act(&blocked, "retry").await.ok();
    assert_eq!(regions.b.state(&blocked).await, "CREATING");
    regions.b.run_due_jobs().await;
    assert_eq!(regions.b.state(&blocked).await, "UNACTIVED");
    regions.stop().await;
}

#[tokio::test]
async fn a_copy_is_cancelled_in_either_region() {
    let regions = Regions::start().await;
    let here = regions.a.ready_asset("IMAGE", b"1").await;
    let ticket = regions.ticket(&here).await;
    regions.present(&ticket).await;
    assert_eq!(
        regions.act(&here, "cancel").await.ok()["state"],
        "CANCELLED"
    );
    assert_eq!(regions.b.run_due_jobs().await, 0);
    assert_eq!(regions.b.state(&here).await, "FAILED");
    let twice = regions.act(&here, "cancel").await;
    assert!(twice.line().starts_with("400 MSS.10009019"));
    // the same ticket begins it again
    regions.present(&ticket).await;
    regions.b.run_due_jobs().await;
    assert_eq!(regions.copy_state(&here).await, "DONE");

    let there = regions.a.ready_asset("IMAGE", b"2").await;
    regions.present(&regions.ticket(&there).await).await;
    let path = format!("digital-assets/{there}/entrepot/copies");
    let copies = regions.a.get(&path).await.ok();
    let id = copies["outgoing"][0]["copy_id"].as_str().unwrap();
    let cancelled = regions
        .a
        .post(&format!("{path}/{id}/cancel"), &json!({}))
        .await;
    assert_eq!(cancelled.ok()["state"], "CANCELLED");
    regions.b.run_due_jobs().await;
    let copy = &regions.copies(&there).await[0];
    assert_eq!(
        (&copy["state"], &copy["error_code"]),
        (&json!("FAILED"), &json!("MSS.10009018"))
    );
    regions.stop().await;
}

#[tokio::test]
async fn a_copy_waits_for_a_region_that_is_not_reached() {
    let mut regions = Regions::start().await;
    let asset = regions.a.ready_asset("IMAGE", b"1").await;
    let ticket = regions.ticket(&asset).await;
    regions.part().await;
    assert_eq!(regions.present(&ticket).await.status, 200);
    for attempt in 1..=12 {
        assert_eq!(regions.b.run_due_jobs().await, 1);
        let copy = &regions.copies(&asset).await[0];
        assert_eq!(
            (&copy["state"], &copy["attempts"]),
            (&json!("WAITING"), &json!(attempt))
        );
        assert_eq!(copy["error_code"], "MSS.10009005");
        assert!(copy["next_try_at"].is_string());
        regions.b.pass(MINUTE);
    }
    assert_eq!(regions.b.state(&asset).await, "CREATING");
    // the clocks of the two are the same again
    regions.a.pass(MINUTE * 12);
    regions.join().await;
    regions.b.run_due_jobs().await;
    assert_eq!(regions.copy_state(&asset).await, "DONE");
    regions.stop().await;
}

#[tokio::test]
async fn a_copy_of_what_is_deleted_here_meanwhile_is_cancelled() {
    let regions = Regions::start().await;
    let asset = regions.a.ready_asset("IMAGE", b"1").await;
    regions.present(&regions.ticket(&asset).await).await;
    regions.b.delete_asset(&asset).await.ok();
    regions.b.run_due_jobs().await;
    assert_eq!(regions.copy_state(&asset).await, "CANCELLED");
    assert_eq!(regions.b.state(&asset).await, "DELETING");
    assert_eq!(regions.b.stored().await, 0);
    regions.stop().await;
}

#[tokio::test]
async fn what_was_added_here_meanwhile_is_left_and_the_copy_fails() {
    let regions = Regions::start().await;
    let asset = regions.a.ready_asset("IMAGE", b"1").await;
    regions.present(&regions.ticket(&asset).await).await;
    regions.b.upload(&asset, "MAIN", b"mine").await;
    regions.b.run_due_jobs().await;
    let copy = &regions.copies(&asset).await[0];
    assert_eq!(
        (&copy["state"], &copy["error_code"]),
        (&json!("FAILED"), &json!("MSS.10009015"))
    );
    assert_eq!(regions.b.state(&asset).await, "UNACTIVED");
    regions.stop().await;
}

#[tokio::test]
async fn a_newer_ticket_replaces_a_copy_that_waits() {
    let mut regions = Regions::start().await;
    let asset = regions.a.ready_asset("IMAGE", b"1").await;
    let older = regions.ticket(&asset).await;
    regions
        .a
        .update(&asset, &json!({"asset_name": "newer"}))
        .await
        .ok();
    let newer = regions.ticket(&asset).await;
    regions.part().await;
    regions.present(&older).await;
    regions.b.run_due_jobs().await;
    assert_eq!(regions.present(&newer).await.status, 200);
    regions.join().await;
    regions.b.pass(MINUTE);
    regions.a.pass(MINUTE);
    regions.b.run_due_jobs().await;
    let copies = regions.copies(&asset).await;
    let states: Vec<_> = copies
        .iter()
        .map(|c| c["state"].as_str().unwrap())
        .collect();
    assert_eq!(states, ["DONE", "REPLACED"]);
    assert_eq!(regions.b.show(&asset).await["asset_name"], "newer");
    let listed = regions
        .b
        .get("entrepot/copies?state=DONE&limit=1")
        .await
        .ok();
    assert_eq!(listed["copies"].as_array().unwrap().len(), 1);
    regions.stop().await;
}
