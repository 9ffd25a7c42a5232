//! What each endpoint needs, a line each: the one table that requests are checked by, and that
//! `docs/API.md` ("Permissions") and the OpenAPI description are made from. Tests compare it with
//! the router.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::Action;

/// What a caller must show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Permission for this.
    Permission(Action),
    /// Permission for what the body asks to be done, for each asset.
    Batch,
    /// Nothing, where it is about the caller's own; otherwise permission for this.
    OwnOr(Action),
    /// The signature in the URL.
    Link,
    /// The signature of another region.
    Peer,
    Nothing,
}

impl Needs {
    /// The action that `authorize` asks for; a batch names its own.
    pub fn action(self) -> Option<Action> {
        match self {
            Needs::Permission(action) | Needs::OwnOr(action) => Some(action),
            Needs::Batch | Needs::Link | Needs::Peer | Needs::Nothing => None,
        }
    }

    /// For documents.
    pub fn text(self) -> String {
        match self {
            Needs::Permission(action) => format!("`{}`", action.name()),
            Needs::Batch => "the action of what is done, for each asset".into(),
            Needs::OwnOr(action) => {
                format!("nothing for one's own, else `{}`", action.name())
            }
            Needs::Link => "the signature in the URL".into(),
            Needs::Peer => "the signature of another region".into(),
            Needs::Nothing => "nothing".into(),
        }
    }
}

#[derive(Debug, Clone, Copy)]
pub struct Endpoint {
    /// In capitals.
    pub method: &'static str,
    /// As in the router.
    pub path: &'static str,
    pub needs: Needs,
}

macro_rules! endpoints {
    ($($method:ident $path:literal $needs:ident $(($action:ident))?,)*) => {
        /// Sorted by path.
        pub const ENDPOINTS: &[Endpoint] = &[$(Endpoint {
            method: stringify!($method),
            path: $path,
            needs: Needs::$needs $((Action::$action))?,
        },)*];
    };
}

endpoints! {
    GET "/entrepot/peer/v1/hello" Peer,
    POST "/entrepot/peer/v1/reports" Peer,
    GET "/entrepot/peer/v1/tickets/{ticket_id}/files/{file_id}" Peer,
    GET "/entrepot/peer/v1/tickets/{ticket_id}/files/{file_id}/digest" Peer,
    GET "/entrepot/peer/v1/tickets/{ticket_id}/manifest" Peer,
    GET "/healthz" Nothing,
    GET "/metrics" Nothing,
    GET "/objects/{project_id}/{asset_id}/{file}" Link,
    PUT "/objects/{project_id}/{asset_id}/{file}" Link,
    GET "/objects/{project_id}/{asset_id}/thumbnail/{preview_id}" Link,
    GET "/readyz" Nothing,
    GET "/v1/{project_id}/digital-assets" Permission(AssetList),
    POST "/v1/{project_id}/digital-assets" Permission(AssetCreate),
    POST "/v1/{project_id}/digital-assets-by-replication-info" Permission(AssetReplicate),
    POST "/v1/{project_id}/digital-assets/batch-action" Batch,
    POST "/v1/{project_id}/digital-assets/summarys" Permission(AssetList),
    GET "/v1/{project_id}/digital-assets/{asset_id}" Permission(AssetGet),
    PUT "/v1/{project_id}/digital-assets/{asset_id}" Permission(AssetUpdate),
    DELETE "/v1/{project_id}/digital-assets/{asset_id}" Permission(AssetDelete),
    GET "/v1/{project_id}/digital-assets/{asset_id}/entrepot/copies" Permission(AssetGet),
    POST "/v1/{project_id}/digital-assets/{asset_id}/entrepot/copies/{copy_id}/cancel" Permission(AssetReplicate),
    POST "/v1/{project_id}/digital-assets/{asset_id}/entrepot/copies/{copy_id}/complete" Permission(AssetReplicate),
    GET "/v1/{project_id}/digital-assets/{asset_id}/entrepot/copies/{copy_id}/files" Permission(AssetReplicate),
    PUT "/v1/{project_id}/digital-assets/{asset_id}/entrepot/copies/{copy_id}/files/{file_id}" Permission(AssetReplicate),
    POST "/v1/{project_id}/digital-assets/{asset_id}/entrepot/copies/{copy_id}/retry" Permission(AssetReplicate),
    GET "/v1/{project_id}/digital-assets/{asset_id}/entrepot/manifest" Permission(AssetReplicate),
    GET "/v1/{project_id}/digital-assets/{asset_id}/replication-info" Permission(AssetReplicate),
    POST "/v1/{project_id}/digital-assets/{asset_id}/restore" Permission(AssetRestore),
    GET "/v1/{project_id}/entrepot/audit" Permission(AuditList),
    GET "/v1/{project_id}/entrepot/copies" Permission(AssetList),
    POST "/v1/{project_id}/entrepot/files/{file_id}/part-urls" Permission(FileCreate),
    POST "/v1/{project_id}/entrepot/tickets/import" Permission(AssetReplicate),
    POST "/v1/{project_id}/entrepot/tickets/inspect" Permission(AssetReplicate),
    POST "/v1/{project_id}/files" Permission(FileCreate),
    DELETE "/v1/{project_id}/files/{file_id}" Permission(FileDelete),
    POST "/v1/{project_id}/files/{file_id}/complete" Permission(FileConfirm),
    POST "/v1/{project_id}/large-files" Permission(FileCreate),
    GET "/v2/{project_id}/fdi/instances/{instance_id}/tasks" Permission(TaskList),
    POST "/v2/{project_id}/fdi/instances/{instance_id}/tasks" Permission(TaskCreate),
    GET "/v2/{project_id}/fdi/instances/{instance_id}/tasks/{task_id}" Permission(TaskGet),
    PUT "/v2/{project_id}/fdi/instances/{instance_id}/tasks/{task_id}" Permission(TaskUpdate),
    DELETE "/v2/{project_id}/fdi/instances/{instance_id}/tasks/{task_id}" Permission(TaskDelete),
    GET "/v2/{project_id}/instances" Permission(InstanceList),
    GET "/v2/{project_id}/instances/{instance_id}/apps" Permission(AppList),
    POST "/v2/{project_id}/instances/{instance_id}/apps" Permission(AppCreate),
    GET "/v2/{project_id}/instances/{instance_id}/apps/{app_id}" Permission(AppGet),
    PUT "/v2/{project_id}/instances/{instance_id}/apps/{app_id}" Permission(AppUpdate),
    DELETE "/v2/{project_id}/instances/{instance_id}/apps/{app_id}" Permission(AppDelete),
    GET "/v2/{project_id}/instances/{instance_id}/apps/{app_id}/entrepot/digital-assets" Permission(AppGet),
    PUT "/v2/{project_id}/instances/{instance_id}/apps/{app_id}/entrepot/digital-assets" Permission(AppUpdate),
    DELETE "/v2/{project_id}/instances/{instance_id}/apps/{app_id}/entrepot/digital-assets" Permission(AppUpdate),
    GET "/v2/{project_id}/instances/{instance_id}/apps/{app_id}/secret" Permission(AppUpdate),
    PUT "/v2/{project_id}/instances/{instance_id}/apps/{app_id}/secret" Permission(AppUpdate),
    GET "/v2/{project_id}/instances/{instance_id}/assets/archives/{archive_id}" Permission(PackageGet),
    GET "/v2/{project_id}/instances/{instance_id}/assets/archives/{archive_id}/entrepot/contents" Permission(PackageGet),
    POST "/v2/{project_id}/instances/{instance_id}/assets/archives/{archive_id}/entrepot/receipt" Permission(PackageGet),
    GET "/v2/{project_id}/instances/{instance_id}/assets/archives/{archive_id}/entrepot/record" Permission(PackageGet),
    POST "/v2/{project_id}/instances/{instance_id}/assets/delete" Permission(PackageDelete),
    POST "/v2/{project_id}/instances/{instance_id}/assets/entrepot/uploads" Permission(PackageImport),
    GET "/v2/{project_id}/instances/{instance_id}/assets/entrepot/uploads/{upload_id}" Permission(PackageImport),
    PUT "/v2/{project_id}/instances/{instance_id}/assets/entrepot/uploads/{upload_id}" Permission(PackageImport),
    DELETE "/v2/{project_id}/instances/{instance_id}/assets/entrepot/uploads/{upload_id}" Permission(PackageImport),
    POST "/v2/{project_id}/instances/{instance_id}/assets/entrepot/uploads/{upload_id}/import" Permission(PackageImport),
    POST "/v2/{project_id}/instances/{instance_id}/assets/export" Permission(PackageExport),
    POST "/v2/{project_id}/instances/{instance_id}/assets/import" Permission(PackageImport),
    GET "/v2/{project_id}/instances/{instance_id}/assets/jobs/{job_id}" Permission(PackageGet),
    GET "/v2/{project_id}/instances/{instance_id}/assets/jobs/{job_id}/entrepot/items" Permission(PackageGet),
    GET "/v2/{project_id}/instances/{instance_id}/validate-apps" Permission(AppGet),
    GET "/v3" Nothing,
    GET "/v3.0/OS-CREDENTIAL/credentials" OwnOr(CredentialList),
    POST "/v3.0/OS-CREDENTIAL/credentials" OwnOr(CredentialCreate),
    GET "/v3.0/OS-CREDENTIAL/credentials/{access_key}" OwnOr(CredentialGet),
    PUT "/v3.0/OS-CREDENTIAL/credentials/{access_key}" OwnOr(CredentialUpdate),
    DELETE "/v3.0/OS-CREDENTIAL/credentials/{access_key}" OwnOr(CredentialDelete),
    POST "/v3.0/OS-CREDENTIAL/securitytokens" OwnOr(SecurityTokenCreate),
    GET "/v3/auth/domains" OwnOr(DomainList),
    GET "/v3/auth/projects" OwnOr(OwnProjectList),
    GET "/v3/auth/tokens" OwnOr(TokenGet),
    POST "/v3/auth/tokens" Nothing,
    DELETE "/v3/auth/tokens" OwnOr(TokenDelete),
    GET "/v3/projects" Permission(ProjectList),
}

static BY_PATH: LazyLock<HashMap<(&'static str, &'static str), Needs>> = LazyLock::new(|| {
    let all = ENDPOINTS.iter();
    all.map(|e| ((e.method, e.path), e.needs)).collect()
});

/// By method and the router's path.
pub fn find(method: &str, path: &str) -> Option<Needs> {
    let method = if method == "HEAD" { "GET" } else { method };
    BY_PATH.get(&(method, path)).copied()
}
