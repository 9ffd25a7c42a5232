//! `GET /v3`: that this is version 3 of the identity API, for clients that look before they call.

use axum::extract::State;
use entrepot_api::iam as wire;

use crate::app::App;
use crate::http::json::Json;

/// Describes the identity API
#[utoipa::path(get, path = "/v3", tag = "Identity",
    responses((status = 200, body = wire::VersionResponse)))]
pub async fn get(State(app): State<App>) -> Json<wire::VersionResponse> {
    Json(wire::VersionResponse {
        version: wire::Version {
            id: "v3.6".into(),
            status: "stable".into(),
            updated: "2016-04-04T00:00:00Z".into(),
            links: vec![wire::VersionLink {
                rel: "self".into(),
                href: format!("{}/v3/", app.urls.endpoint()),
            }],
            media_types: vec![wire::MediaType {
                base: "application/json".into(),
                kind: "application/vnd.openstack.identity-v3+json".into(),
            }],
        },
    })
}
