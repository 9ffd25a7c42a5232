//! Two libraries, each its own region, with a key that they share.

use std::net::SocketAddr;

use entrepot_server::config::PeerConfig;
use entrepot_server::replication::administer;
use serde_json::{Value, json};

use super::{Answer, Library, Served};

pub struct Regions {
    /// Where assets come from; it is served.
    pub a: Library,
    pub b: Library,
    pub key_id: String,
    pub secret: entrepot_server::keys::Secret,
    /// `None` while A is out of reach.
    served: Option<Served>,
    address: SocketAddr,
}

impl Regions {
    pub async fn start() -> Self {
        let a = Library::with(|setup| setup.config.region = "a".into()).await;
        let served = a.serve().await;
        let endpoint = format!("http://{}", served.address);
        let b = Library::with(|setup| {
            setup.config.region = "b".into();
            setup.config.peers = vec![PeerConfig {
                region: "a".into(),
                endpoint,
                ca_file: None,
                proxy: None,
            }];
        })
        .await;
        let (key, secret) = administer::create(&a.app, "b").await.unwrap();
        let added = administer::add(&b.app, &key.key_id, "a", &secret).await;
        added.unwrap();
        Self {
            a,
            b,
            key_id: key.key_id,
            secret,
            address: served.address,
            served: Some(served),
        }
    }

    pub async fn stop(mut self) {
        self.part().await;
    }

    /// From now on A is out of reach.
    pub async fn part(&mut self) {
        if let Some(served) = self.served.take() {
            served.stop().await;
        }
    }

    /// A is back.
    pub async fn join(&mut self) {
        self.served = Some(self.a.serve_at(self.address).await);
    }

    /// Of an asset in A.
    pub async fn ticket(&self, asset: &str) -> Value {
        let path = format!("digital-assets/{asset}/replication-info");
        self.a.get(&path).await.ok()
    }

    /// In B.
    pub async fn present(&self, ticket: &Value) -> Answer {
        self.b
            .post("digital-assets-by-replication-info", ticket)
            .await
    }

    /// Presents a ticket of an asset and runs what follows.
    pub async fn copy(&self, asset: &str) {
        let ticket = self.ticket(asset).await;
        assert_eq!(self.present(&ticket).await.status, 200);
        self.b.run_due_jobs().await;
    }

    /// The incoming copies in B, the newest first.
    pub async fn copies(&self, asset: &str) -> Vec<Value> {
        let path = format!("digital-assets/{asset}/entrepot/copies");
        let copies = self.b.get(&path).await.ok();
        copies["incoming"].as_array().unwrap().clone()
    }

    pub async fn copy_state(&self, asset: &str) -> String {
        let copies = self.copies(asset).await;
        copies[0]["state"].as_str().unwrap().to_owned()
    }

    /// Does something to the newest copy in B.
    pub async fn act(&self, asset: &str, verb: &str) -> Answer {
        let copies = self.copies(asset).await;
        let id = copies[0]["copy_id"].as_str().unwrap();
        let path = format!("digital-assets/{asset}/entrepot/copies/{id}/{verb}");
        self.b.post(&path, &json!({})).await
    }
}
