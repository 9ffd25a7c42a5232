//! Those who download packages, and a second node over the same library.

use std::path::Path;

use axum::Router;
use entrepot_server::app::App;
use entrepot_server::db::Db;
use entrepot_server::iam::bootstrap::Credentials;
use entrepot_server::iam::model::User;
use entrepot_server::iam::{password, store as accounts};
use entrepot_server::ids::{DomainId, UserId};
use entrepot_server::keys::Secret;
use entrepot_server::vault::ACCESS_KEYS;
use entrepot_server::{background, jobs, router};
use tokio::runtime::Runtime;

use super::{Answer, Call, ENDPOINT, Library, credentials};

/// Another process over the same database and bytes.
pub struct Node {
    pub app: App,
    pub router: Router,
}

impl Library {
    pub async fn node(&self) -> Node {
        self.node_over(self.database.open(4).await).await
    }

    /// A node with a master key file of its own.
    pub async fn node_with_key(&self, file: &Path) -> Node {
        self.node_over_with(self.database.open(4).await, file).await
    }

    /// The same, in a runtime of its own that can die.
    pub async fn node_in(&self, process: &Runtime) -> Node {
        let database = self.database.clone();
        let opened = process.spawn(async move { database.open(4).await });
        self.node_over(opened.await.unwrap()).await
    }

    async fn node_over(&self, db: Db) -> Node {
        self.node_over_with(db, &self.data().join("master.key"))
            .await
    }

    async fn node_over_with(&self, db: Db, master_key: &Path) -> Node {
        let vault = super::unlock(&db, master_key, &self.app.clock).await;
        let app = App::new(
            self.app.config.clone(),
            ENDPOINT,
            db,
            self.app.blobs.clone(),
            self.app.clock.clone(),
            vault,
        );
        Node {
            router: router::router(app.clone()),
            app,
        }
    }

    pub fn this_node(&self) -> Node {
        Node {
            app: self.app.clone(),
            router: self.router.clone(),
        }
    }

    /// Another user of the owner's account, who may do everything.
    pub async fn colleague(&self) -> Credentials {
        let mut colleague = credentials(&self.app, "entrepot", "colleague");
        colleague.domain_id.clone_from(&self.owner.domain_id);
        colleague.project_id.clone_from(&self.owner.project_id);
        let (key, secret) = (&colleague.access_key, Secret::new(&colleague.secret_key));
        let sealed = self.app.vault.seal(ACCESS_KEYS, key, &secret).unwrap();
        let user = User {
            user_id: UserId::new(&colleague.user_id),
            domain_id: DomainId::new(&colleague.domain_id),
            domain_name: colleague.domain_name.clone(),
            name: colleague.user_name.clone(),
            description: String::new(),
            password_hash: password::hash(&Secret::new(&colleague.password)).unwrap(),
            is_owner: true,
            enabled: true,
        };
        let (key, now) = (colleague.access_key.clone(), self.app.clock.now());
        let inserted = self.app.db.write(async move |tx| {
            accounts::insert_user(tx, &user, now).await?;
            accounts::insert_access_key(tx, &key, &user.user_id, &sealed, now).await
        });
        inserted.await.unwrap();
        colleague
    }

    /// The periodic job that gives up archives.
    pub async fn end_archives(&self) {
        let app = self.app.clone();
        let queued = self.app.db.write(async move |tx| {
            let job = entrepot_server::packages::expiry::TidyPackages::default();
            jobs::enqueue(tx, &app, &job, app.clock.now()).await
        });
        assert!(queued.await.unwrap());
        let registry = background::registry(&self.app.config);
        jobs::run_due(&self.app, &registry).await.unwrap();
    }
}

impl Node {
    pub async fn send(&self, call: Call<'_>) -> Answer {
        let response = self.open(call).await;
        let (parts, body) = response.into_parts();
        let body = http_body_util::BodyExt::collect(body).await.unwrap();
        Answer {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body: body.to_bytes(),
        }
    }

    /// An answer whose body is not read yet.
    pub async fn open(&self, call: Call<'_>) -> http::Response<axum::body::Body> {
        let router = self.router.clone();
        tower::ServiceExt::oneshot(router, call.request())
            .await
            .unwrap()
    }
}
