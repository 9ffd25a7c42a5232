//! Whether a ticket is served now.

use std::time::Duration;

use super::Peer;
use crate::app::App;
use crate::assets::{self, Asset, AssetState};
use crate::clock::Timestamp;
use crate::config::days;
use crate::db::Tx;
use crate::error::{Error, ErrorCode, Result};
use crate::replication::model::Ticket;
use crate::replication::store;

/// How long after its expiry, or its last use, a ticket is still served: it was presented in time,
/// and the copy goes on.
pub const PATIENCE_DAYS: u32 = 7;
/// The last use is noted this often.
const NOTED_EVERY: Duration = Duration::from_hours(1);

/// A ticket that is served, with its asset as it is now.
#[derive(Debug, Clone)]
pub struct Served {
    pub ticket: Ticket,
    pub asset: Asset,
    /// Its use is to be noted.
    pub is_due: bool,
}

fn gone(message: impl Into<String>) -> Error {
    Error::new(ErrorCode::TicketUnknown, message)
}

/// A ticket issued to another region answers like one that was never issued.
pub async fn serve(tx: &mut Tx, app: &App, peer: &Peer, ticket_id: &str) -> Result<Served> {
    let now = app.clock.now();
    let own = &app.config.region;
    let found = store::tickets::find(tx, ticket_id).await?;
    let ticket = found
        .filter(|ticket| ticket.peer == peer.region)
        .ok_or_else(|| {
            gone(format!(
                "The region {own} did not issue this ticket to {}.",
                peer.region
            ))
        })?;
    if ticket.revoked_at.is_some() {
        return Err(gone(format!("The copy was cancelled in the region {own}.")));
    }
    if last_moment(&ticket) < now {
        return Err(gone(format!(
            "The ticket was not used for {PATIENCE_DAYS} days in the region {own}; get a new one."
        )));
    }
    let found = assets::find_anywhere(tx, &ticket.asset_id).await?;
    let asset = found.filter(|asset| asset.project_id == ticket.project_id);
    let asset = asset.ok_or_else(|| deleted(own))?;
    check(&asset, own)?;
    let is_due = ticket.used_at.is_none_or(|at| at.plus(NOTED_EVERY) <= now);
    Ok(Served {
        ticket,
        asset,
        is_due,
    })
}

fn last_moment(ticket: &Ticket) -> Timestamp {
    let used = ticket.used_at.unwrap_or(ticket.issued_at);
    ticket.expires_at.max(used).plus(days(PATIENCE_DAYS))
}

fn deleted(own: &str) -> Error {
    Error::new(
        ErrorCode::AssetNotFound,
        format!("The asset was deleted in the region {own}."),
    )
}

fn check(asset: &Asset, own: &str) -> Result<()> {
    match asset.state() {
        AssetState::Unactived | AssetState::Actived | AssetState::WaitingDelete => Ok(()),
        AssetState::Deleting | AssetState::Deleted => Err(deleted(own)),
        AssetState::Block => Err(Error::new(
            ErrorCode::AssetBlocked,
            format!("The asset is blocked in the region {own}."),
        )),
        state @ (AssetState::Creating | AssetState::Failed) => Err(Error::new(
            ErrorCode::IllegalAssetState,
            format!("The asset is {} in the region {own}.", state.as_str()),
        )),
    }
}
