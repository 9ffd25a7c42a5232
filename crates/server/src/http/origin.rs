//! Where a request comes from, for calls that ask for no proof of who sends it.

use std::convert::Infallible;
use std::net::IpAddr;

use axum::extract::FromRequestParts;
use http::request::Parts;

use super::authenticate::RemoteAddress;
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
        let remote = parts.extensions.get::<RemoteAddress>();
        let id = parts.extensions.get::<RequestId>();
        Ok(Self {
            address: remote.map(|RemoteAddress(address)| address.ip()),
            request_id: id.map(|id| id.0.clone()),
        })
    }
}
