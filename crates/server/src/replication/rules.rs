//! What a ticket may do to what is here. Pure, so that every case can be tested.
//!
//! One ticket makes at most one asset; a replay changes nothing; an older ticket never undoes a
//! newer copy; what was changed here is never overwritten.

use super::model::{Copy, CopyState};
use crate::assets::{Asset, AssetState};
use crate::error::{Error, ErrorCode, Result};
use crate::ids::ProjectId;

/// What presenting a ticket comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// The asset comes to be; `purged` where one of this id was deleted for good.
    Create { purged: bool },
    /// A newer version of a copy that is whole; it stays as it is until the newer one is.
    Update,
    /// One that failed or was cancelled, or is under way with an older version, goes on with this
    /// ticket. It is an update of a copy that is whole, or not.
    Restart { earlier: String, is_update: bool },
    /// It is here, or on its way.
    Nothing,
}

impl Effect {
    /// For people.
    pub fn as_str(&self) -> &'static str {
        match self {
            Effect::Create { .. } => "CREATE",
            Effect::Update => "UPDATE",
            Effect::Restart { .. } => "RESTART",
            Effect::Nothing => "NOTHING",
        }
    }
}

/// What the rules look at of a ticket.
#[derive(Debug, Clone, Copy)]
pub struct Offer<'a> {
    pub project: &'a ProjectId,
    pub region: &'a str,
    pub version: i64,
}

fn conflict(message: impl Into<String>) -> Error {
    Error::new(ErrorCode::CopyConflict, message)
}

/// What is set aside here is not copied over.
fn check_state(asset: &Asset) -> Result<()> {
    match asset.state() {
        AssetState::Deleting | AssetState::Deleted => Err(Error::new(
            ErrorCode::IllegalAssetState,
            "The asset is in this region's recycle bin; restore it, or delete it for good.",
        )),
        AssetState::Block => Err(Error::new(
            ErrorCode::AssetBlocked,
            "The asset is blocked in this region; an administrator can unblock it.",
        )),
        AssetState::Creating
        | AssetState::Failed
        | AssetState::Unactived
        | AssetState::Actived
        | AssetState::WaitingDelete => Ok(()),
    }
}

/// `here` is the asset of the ticket's id, whatever its project; `copies` are those of that asset,
/// the newest first.
pub fn effect(offer: Offer<'_>, here: Option<&Asset>, copies: &[Copy]) -> Result<Effect> {
    let Some(asset) = here else {
        return Ok(Effect::Create { purged: false });
    };
    if asset.project_id != *offer.project {
        return Err(conflict(
            "The asset's id is taken in this region; it can't be copied into this project.",
        ));
    }
    if asset.state() == AssetState::Deleted {
        return Ok(Effect::Create { purged: true });
    }
    check_state(asset)?;
    let under_way = copies.iter().find(|copy| copy.state.is_under_way());
    let Some(latest) = under_way.or(copies.first()) else {
        return Err(conflict(
            "An asset of this id is in this project already and is no copy; delete it for good first.",
        ));
    };
    if latest.peer != offer.region {
        return Err(conflict(format!(
            "The asset is a copy from the region {}, and this ticket is from {}.",
            latest.peer, offer.region
        )));
    }
    if latest.state.is_under_way() && offer.version <= latest.version {
        return Ok(Effect::Nothing);
    }
    let done = copies.iter().find(|copy| copy.state == CopyState::Done);
    let restart = |is_update| Effect::Restart {
        earlier: latest.copy_id.clone(),
        is_update,
    };
    match done {
        Some(done) if offer.version <= done.version => Ok(Effect::Nothing),
        Some(done) if done.local_version != Some(asset.version) => Err(conflict(
            "The copy was changed in this region since it was made; its newer version would undo \
             that. Delete it for good first, or leave it.",
        )),
        Some(done) if latest.copy_id == done.copy_id => Ok(Effect::Update),
        Some(_) => Ok(restart(true)),
        None if matches!(asset.state(), AssetState::Creating | AssetState::Failed) => {
            Ok(restart(false))
        }
        None => Err(conflict(
            "The asset was given other content in this region before the copy was whole; delete \
             it for good first.",
        )),
    }
}
