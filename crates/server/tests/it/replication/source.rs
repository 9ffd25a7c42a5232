//! What peers are served, and what is refused them.

use entrepot_server::clock::Timestamp;
use entrepot_server::replication::keys::{RingKey, StoredKey, parse_secret};
use entrepot_server::replication::proof::{self, Request};
use serde_json::Value;

use crate::harness::{Answer, Call, MINUTE, Regions};

/// A peer that says what a test wants it to say.
struct Peer<'a> {
    regions: &'a Regions,
    key: RingKey,
    from: &'a str,
    at: Timestamp,
}

impl<'a> Peer<'a> {
    fn of(regions: &'a Regions) -> Self {
        let stored = StoredKey {
            key_id: regions.key_id.clone(),
            peer: "a".into(),
            sealed: String::new(),
            created_at: Timestamp::from_seconds(0),
            retired_at: None,
            uses: 0,
        };
        let secret = parse_secret(regions.secret.expose()).unwrap();
        Self {
            regions,
            key: RingKey::derive(&stored, &secret),
            from: "b",
            at: regions.a.app.clock.now(),
        }
    }

    fn proof(&self, path: &str) -> String {
        let request = Request {
            method: "GET",
            path,
            range: "",
            body: b"",
            to: "a",
        };
        let nonce = entrepot_server::ids::Ids.next();
        proof::sign(&self.key, self.from, self.at, &nonce, request)
    }

    async fn send(&self, path: &str, proof: &str) -> Answer {
        let call = Call::new(&self.regions.a, "GET", path).anonymous();
        call.header("authorization", proof).send().await
    }

    async fn get(&self, path: &str) -> Answer {
        self.send(path, &self.proof(path)).await
    }
}

/// The id of a ticket issued for an asset.
async fn issued(regions: &Regions, asset: &str) -> String {
    regions.ticket(asset).await;
    let path = format!("digital-assets/{asset}/entrepot/copies");
    let copies: Value = regions.a.get(&path).await.ok();
    copies["outgoing"][0]["copy_id"]
        .as_str()
        .unwrap()
        .to_owned()
}

const HELLO: &str = "/entrepot/peer/v1/hello";

#[tokio::test]
async fn a_genuine_request_is_served_once() {
    let regions = Regions::start().await;
    let peer = Peer::of(&regions);
    let proof = peer.proof(HELLO);
    assert_eq!(peer.send(HELLO, &proof).await.ok()["region"], "a");
    let replayed = peer.send(HELLO, &proof).await;
    assert!(replayed.line().starts_with("401 MSS.10009017"));
    assert!(replayed.text().contains("before"));
    regions.stop().await;
}

#[tokio::test]
async fn what_is_changed_late_or_by_another_is_refused() {
    let regions = Regions::start().await;
    let asset = regions.a.ready_asset("IMAGE", b"1").await;
    let ticket = issued(&regions, &asset).await;
    let manifest = format!("/entrepot/peer/v1/tickets/{ticket}/manifest");
    let peer = Peer::of(&regions);
    let refused = async |answer: Answer| {
        assert!(
            answer.line().starts_with("401 MSS.10009017"),
            "{}",
            answer.line()
        );
    };
    refused(peer.send(&manifest, &peer.proof(HELLO)).await).await;
    refused(peer.send(HELLO, "Bearer x").await).await;
    let bare = Call::new(&regions.a, "GET", HELLO).anonymous();
    refused(bare.send().await).await;
    for at in [peer.at.minus(MINUTE * 3), peer.at.plus(MINUTE * 3)] {
        let late = Peer {
            at,
            ..Peer::of(&regions)
        };
        refused(late.get(HELLO).await).await;
    }
    let mut other = Peer::of(&regions);
    other.from = "c";
    refused(other.get(HELLO).await).await;
    let mut unknown = Peer::of(&regions);
    unknown.key.key_id = "999".into();
    refused(unknown.get(HELLO).await).await;
    let mut wrong = Peer::of(&regions);
    wrong.key.request_key = [0; 32];
    refused(wrong.get(HELLO).await).await;
    let by_user = regions.a.get(HELLO).await;
    assert!(by_user.line().starts_with("401 MSS.10009017"));
    regions.stop().await;
}

#[tokio::test]
async fn a_ticket_is_served_to_the_region_it_was_issued_to() {
    let regions = Regions::start().await;
    let a = &regions.a.app;
    let (key, secret) = entrepot_server::replication::administer::create(a, "c")
        .await
        .unwrap();
    let asset = regions.a.ready_asset("IMAGE", b"1").await;
    let path = format!("digital-assets/{asset}/replication-info?to_region=b");
    regions.a.get(&path).await.ok();
    let copies = regions
        .a
        .get(&format!("digital-assets/{asset}/entrepot/copies"))
        .await
        .ok();
    let id = copies["outgoing"][0]["copy_id"].as_str().unwrap();
    let manifest = format!("/entrepot/peer/v1/tickets/{id}/manifest");

    let peer = Peer::of(&regions);
    let served = peer.get(&manifest).await.ok();
    let file = served["asset"]["files"][0]["file_id"].as_str().unwrap();
    let bytes = format!("/entrepot/peer/v1/tickets/{id}/files/{file}");
    assert_eq!(peer.get(&bytes).await.text(), "1");
    // another asset's file is not in it
    let other = regions.a.ready_asset("IMAGE", b"2").await;
    let other = regions.a.show(&other).await["files"][0]["file_id"].clone();
    let foreign = format!(
        "/entrepot/peer/v1/tickets/{id}/files/{}",
        other.as_str().unwrap()
    );
    assert!(
        peer.get(&foreign)
            .await
            .line()
            .starts_with("400 MSS.10001004")
    );
    let never = peer.get("/entrepot/peer/v1/tickets/0000/manifest").await;
    assert!(never.line().starts_with("400 MSS.10009018"));

    let mut third = Peer::of(&regions);
    third.key = RingKey::derive(&key, &parse_secret(secret.expose()).unwrap());
    third.from = "c";
    assert_eq!(third.get(HELLO).await.status, 200);
    for path in [&manifest, &bytes] {
        let refused = third.get(path).await;
        assert!(
            refused.line().starts_with("400 MSS.10009018"),
            "{}",
            refused.line()
        );
    }
    regions.stop().await;
}
