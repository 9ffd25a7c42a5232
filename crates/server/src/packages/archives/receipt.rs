//! `POST /v2/{project_id}/instances/{instance_id}/assets/archives/{archive_id}/entrepot/receipt`:
//! the holder says that the package has arrived.

use axum::extract::State;
use entrepot_api::archives::{ArchiveRecord, ReceiptRequest};

use super::{Ids, record, require};
use crate::app::App;
use crate::error::Result;
use crate::http::json::Json;
use crate::http::path::PathIds;
use crate::iam::Caller;
use crate::packages::delivery;

/// Acknowledges a package
///
/// By the caller who downloaded it, with the digest computed over what arrived. The package is
/// used up then. The same receipt again answers the same; a wrong digest changes nothing.
#[utoipa::path(post,
    path = "/v2/{project_id}/instances/{instance_id}/assets/archives/{archive_id}/entrepot/receipt",
    tag = "Packages" ,
    params(("project_id" = String, Path), ("instance_id" = String, Path),
        ("archive_id" = String, Path)),
    request_body = ReceiptRequest,
    responses((status = 200, body = ArchiveRecord),
        (status = 400, description = "ROMA.19008: another digest, or nothing was downloaded"),
        (status = 403, description = "ROMA.19001 to ROMA.19007")))]
pub async fn post(
    State(app): State<App>,
    PathIds(ids): PathIds<Ids>,
    caller: Caller,
    Json(receipt): Json<ReceiptRequest>,
) -> Result<Json<ArchiveRecord>> {
    let archive = require(&app, &caller, ids).await?;
    let user = &caller.principal.user_id;
    let archive = delivery::receive(&app, &archive, user, &receipt.digest).await?;
    Ok(Json(record::view(&archive, app.clock.now())))
}
