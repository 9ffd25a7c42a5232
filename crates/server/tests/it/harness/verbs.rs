//! What tests do to a library, in the words of its users.

use entrepot_server::assets::blocking;
use entrepot_server::background;
use entrepot_server::ids::AssetId;
use entrepot_server::jobs;
use entrepot_server::objects::sweep::Sweep;
use serde_json::{Value, json};

use super::{Answer, Call, Library};

impl Library {
    /// `path` under the owner's project, or from the root when it begins with a slash.
    pub fn call(&self, method: &str, path: &str) -> Call<'_> {
        if path.starts_with('/') {
            return Call::new(self, method, path);
        }
        let path = format!("/v1/{}/{path}", self.owner.project_id);
        Call::new(self, method, &path)
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.call("GET", path).send().await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.call("POST", path).json(body).send().await
    }

    pub async fn put(&self, path: &str, body: &Value) -> Answer {
        self.call("PUT", path).json(body).send().await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.call("DELETE", path).send().await
    }

    pub async fn create_asset(&self, kind: &str) -> String {
        self.create_asset_with(&json!({"asset_name": "an asset", "asset_type": kind}))
            .await
    }

    pub async fn create_asset_with(&self, body: &Value) -> String {
        let created = self.post("digital-assets", body).await.ok();
        created["asset_id"].as_str().unwrap().to_owned()
    }

    /// An asset that is UNACTIVED: its main file is there.
    pub async fn ready_asset(&self, kind: &str, bytes: &[u8]) -> String {
        let asset = self.create_asset(kind).await;
        self.upload(&asset, "MAIN", bytes).await;
        asset
    }

    pub async fn show(&self, asset: &str) -> Value {
        self.get(&format!("digital-assets/{asset}")).await.ok()
    }

    pub async fn state(&self, asset: &str) -> String {
        self.show(asset).await["asset_state"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    pub async fn update(&self, asset: &str, body: &Value) -> Answer {
        self.put(&format!("digital-assets/{asset}"), body).await
    }

    pub async fn set_state(&self, asset: &str, state: &str) -> Answer {
        self.update(asset, &json!({"asset_state": state})).await
    }

    pub async fn delete_asset(&self, asset: &str) -> Answer {
        self.delete(&format!("digital-assets/{asset}")).await
    }

    pub async fn purge(&self, asset: &str) -> Answer {
        self.delete(&format!("digital-assets/{asset}?mode=force"))
            .await
    }

    pub async fn restore(&self, asset: &str) -> Answer {
        let path = format!("digital-assets/{asset}/restore");
        self.call("POST", &path).send().await
    }

    pub async fn batch(&self, action: &str, assets: &[&str]) -> Answer {
        let body = json!({"action": action, "asset_ids": assets});
        self.post("digital-assets/batch-action", &body).await
    }

    pub async fn summarys(&self, assets: &[&str]) -> Answer {
        let body = json!({"asset_ids": assets});
        self.post("digital-assets/summarys", &body).await
    }

    /// By the administrator.
    pub async fn block(&self, asset: &str) -> bool {
        let id = AssetId::new(asset);
        let blocked = blocking::block(&self.app, &id, "C1", "a reason").await;
        blocked.is_ok()
    }

    pub async fn unblock(&self, asset: &str) -> bool {
        blocking::unblock(&self.app, &AssetId::new(asset))
            .await
            .is_ok()
    }

    /// Runs what is due, and answers how many jobs that were.
    pub async fn run_due_jobs(&self) -> usize {
        self.app.audit.flush().await.unwrap();
        let registry = background::registry(&self.app.config);
        jobs::run_due(&self.app, &registry).await.unwrap()
    }

    /// Runs the sweep now, as it would come round.
    pub async fn sweep(&self) {
        let app = self.app.clone();
        let queued = self.app.db.write(async move |tx| {
            let now = app.clock.now();
            jobs::enqueue(tx, &app, &Sweep::default(), now).await
        });
        assert!(queued.await.unwrap(), "a sweep waits already");
        self.run_due_jobs().await;
    }
}
