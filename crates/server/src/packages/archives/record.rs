//! `GET /v2/{project_id}/instances/{instance_id}/assets/archives/{archive_id}/entrepot/record`:
//! what became of a package.

use axum::extract::State;
use entrepot_api::archives::{ArchiveHolder, ArchiveRecord};

use super::{Ids, require};
use crate::app::App;
use crate::clock::Timestamp;
use crate::error::Result;
use crate::http::json::Json;
use crate::http::path::PathIds;
use crate::iam::Caller;
use crate::packages::model::{Archive, Lease};
use crate::packages::once;

/// Shows what became of a package: who downloaded it, when, from where
///
/// Stays when the package itself is gone.
#[utoipa::path(get,
    path = "/v2/{project_id}/instances/{instance_id}/assets/archives/{archive_id}/entrepot/record",
    tag = "Packages" ,
    params(("project_id" = String, Path), ("instance_id" = String, Path),
        ("archive_id" = String, Path)),
    responses((status = 200, body = ArchiveRecord),
        (status = 403, description = "ROMA.19001")))]
pub async fn get(
    State(app): State<App>,
    PathIds(ids): PathIds<Ids>,
    caller: Caller,
) -> Result<Json<ArchiveRecord>> {
    let archive = require(&app, &caller, ids).await?;
    Ok(Json(view(&archive, app.clock.now())))
}

/// An archive's record as callers and administrators see it.
pub fn view(archive: &Archive, now: Timestamp) -> ArchiveRecord {
    ArchiveRecord {
        archive_id: archive.archive_id.to_string(),
        job_id: archive.job_id.to_string(),
        state: archive.state.as_str().to_owned(),
        file_name: archive.file_name.clone(),
        size: archive.size,
        digest: archive.digest.clone(),
        entry_count: archive.entry_count,
        created_at: archive.created_at.rfc3339(),
        expires_at: archive.expires_at.rfc3339(),
        holder: archive.lease.as_ref().map(holder),
        receipt_required: archive.receipt_required,
        deliveries: u64::try_from(archive.delivery.number).unwrap_or(0),
        delivering: once::is_running(archive, now),
        sent_bytes: archive.sent_bytes,
        ended_at: archive.ended_at.map(Timestamp::rfc3339),
    }
}

fn holder(lease: &Lease) -> ArchiveHolder {
    ArchiveHolder {
        user_id: lease.holder_id.to_string(),
        user_name: lease.holder_name.clone(),
        address: lease.holder_address.clone(),
        leased_at: lease.leased_at.rfc3339(),
        lease_until: lease.until.rfc3339(),
    }
}
