//! Copies and tickets as the wire shows them.

use entrepot_api::replication::CopyInfo;

use crate::app::App;
use crate::assets;
use crate::clock::Timestamp;
use crate::db::Tx;
use crate::error::{Error, ErrorCode, Result};
use crate::iam::Permit;
use crate::ids::{AssetId, ProjectId};
use crate::replication::model::{Copy, CopyState, Progress, Ticket};
use crate::replication::store;

fn info(progress: Progress) -> CopyInfo {
    CopyInfo {
        bytes_done: progress.bytes_done,
        bytes_total: progress.bytes_total,
        bytes_held: progress.bytes_held,
        rate: progress.rate,
        attempts: progress.attempts,
        error_code: progress.error_code,
        error: progress.error,
        next_try_at: progress.next_try_at.map(Timestamp::rfc3339),
        ..CopyInfo::default()
    }
}

/// A copy that comes here.
pub fn incoming(app: &App, copy: Copy) -> CopyInfo {
    CopyInfo {
        copy_id: copy.copy_id,
        asset_id: copy.asset_id.into_string(),
        asset_name: copy.asset_name,
        from_region: copy.peer,
        to_region: app.config.region.clone(),
        version: copy.version,
        state: copy.state.as_str().to_owned(),
        created_at: copy.created_at.rfc3339(),
        updated_at: copy.updated_at.rfc3339(),
        finished_at: copy.finished_at.map(Timestamp::rfc3339),
        expires_at: copy.expires_at.rfc3339(),
        by_hand: copy.by_hand,
        ..info(copy.progress)
    }
}

/// A ticket issued here and what became of it.
pub fn outgoing(app: &App, ticket: Ticket) -> CopyInfo {
    let now = app.clock.now();
    let ended = !matches!(
        ticket.state,
        CopyState::Issued | CopyState::Waiting | CopyState::Copying
    );
    let state = if ticket.revoked_at.is_some() && !ended {
        CopyState::Cancelled.as_str()
    } else if ticket.state == CopyState::Issued && ticket.expires_at <= now {
        "EXPIRED"
    } else if ticket.state == CopyState::Issued && ticket.used_at.is_some() {
        CopyState::Copying.as_str()
    } else {
        ticket.state.as_str()
    };
    CopyInfo {
        copy_id: ticket.ticket_id,
        asset_id: ticket.asset_id.into_string(),
        asset_name: ticket.asset_name,
        from_region: app.config.region.clone(),
        to_region: ticket.peer,
        version: ticket.version,
        state: state.to_owned(),
        created_at: ticket.issued_at.rfc3339(),
        updated_at: ticket.updated_at.rfc3339(),
        finished_at: ticket.finished_at.map(Timestamp::rfc3339),
        expires_at: ticket.expires_at.rfc3339(),
        by_hand: false,
        ..info(ticket.progress)
    }
}

pub fn not_found() -> Error {
    Error::new(
        ErrorCode::CopyNotFound,
        "There is no copy of this id of the asset.",
    )
}

/// The copy, if it comes to this asset of the project.
pub async fn require(
    tx: &mut Tx,
    project: &ProjectId,
    asset: &AssetId,
    copy_id: &str,
) -> Result<Copy> {
    let found = store::copies::find(tx, copy_id).await?;
    let own = found.filter(|copy| copy.project_id == *project && copy.asset_id == *asset);
    own.ok_or_else(not_found)
}

/// The same for a caller, if it may with the asset.
pub async fn permitted(
    tx: &mut Tx,
    permit: &Permit,
    project: &ProjectId,
    asset: &AssetId,
    copy_id: &str,
) -> Result<Copy> {
    let copy = require(tx, project, asset, copy_id).await?;
    let there = assets::find_anywhere(tx, asset).await?;
    let app_user = there
        .as_ref()
        .and_then(|asset| asset.app_user_id.as_deref());
    permit.covers(asset, app_user)?;
    Ok(copy)
}
