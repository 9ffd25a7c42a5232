//! Users of the owner's account, with policies.

use entrepot_server::iam::bootstrap::Credentials;
use entrepot_server::iam::model::{StoredPolicy, User};
use entrepot_server::iam::{password, store};
use entrepot_server::ids::{ProjectId, UserId};
use entrepot_server::keys::{self, Secret};
use entrepot_server::vault;
use serde_json::Value;

use super::Library;

impl Library {
    /// A member of the owner's project who may do nothing yet.
    pub async fn user(&self, name: &str) -> Credentials {
        let owner = &self.owner;
        let user = Credentials {
            user_id: self.app.ids.next(),
            user_name: name.to_owned(),
            password: format!("{name}'s password"),
            access_key: keys::random_access_key(),
            secret_key: format!("{name}'s secret"),
            ..owner.clone()
        };
        let secret = Secret::new(&user.secret_key);
        let vault = &self.app.vault;
        let sealed = vault.seal(vault::ACCESS_KEYS, &user.access_key, &secret);
        let (sealed, now, added) = (sealed.unwrap(), self.app.clock.now(), user.clone());
        let hash = password::hash(&Secret::new(&user.password)).unwrap();
        let owner = UserId::new(&owner.user_id);
        let inserted = self.app.db.write(async move |tx| {
            let row = User {
                user_id: UserId::new(&added.user_id),
                name: added.user_name.clone(),
                password_hash: hash.clone(),
                is_owner: false,
                enabled: true,
                ..store::find_user(tx, &owner).await?.unwrap()
            };
            store::insert_user(tx, &row, now).await?;
            let project = ProjectId::new(&added.project_id);
            store::insert_user_project(tx, &row.user_id, &project).await?;
            store::insert_access_key(tx, &added.access_key, &row.user_id, &sealed, now).await
        });
        inserted.await.unwrap();
        user
    }

    /// The same with a policy of these statements.
    pub async fn user_who_may(&self, name: &str, statements: Value) -> Credentials {
        let user = self.user(name).await;
        self.grant(&user, statements).await;
        user
    }

    pub async fn grant(&self, user: &Credentials, statements: Value) {
        let (id, now) = (self.app.ids.next(), self.app.clock.now());
        let document = serde_json::json!({"Version": "1.1", "Statement": statements}).to_string();
        let (holder, domain) = (user.user_id.clone(), self.owner.domain_id.clone());
        let attached = self.app.db.write(async move |tx| {
            let policy = StoredPolicy {
                policy_id: id.clone(),
                domain_id: entrepot_server::ids::DomainId::new(&domain),
                name: id.clone(),
                description: String::new(),
                document: document.clone(),
                updated_at: now,
            };
            store::insert_policy(tx, &policy).await?;
            store::insert_attachment(tx, &holder, &id, None, now)
                .await
                .map(|_| ())
        });
        attached.await.unwrap();
    }

    /// Waits until the server asks the database again who somebody is.
    pub async fn forget(&self) {
        tokio::time::sleep(std::time::Duration::from_millis(1600)).await;
    }
}
