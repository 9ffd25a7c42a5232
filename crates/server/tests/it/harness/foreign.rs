//! A second account in the same library, as a later administrator's call would make it.

use entrepot_server::app::App;
use entrepot_server::iam::bootstrap::Credentials;
use entrepot_server::iam::model::{Domain, Project, User};
use entrepot_server::iam::{password, store};
use entrepot_server::ids::{DomainId, InstanceId, ProjectId, UserId};
use entrepot_server::instances;
use entrepot_server::keys::Secret;
use entrepot_server::vault::ACCESS_KEYS;

use super::{Library, credentials};

impl Library {
    /// The owner of another domain with a project of its own.
    pub async fn stranger(&self) -> Credentials {
        let stranger = credentials(&self.app, "elsewhere", "stranger");
        let (key, secret) = (&stranger.access_key, Secret::new(&stranger.secret_key));
        let sealed = self.app.vault.seal(ACCESS_KEYS, key, &secret);
        let (sealed, now, added) = (sealed.unwrap(), self.app.clock.now(), stranger.clone());
        let hash = password::hash(&Secret::new(&stranger.password)).unwrap();
        let inserted = self.app.db.write(async move |tx| {
            let domain = Domain {
                domain_id: DomainId::new(&added.domain_id),
                name: added.domain_name.clone(),
            };
            let user = User {
                user_id: UserId::new(&added.user_id),
                domain_id: domain.domain_id.clone(),
                domain_name: domain.name.clone(),
                name: added.user_name.clone(),
                description: String::new(),
                password_hash: hash.clone(),
                is_owner: true,
                enabled: true,
            };
            let project = Project {
                project_id: ProjectId::new(&added.project_id),
                domain_id: domain.domain_id.clone(),
                name: added.project_name.clone(),
                description: String::new(),
            };
            store::insert_domain(tx, &domain, now).await?;
            store::insert_project(tx, &project, now).await?;
            store::insert_user(tx, &user, now).await?;
            store::insert_access_key(tx, &added.access_key, &user.user_id, &sealed, now).await
        });
        inserted.await.unwrap();
        create_instance(&self.app, &stranger).await;
        stranger
    }
}

/// The instance that an account's first project has.
pub async fn create_instance(app: &App, account: &Credentials) {
    let project = ProjectId::new(&account.project_id);
    let instance = InstanceId::new(account.instance_id.clone().unwrap());
    instances::bootstrap::create(app, project, instance)
        .await
        .unwrap();
}
