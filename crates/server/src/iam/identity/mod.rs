//! The seam to whoever knows the users: a request in, its [`Caller`] out.
//!
//! The embedded service, with users, keys and tokens in the metadata database, is the only one. An
//! outside one (Keystone, OpenID Connect) becomes another variant here; nothing else asks who calls.

mod embedded;
mod known;
mod proof;

use std::net::IpAddr;
use std::sync::Arc;

use http::request::Parts;
use http::{HeaderMap, Uri};

use super::{Caller, Needs, PrincipalRef};
use crate::app::App;
use crate::error::{Error, Result};

pub use embedded::Embedded;
pub use proof::Payload;

/// A request whose sender is to be found out.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    pub parts: &'a Parts,
    /// As it was sent: a signature covers it.
    pub uri: &'a Uri,
    pub payload: Payload<'a>,
    /// Where it came from.
    pub address: Option<IpAddr>,
    pub request_id: &'a str,
    /// What its endpoint needs.
    pub needs: Needs,
}

/// Who somebody is, and by which key; without one by a token.
type Proven = (PrincipalRef, Option<String>);

#[derive(Debug)]
pub enum Identity {
    Embedded(Embedded),
}

impl Identity {
    pub fn embedded(region: &str) -> Self {
        Self::Embedded(Embedded::new(region))
    }

    /// 401 with a sentence for whoever debugs the client, never with a secret.
    pub async fn authenticate(&self, app: &App, request: Request<'_>) -> Result<Caller> {
        let app_user_id = app_user_id(&request.parts.headers)?;
        let Self::Embedded(embedded) = self;
        let (principal, access_key) = embedded.authenticate(app, request).await?;
        Ok(Caller {
            principal,
            app_user_id,
            address: request.address,
            access_key,
            request_id: request.request_id.to_owned(),
            region: Arc::clone(&embedded.region),
            needs: request.needs,
        })
    }
}

/// `X-App-UserId`: 1 to 256 characters of printable ASCII.
fn app_user_id(headers: &HeaderMap) -> Result<Option<String>> {
    let Some(value) = headers.get("x-app-userid") else {
        return Ok(None);
    };
    let bad = || {
        Error::parameter(
            "X-App-UserId",
            "must be 1 to 256 printable ASCII characters",
        )
    };
    let id = value.to_str().map_err(|_| bad())?;
    if id.is_empty() || id.len() > 256 {
        return Err(bad());
    }
    Ok(Some(id.to_owned()))
}
