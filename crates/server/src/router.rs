//! Every endpoint, one line each, sorted by path. Start here.
//!
//! `post(assets::summarys::post)` is `assets/summarys.rs`; what it stores is in `assets/store.rs`.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::routing::{delete, get, post, put};
use tower::ServiceBuilder;

use crate::app::App;
use crate::http::{audit as calls, authenticate, respond, slashes};
use crate::{
    assets, audit, files, health, iam, instances, objects, openapi, packages, processing,
    replication,
};

pub fn router(app: App) -> Router {
    let calls = Router::new()
        .merge(authenticated(&app))
        .merge(streamed(&app))
        .merge(open())
        .merge(openapi::page())
        .fallback(respond::unknown_path)
        .method_not_allowed_fallback(respond::unknown_method)
        // axum's own limit is lower than the gateway's
        .layer(DefaultBodyLimit::max(authenticate::MAX_BODY))
        .layer(from_fn_with_state(app.clone(), respond::respond))
        .with_state(app);
    // around the router, because a layer inside runs after the path was matched
    let tolerant = ServiceBuilder::new()
        .map_request(slashes::collapse)
        .service(calls);
    Router::new().fallback_service(tolerant)
}

/// Calls that say who they are by token or signature.
fn authenticated(app: &App) -> Router<App> {
    Router::new()
        .merge(copies())
        .merge(media())
        .merge(integration())
        .merge(packaged())
        .merge(identity())
        .layer(from_fn_with_state(app.clone(), calls::audit))
        .layer(from_fn_with_state(app.clone(), authenticate::authenticate))
}

/// `/v1`: copies between regions.
fn copies() -> Router<App> {
    Router::new()
        .route(
            "/v1/{project_id}/digital-assets-by-replication-info",
            post(replication::by_replication_info::post),
        )
        .route(
            "/v1/{project_id}/digital-assets/{asset_id}/entrepot/copies",
            get(replication::copies::list::get),
        )
        .route(
            "/v1/{project_id}/digital-assets/{asset_id}/entrepot/copies/{copy_id}/cancel",
            post(replication::copies::cancel::post),
        )
        .route(
            "/v1/{project_id}/digital-assets/{asset_id}/entrepot/copies/{copy_id}/complete",
            post(replication::copies::complete::post),
        )
        .route(
            "/v1/{project_id}/digital-assets/{asset_id}/entrepot/copies/{copy_id}/files",
            get(replication::copies::files::get),
        )
        .route(
            "/v1/{project_id}/digital-assets/{asset_id}/entrepot/copies/{copy_id}/retry",
            post(replication::copies::retry::post),
        )
        .route(
            "/v1/{project_id}/digital-assets/{asset_id}/entrepot/manifest",
            get(replication::tickets::manifest::get),
        )
        .route(
            "/v1/{project_id}/digital-assets/{asset_id}/replication-info",
            get(replication::replication_info::get),
        )
        .route(
            "/v1/{project_id}/entrepot/copies",
            get(replication::copies::project::get),
        )
        .route(
            "/v1/{project_id}/entrepot/tickets/import",
            post(replication::tickets::import::post),
        )
        .route(
            "/v1/{project_id}/entrepot/tickets/inspect",
            post(replication::tickets::inspect::post),
        )
}

/// `/v1`: digital assets and their files.
fn media() -> Router<App> {
    Router::new()
        .route(
            "/v1/{project_id}/digital-assets",
            get(assets::list::get).post(assets::create::post),
        )
        .route(
            "/v1/{project_id}/digital-assets/batch-action",
            post(assets::batch_action::post),
        )
        .route(
            "/v1/{project_id}/digital-assets/summarys",
            post(assets::summarys::post),
        )
        .route(
            "/v1/{project_id}/digital-assets/{asset_id}",
            get(assets::show::get)
                .put(assets::update::put)
                .delete(assets::delete::delete),
        )
        .route(
            "/v1/{project_id}/digital-assets/{asset_id}/restore",
            post(assets::restore::post),
        )
        .route("/v1/{project_id}/entrepot/audit", get(audit::list::get))
        .route(
            "/v1/{project_id}/entrepot/files/{file_id}/part-urls",
            post(files::part_urls::post),
        )
        .route("/v1/{project_id}/files", post(files::create::post))
        .route(
            "/v1/{project_id}/files/{file_id}",
            delete(files::delete::delete),
        )
        .route(
            "/v1/{project_id}/files/{file_id}/complete",
            post(files::complete::post),
        )
        .route(
            "/v1/{project_id}/large-files",
            post(files::create_large::post),
        )
}

/// `/v2`: instances, their applications and tasks.
fn integration() -> Router<App> {
    Router::new()
        .route(
            "/v2/{project_id}/fdi/instances/{instance_id}/tasks",
            get(instances::tasks::list::get).post(instances::tasks::create::post),
        )
        .route(
            "/v2/{project_id}/fdi/instances/{instance_id}/tasks/{task_id}",
            get(instances::tasks::show::get)
                .put(instances::tasks::update::put)
                .delete(instances::tasks::delete::delete),
        )
        .route("/v2/{project_id}/instances", get(instances::list::get))
        .route(
            "/v2/{project_id}/instances/{instance_id}/apps",
            get(instances::apps::list::get).post(instances::apps::create::post),
        )
        .route(
            "/v2/{project_id}/instances/{instance_id}/apps/{app_id}",
            get(instances::apps::show::get)
                .put(instances::apps::update::put)
                .delete(instances::apps::delete::delete),
        )
        .route(
            "/v2/{project_id}/instances/{instance_id}/apps/{app_id}/entrepot/digital-assets",
            get(instances::apps::digital_assets::get)
                .put(instances::apps::digital_assets::put)
                .delete(instances::apps::digital_assets::delete),
        )
        .route(
            "/v2/{project_id}/instances/{instance_id}/apps/{app_id}/secret",
            get(instances::apps::secret::get).put(instances::apps::secret::put),
        )
        .route(
            "/v2/{project_id}/instances/{instance_id}/validate-apps",
            get(instances::apps::validate::get),
        )
}

/// `/v2`: packages.
fn packaged() -> Router<App> {
    Router::new()
        .route(
            "/v2/{project_id}/instances/{instance_id}/assets/archives/{archive_id}",
            get(packages::archives::download::get),
        )
        .route(
            "/v2/{project_id}/instances/{instance_id}/assets/archives/{archive_id}/entrepot/contents",
            get(packages::archives::contents::get),
        )
        .route(
            "/v2/{project_id}/instances/{instance_id}/assets/archives/{archive_id}/entrepot/receipt",
            post(packages::archives::receipt::post),
        )
        .route(
            "/v2/{project_id}/instances/{instance_id}/assets/archives/{archive_id}/entrepot/record",
            get(packages::archives::record::get),
        )
        .route(
            "/v2/{project_id}/instances/{instance_id}/assets/delete",
            post(packages::delete::post),
        )
        .route(
            "/v2/{project_id}/instances/{instance_id}/assets/entrepot/uploads",
            post(packages::uploads::create::post),
        )
        .route(
            "/v2/{project_id}/instances/{instance_id}/assets/entrepot/uploads/{upload_id}",
            get(packages::uploads::show::get).delete(packages::uploads::delete::delete),
        )
        .route(
            "/v2/{project_id}/instances/{instance_id}/assets/entrepot/uploads/{upload_id}/import",
            post(packages::uploads::import::post),
        )
        .route(
            "/v2/{project_id}/instances/{instance_id}/assets/export",
            post(packages::export::post),
        )
        .route(
            "/v2/{project_id}/instances/{instance_id}/assets/jobs/{job_id}",
            get(packages::jobs::get),
        )
        .route(
            "/v2/{project_id}/instances/{instance_id}/assets/jobs/{job_id}/entrepot/items",
            get(packages::import_items::get),
        )
}

/// `/v3`: who there is.
fn identity() -> Router<App> {
    Router::new()
        .route(
            "/v3.0/OS-CREDENTIAL/credentials",
            get(iam::credentials::list::get).post(iam::credentials::create::post),
        )
        .route(
            "/v3.0/OS-CREDENTIAL/credentials/{access_key}",
            get(iam::credentials::show::get)
                .put(iam::credentials::update::put)
                .delete(iam::credentials::delete::delete),
        )
        .route(
            "/v3.0/OS-CREDENTIAL/securitytokens",
            post(iam::security_tokens::post),
        )
        .route("/v3/auth/domains", get(iam::domains::get))
        .route("/v3/auth/projects", get(iam::auth_projects::get))
        .route(
            "/v3/auth/tokens",
            get(iam::tokens::show::get).delete(iam::tokens::delete::delete),
        )
        .route("/v3/projects", get(iam::projects::get))
}

/// The same, with a body that is read as it arrives, however large and slow.
fn streamed(app: &App) -> Router<App> {
    Router::new()
        .route(
            "/v1/{project_id}/digital-assets/{asset_id}/entrepot/copies/{copy_id}/files/{file_id}",
            put(replication::copies::put_file::put),
        )
        .route(
            "/v2/{project_id}/instances/{instance_id}/assets/entrepot/uploads/{upload_id}",
            put(packages::uploads::put::put),
        )
        .route(
            "/v2/{project_id}/instances/{instance_id}/assets/import",
            post(packages::import::post),
        )
        .layer(DefaultBodyLimit::disable())
        .layer(from_fn_with_state(app.clone(), calls::audit))
        .layer(from_fn_with_state(
            app.clone(),
            authenticate::authenticate_stream,
        ))
}

/// Calls that carry their proof in the URL or body, or need none.
fn open() -> Router<App> {
    Router::new()
        .route(
            "/entrepot/peer/v1/hello",
            get(replication::source::hello::get),
        )
        .route(
            "/entrepot/peer/v1/reports",
            post(replication::source::reports::post),
        )
        .route(
            "/entrepot/peer/v1/tickets/{ticket_id}/files/{file_id}",
            get(replication::source::file::get),
        )
        .route(
            "/entrepot/peer/v1/tickets/{ticket_id}/files/{file_id}/digest",
            get(replication::source::digest::get),
        )
        .route(
            "/entrepot/peer/v1/tickets/{ticket_id}/manifest",
            get(replication::source::manifest::get),
        )
        .route("/healthz", get(health::healthz))
        .route("/metrics", get(health::metrics))
        .route(
            "/objects/{project_id}/{asset_id}/{file}",
            put(objects::put::put).get(objects::get::get),
        )
        .route(
            "/objects/{project_id}/{asset_id}/thumbnail/{preview_id}",
            get(processing::thumbnail::get),
        )
        .route("/readyz", get(health::readyz))
        .route("/v3", get(iam::version::get))
        .route("/v3/auth/tokens", post(iam::tokens::create::post))
}
