//! A library with an asset, its owner, and a user who has 50 policies.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::anyhow;
use entrepot_server::app::App;
use entrepot_server::config::Config;
use entrepot_server::error::{Error, Result};
use entrepot_server::iam::bootstrap::{Credentials, bootstrap};
use entrepot_server::iam::model::{StoredPolicy, StoredToken, User};
use entrepot_server::iam::store;
use entrepot_server::ids::{AssetId, DomainId, ProjectId, UserId};
use entrepot_server::keys::{self, Secret};
use entrepot_server::vault;
use entrepot_server::{assets, server};

use super::policies;
use super::sign::Signer;
use crate::bench::Bench;
use crate::content;

const TOKEN: &str = "a token of the user for the benchmark";
const LIFE: Duration = Duration::from_hours(24);

pub struct Stock {
    pub app: App,
    pub data: Data,
}

/// What stays when the library is closed.
#[derive(Debug, Clone)]
pub struct Data {
    pub folder: PathBuf,
    pub project: ProjectId,
    pub asset: AssetId,
    pub owner: Signer,
    pub user: Signer,
    /// Of the user.
    pub token: &'static str,
}

impl Data {
    pub fn path(&self) -> String {
        format!("/v1/{}/digital-assets/{}", self.project, self.asset)
    }
}

impl Stock {
    pub async fn make(bench: &Bench) -> anyhow::Result<Self> {
        let folder = bench.folder().join("identity");
        let config = Config {
            data: folder.clone(),
            ..Config::default()
        };
        let app = server::open(config, "http://127.0.0.1:1").await?;
        bootstrap(&app, "http://127.0.0.1:1").await.map_err(told)?;
        let owner = crate::server::credentials(&folder)?;
        let signer = |access_key: &str, secret_key: &str| Signer {
            access_key: access_key.to_owned(),
            secret_key: secret_key.to_owned(),
            project: owner.project_id.clone(),
        };
        let asset = content::asset_id(0);
        let user = signer(&keys::random_access_key(), Secret::random(40).expose());
        fill(&app, &owner, &user, &asset).await.map_err(told)?;
        let data = Data {
            folder,
            project: ProjectId::new(&owner.project_id),
            asset: AssetId::new(asset),
            owner: signer(&owner.access_key, &owner.secret_key),
            user,
            token: TOKEN,
        };
        Ok(Self { app, data })
    }

    pub fn close(self) -> Data {
        self.data
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
pub fn told(error: Error) -> anyhow::Error {
    anyhow!("{} {:?}", error.message, error.cause)
}

async fn fill(app: &App, owner: &Credentials, signer: &Signer, asset: &str) -> Result<()> {
    let (now, id) = (app.clock.now(), UserId::new(app.ids.next()));
    let secret = Secret::new(&signer.secret_key);
    let sealed = app
        .vault
        .seal(vault::ACCESS_KEYS, &signer.access_key, &secret)?;
    let (owner, access_key) = (owner.clone(), signer.access_key.clone());
    let asset = asset.to_owned();
    let filled = app.db.write(async move |tx| {
        let project = ProjectId::new(&owner.project_id);
        assets::store::insert(tx, &content::asset(0, &project)).await?;
        let of = store::find_user(tx, &UserId::new(&owner.user_id)).await?;
        let of = of.ok_or_else(|| Error::internal("the owner is not there"))?;
        let row = User {
            user_id: id.clone(),
            name: "user".to_owned(),
            is_owner: false,
            ..of
        };
        store::insert_user(tx, &row, now).await?;
        store::insert_user_project(tx, &id, &project).await?;
        store::insert_access_key(tx, &access_key, &id, &sealed, now).await?;
        let token = StoredToken {
            user_id: id.clone(),
            project_id: Some(project),
            methods: vec!["password".to_owned()],
            issued_at: now,
            expires_at: now.plus(LIFE),
        };
        store::insert_token(tx, &keys::hash_token(TOKEN), &token).await?;
        for n in 0..policies::COUNT {
            // by number: the one that decides is read last
            let name = format!("{n:032}");
            let policy = StoredPolicy {
                policy_id: name.clone(),
                domain_id: DomainId::new(&owner.domain_id),
                name: name.clone(),
                description: String::new(),
                document: policies::document(n, &owner.domain_id, &asset),
                updated_at: now,
            };
            store::insert_policy(tx, &policy).await?;
            store::insert_attachment(tx, id.as_str(), &name, None, now).await?;
        }
        Ok(())
    });
    filled.await
}
