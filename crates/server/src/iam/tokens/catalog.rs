//! The catalog in a token: which services there are, and where.

use entrepot_api::iam as wire;

use crate::app::App;
use crate::ids::ProjectId;

/// The services of a project in its scope, otherwise only identity itself.
pub fn catalog(app: &App, project: Option<&ProjectId>) -> Vec<wire::CatalogService> {
    let endpoint = app.urls.endpoint();
    let mut services = vec![service(app, "iam", format!("{endpoint}/v3"))];
    if let Some(project) = project {
        let url = format!("{endpoint}/v1/{project}");
        services.push(service(app, "metastudio", url));
        services.push(service(app, "roma", format!("{endpoint}/v2/{project}")));
    }
    services
}

fn service(app: &App, name: &str, url: String) -> wire::CatalogService {
    let region = &app.config.region;
    wire::CatalogService {
        id: name.into(),
        name: name.into(),
        kind: name.into(),
        endpoints: vec![wire::CatalogEndpoint {
            id: format!("{name}-{region}"),
            interface: "public".into(),
            region: region.clone(),
            region_id: region.clone(),
            url,
        }],
    }
}
