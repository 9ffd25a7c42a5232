//! Where a request comes from, for calls that ask for no proof of who sends it.

use std::convert::Infallible;
use std::net::IpAddr;

use axum::extract::FromRequestParts;
use http::request::Parts;

use super::respond::RequestId;
use crate::app::App;

#[derive(Debug, Clone)]
pub struct Origin {
    pub address: Option<IpAddr>,
    /// `X-Request-Id` of the answer.
    pub request_id: Option<String>,
}

impl FromRequestParts<App> for Origin {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        let id = parts.extensions.get::<RequestId>();
        Ok(Self {
            address: app.proxies.origin(parts),
            request_id: id.map(|id| id.0.clone()),
        })
    }
}
