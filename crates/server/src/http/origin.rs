//! Where a request comes from, for calls that ask for no proof of who sends it.

use std::convert::Infallible;
use std::net::IpAddr;

use axum::extract::FromRequestParts;
use http::request::Parts;

use super::address::came_from;
use super::respond::RequestId;

#[derive(Debug, Clone)]
pub struct Origin {
    pub address: Option<IpAddr>,
    /// `X-Request-Id` of the answer.
    pub request_id: Option<String>,
}

impl<S: Sync> FromRequestParts<S> for Origin {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let id = parts.extensions.get::<RequestId>();
        Ok(Self {
            address: came_from(&parts.extensions),
            request_id: id.map(|id| id.0.clone()),
        })
    }
}
