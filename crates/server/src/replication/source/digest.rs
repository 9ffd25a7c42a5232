//! `GET /entrepot/peer/v1/tickets/{ticket_id}/files/{file_id}/digest`: what a stretch of a file is here.
//!
//! A peer whose bytes turned out wrong asks for this, and fetches only the stretches that differ.

use axum::extract::{Request, State};
use data_encoding::HEXLOWER;
use entrepot_api::assets::ErrorResponse;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::file;
use crate::app::App;
use crate::error::{Error, Result};
use crate::http::json::Json;
use crate::http::path::PathIds;
use crate::http::query::Query;
use crate::objects;

/// Bytes that one request may ask about.
pub const MOST: u64 = 128 * 1024 * 1024;

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct StretchDigest {
    /// SHA-256 of the bytes as they are stored now, in hexadecimal digits.
    pub sha256: String,
}

/// Tells a peer the digest of a stretch of a ticket's file
#[utoipa::path(get, path = "/entrepot/peer/v1/tickets/{ticket_id}/files/{file_id}/digest", tag = "Peers",
    params(("ticket_id" = String, Path), ("file_id" = String, Path),
        ("from" = i64, Query, description = "The first byte"),
        ("to" = i64, Query, description = "Behind the last one; at most 128 MiB on"),
        ("Authorization" = String, Header, description = "ENTREPOT-PEER-HMAC-SHA256 …")),
    responses((status = 200, body = StretchDigest), (status = 400, body = ErrorResponse), (status = 401)))]
pub async fn get(
    State(app): State<App>,
    PathIds((ticket, id)): PathIds<(String, String)>,
    mut query: Query,
    request: Request,
) -> Result<Json<StretchDigest>> {
    let (parts, _) = request.into_parts();
    let peer = super::authenticate(&app, &parts, b"").await?;
    let place = |place: Option<i64>| place.and_then(|n| u64::try_from(n).ok()).unwrap_or(0);
    let from = place(query.integer("from", 0..=i64::MAX)?);
    let to = place(query.integer("to", 1..=i64::MAX)?);
    query.finish()?;
    let (_, content) = file::content(&app, &peer, &ticket, &id).await?;
    if from >= to || to > content.size || to - from > MOST {
        let problem = format!("must be behind from, by at most {MOST} bytes, and within the file");
        return Err(Error::parameter("to", problem));
    }
    let digests = objects::digest(objects::stream(&app, &content, from..to)).await?;
    Ok(Json(StretchDigest {
        sha256: HEXLOWER.encode(&digests.sha256),
    }))
}
