//! The description of all calls, made from the handlers: `/openapi.json`, and `/docs` to read.

use axum::Router;
use utoipa::OpenApi;
use utoipa::openapi::extensions::{Extensions, ExtensionsBuilder};
use utoipa_swagger_ui::SwaggerUi;

use crate::app::App;
use crate::iam::Needs;
use crate::iam::endpoints::ENDPOINTS;
use crate::{
    assets, audit, files, health, iam, instances, objects, packages, processing, replication,
};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Entrepot",
        description = "A media asset library: MetaStudio digital assets, ROMA applications and tasks. \
            Calls under /v1, /v2 and /v3 take an X-Auth-Token or an SDK-HMAC-SHA256 signature of an access key."
    ),
    paths(
        assets::batch_action::post,
        assets::create::post,
        assets::delete::delete,
        assets::list::get,
        assets::restore::post,
        assets::show::get,
        assets::summarys::post,
        assets::update::put,
        audit::list::get,
        files::complete::post,
        files::create::post,
        files::create_large::post,
        files::delete::delete,
        files::part_urls::post,
        health::healthz,
        health::metrics,
        health::readyz,
        iam::auth_projects::get,
        iam::credentials::create::post,
        iam::credentials::delete::delete,
        iam::credentials::list::get,
        iam::credentials::show::get,
        iam::credentials::update::put,
        iam::domains::get,
        iam::projects::get,
        iam::security_tokens::post,
        iam::tokens::create::post,
        iam::tokens::delete::delete,
        iam::tokens::show::get,
        iam::version::get,
        instances::apps::create::post,
        instances::apps::delete::delete,
        instances::apps::digital_assets::delete,
        instances::apps::digital_assets::get,
        instances::apps::digital_assets::put,
        instances::apps::list::get,
        instances::apps::secret::get,
        instances::apps::secret::put,
        instances::apps::show::get,
        instances::apps::update::put,
        instances::apps::validate::get,
        instances::list::get,
        instances::tasks::create::post,
        instances::tasks::delete::delete,
        instances::tasks::list::get,
        instances::tasks::show::get,
        instances::tasks::update::put,
        objects::get::get,
        processing::thumbnail::get,
        objects::put::put,
        packages::archives::contents::get,
        packages::archives::download::get,
        packages::archives::receipt::post,
        packages::archives::record::get,
        packages::delete::post,
        packages::export::post,
        packages::jobs::get,
        packages::import::post,
        packages::import_items::get,
        packages::uploads::create::post,
        packages::uploads::delete::delete,
        packages::uploads::import::post,
        packages::uploads::put::put,
        packages::uploads::show::get,
        replication::by_replication_info::post,
        replication::copies::cancel::post,
        replication::copies::complete::post,
        replication::copies::files::get,
        replication::copies::list::get,
        replication::copies::project::get,
        replication::copies::put_file::put,
        replication::copies::retry::post,
        replication::replication_info::get,
        replication::source::digest::get,
        replication::source::file::get,
        replication::source::hello::get,
        replication::source::manifest::get,
        replication::source::reports::post,
        replication::tickets::import::post,
        replication::tickets::inspect::post,
        replication::tickets::manifest::get,
    )
)]
pub struct Description;

/// The file `openapi.json`; a test keeps the one in the repository the same.
/// The description, with what each call needs, from the table.
fn description() -> utoipa::openapi::OpenApi {
    let mut description = Description::openapi();
    for endpoint in ENDPOINTS {
        let Some(item) = description.paths.paths.get_mut(endpoint.path) else {
            continue;
        };
        let operation = match endpoint.method {
            "GET" => &mut item.get,
            "POST" => &mut item.post,
            "PUT" => &mut item.put,
            _ => &mut item.delete,
        };
        if let Some(operation) = operation {
            operation.extensions = Some(extensions(endpoint.needs));
        }
    }
    description
}

fn extensions(needs: Needs) -> Extensions {
    let all = ExtensionsBuilder::new().add("x-needs", needs.text());
    match needs.action() {
        Some(action) => all.add("x-action", action.name()).build(),
        None => all.build(),
    }
}

/// Sorted by name, so that it is the same each time: extensions have no order of their own.
pub fn json() -> String {
    let sorted = serde_json::to_value(description());
    let text = sorted.and_then(|value| serde_json::to_string_pretty(&value));
    let mut text = text.unwrap_or_default();
    text.push('\n');
    text
}

pub fn page() -> Router<App> {
    SwaggerUi::new("/docs")
        .url("/openapi.json", description())
        .into()
}
