//! `GET /v3/auth/domains`: the caller's account.

use entrepot_api::iam as wire;

use super::{Caller, Resource};
use crate::error::Result;
use crate::http::json::Json;

/// Shows the caller's account
#[utoipa::path(get, path = "/v3/auth/domains", tag = "Identity",
    responses((status = 200, body = wire::DomainsResponse), (status = 401, body = wire::IamErrorResponse)))]
pub async fn get(caller: Caller) -> Result<Json<wire::DomainsResponse>> {
    let identity = &caller.principal;
    caller.authorize(Resource::User(&identity.user_id))?;
    Ok(Json(wire::DomainsResponse {
        domains: vec![wire::Domain {
            id: identity.domain_id.to_string(),
            name: identity.domain_name.clone(),
            description: String::new(),
            enabled: true,
            links: wire::Links::default(),
        }],
        links: wire::Links::default(),
    }))
}
