//! The first start: a domain, a project, the owner and one access key, written down for the person
//! who runs the server in `credentials.json` (mode 0600).
//!
//! The file is written before the database commits: a crash in between leaves credentials that the
//! next start takes up, never an account whose password nobody knows.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::model::{Domain, Project, User};
use super::{password, store};
use crate::app::App;
use crate::error::{Error, Result};
use crate::ids::{DomainId, ProjectId, UserId};
use crate::keys::{self, Secret};
use crate::vault;

pub const FILE: &str = "credentials.json";

/// The content of `credentials.json`; client commands read it too.
#[derive(Clone, Serialize, Deserialize)]
pub struct Credentials {
    pub endpoint: String,
    pub region: String,
    pub domain_id: String,
    pub domain_name: String,
    pub project_id: String,
    pub project_name: String,
    pub user_id: String,
    pub user_name: String,
    pub password: String,
    pub access_key: String,
    pub secret_key: String,
    /// The integration instance that is there from the first start; files written by earlier
    /// versions lack it until the next start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance_id: Option<String>,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials")
            .field("endpoint", &self.endpoint)
            .field("project_id", &self.project_id)
            .field("access_key", &self.access_key)
            .finish_non_exhaustive()
    }
}

impl Credentials {
    fn new(app: &App) -> Self {
        Self {
            endpoint: String::new(),
            region: app.config.region.clone(),
            domain_id: app.ids.next(),
            domain_name: "entrepot".into(),
            project_id: app.ids.next(),
            project_name: app.config.region.clone(),
            user_id: app.ids.next(),
            user_name: "owner".into(),
            password: Secret::random(24).expose().to_owned(),
            access_key: keys::random_access_key(),
            secret_key: Secret::random(40).expose().to_owned(),
            instance_id: Some(app.ids.next()),
        }
    }

    /// `None` where there is no such file.
    pub fn read(path: &Path) -> Result<Option<Self>> {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Error::internal(format!("{}: {error}", path.display()))),
        };
        let parsed = serde_json::from_str(&text);
        parsed
            .map(Some)
            .map_err(|e| Error::internal(format!("{} is not understood: {e}", path.display())))
    }

    pub fn write(&self, path: &Path) -> Result<()> {
        let mut text = serde_json::to_string_pretty(self).map_err(Error::internal)?;
        text.push('\n');
        keys::write_private(path, text.as_bytes())
            .map_err(|e| Error::internal(format!("{}: {e}", path.display())))
    }
}

/// Creates the account where the library has none, and brings the endpoint in the file up to date.
/// A node that joins a library made elsewhere has no such file and gets none.
pub async fn bootstrap(app: &App, endpoint: &str) -> Result<()> {
    let path = app.config.data.join(FILE);
    let known = Credentials::read(&path)?;
    let fresh = !app.db.read(async |tx| store::has_domain(tx).await).await?;
    if !fresh {
        if let Some(mut credentials) = known {
            endpoint.clone_into(&mut credentials.endpoint);
            app.config.region.clone_into(&mut credentials.region);
            credentials.write(&path)?;
        }
        return Ok(());
    }
    let mut credentials = known.unwrap_or_else(|| Credentials::new(app));
    endpoint.clone_into(&mut credentials.endpoint);
    credentials.write(&path)?;
    create_account(app, &credentials).await
}

pub async fn create_account(app: &App, credentials: &Credentials) -> Result<()> {
    let domain = Domain {
        domain_id: DomainId::new(&credentials.domain_id),
        name: credentials.domain_name.clone(),
    };
    let project = Project {
        project_id: ProjectId::new(&credentials.project_id),
        domain_id: domain.domain_id.clone(),
        name: credentials.project_name.clone(),
        description: String::new(),
    };
    let user = User {
        user_id: UserId::new(&credentials.user_id),
        domain_id: domain.domain_id.clone(),
        domain_name: domain.name.clone(),
        name: credentials.user_name.clone(),
        description: String::new(),
        password_hash: password::hash(&Secret::new(&credentials.password))?,
        is_owner: true,
        enabled: true,
    };
    let access_key = credentials.access_key.clone();
    let secret = Secret::new(&credentials.secret_key);
    let sealed = app.vault.seal(vault::ACCESS_KEYS, &access_key, &secret)?;
    let now = app.clock.now();
    app.db
        .write(async move |tx| {
            // another node may have been first
            if store::has_domain(tx).await? {
                return Ok(());
            }
            store::insert_domain(tx, &domain, now).await?;
            store::insert_project(tx, &project, now).await?;
            store::insert_user(tx, &user, now).await?;
            store::insert_access_key(tx, &access_key, &user.user_id, &sealed, now).await
        })
        .await
}
