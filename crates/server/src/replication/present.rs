//! Presenting a ticket: is it genuine, is it for here, and what does it come to?

use entrepot_api::replication::ReplicationAssetInfo;

use super::keys::RingKey;
use super::model::{Copy, CopyState, Progress};
use super::rules::{self, Effect, Offer};
use super::store;
use super::ticket::{self, Contents, Presented};
use crate::app::App;
use crate::assets::state::Standing;
use crate::assets::{self, Asset, AssetType, Step};
use crate::db::Tx;
use crate::error::{Error, ErrorCode, Result};
use crate::iam::Caller;
use crate::ids::{AssetId, ProjectId};
use crate::jobs::{self, queue};

use super::copy::job::CopyAsset;

/// Copies of one asset that the rules look at.
const HISTORY: u32 = 100;

/// A ticket that opened.
#[derive(Debug, Clone)]
pub struct Opened {
    pub contents: Contents,
    pub key: RingKey,
}

/// Opens a ticket under the key that it names.
pub async fn open(app: &App, info: ReplicationAssetInfo) -> Result<Opened> {
    let presented = Presented::parse(info)?;
    let ring = app.replication.keys.get(app).await?;
    let key = ring.require(&presented.key_id)?;
    let contents = presented.open(key)?;
    Ok(Opened {
        contents,
        key: key.clone(),
    })
}

/// Why a genuine ticket can't be used here and now, whatever there is of its asset. `by_hand`: no
/// peer has to be reached.
pub fn refusals(app: &App, project: &ProjectId, opened: &Opened, by_hand: bool) -> Vec<Error> {
    let Opened { contents, key } = opened;
    let own = &app.config.region;
    let elsewhere = |message: String| Error::new(ErrorCode::TicketElsewhere, message);
    let mut refusals = Vec::new();
    if contents.to_region.as_ref().is_some_and(|to| to != own) {
        let to = contents.to_region.as_deref().unwrap_or_default();
        let message = format!("The ticket is for the region {to}; this one is {own}.");
        refusals.push(elsewhere(message));
    }
    if contents
        .to_project
        .as_ref()
        .is_some_and(|to| to != project.as_str())
    {
        let message = "The ticket is for another project of this region.";
        refusals.push(elsewhere(message.to_owned()));
    }
    if contents.region != key.peer {
        refusals.push(elsewhere(format!(
            "The ticket is from the region {}, but its key is shared with {}.",
            contents.region, key.peer
        )));
    } else if !by_hand && app.replication.peers.find(&contents.region).is_none() {
        refusals.push(elsewhere(format!(
            "The ticket is from the region {}, which is not configured here as a peer.",
            contents.region
        )));
    }
    let now = app.clock.now();
    if now >= contents.expires_at() {
        refusals.push(Error::new(
            ErrorCode::TicketExpired,
            format!(
                "The ticket expired at {}; it is {} here. Get a new one in the region {}.",
                contents.expires_at().rfc3339(),
                now.rfc3339(),
                contents.region
            ),
        ));
    }
    if AssetType::parse(&contents.asset_type).is_none() {
        refusals.push(Error::new(
            ErrorCode::NotSupported,
            format!(
                "Assets of the type {} are not known here.",
                contents.asset_type
            ),
        ));
    }
    refusals
}

/// What the ticket comes to, by what is here.
pub async fn effect(tx: &mut Tx, project: &ProjectId, contents: &Contents) -> Result<Found> {
    let offer = Offer {
        project,
        region: &contents.region,
        version: contents.version,
    };
    effect_of(tx, &AssetId::new(&contents.asset_id), offer).await
}

/// The same of a copy that was offered before.
pub async fn effect_of(tx: &mut Tx, id: &AssetId, offer: Offer<'_>) -> Result<Found> {
    let asset = assets::find_anywhere(tx, id).await?;
    let copies = store::copies::list_of(tx, id, HISTORY).await?;
    let effect = rules::effect(offer, asset.as_ref(), &copies)?;
    Ok(Found {
        asset,
        copies,
        effect,
    })
}

#[derive(Debug)]
pub struct Found {
    pub asset: Option<Asset>,
    pub copies: Vec<Copy>,
    pub effect: Effect,
}

/// How a copy is to be made.
#[derive(Debug, Clone)]
pub struct Order {
    pub project: ProjectId,
    pub opened: Opened,
    /// The manifest of a copy whose bytes come by hand.
    pub manifest: Option<String>,
    /// Bytes of all its files; 0 where the manifest is not there yet.
    pub size: u64,
}

/// Does what the ticket comes to: the asset, the copy and its job come to be together. Answers the
/// copy that stands now, if there is one.
pub async fn accept(
    tx: &mut Tx,
    app: &App,
    caller: &Caller,
    order: &Order,
) -> Result<(Effect, Option<Copy>)> {
    let contents = &order.opened.contents;
    let found = effect(tx, &order.project, contents).await?;
    let now = app.clock.now();
    let is_update = match &found.effect {
        Effect::Nothing => {
            let under_way_or_done =
                |c: &&Copy| c.state.is_under_way() || c.state == CopyState::Done;
            let standing = found.copies.into_iter().find(|c| under_way_or_done(&c));
            return Ok((Effect::Nothing, standing));
        }
        Effect::Create { .. } => {
            create(tx, app, order, found.asset.as_ref()).await?;
            false
        }
        Effect::Update => true,
        Effect::Restart { earlier, is_update } => {
            give_way(tx, app, earlier, &contents.ticket_id).await?;
            reopen(tx, found.asset, now).await?;
            *is_update
        }
    };
    let mut copy = draft(app, caller, order, is_update);
    if let Some(same) = store::copies::find(tx, &contents.ticket_id).await? {
        if (&same.asset_id, &same.project_id) != (&copy.asset_id, &copy.project_id) {
            return Err(ticket::invalid("its id is that of a copy of another asset"));
        }
        copy.revision = same.revision;
        store::copies::update(tx, &copy).await?;
    } else {
        store::copies::insert(tx, &copy).await?;
    }
    if let Some(manifest) = &order.manifest {
        store::copies::set_manifest(tx, &copy.copy_id, Some(manifest)).await?;
    }
    if !found.copies.is_empty() {
        store::segments::hand_over(tx, &copy.asset_id, &copy.copy_id).await?;
    }
    if !copy.by_hand {
        let job = CopyAsset::new(&copy.copy_id);
        jobs::enqueue(tx, app, &job, now).await?;
    }
    Ok((found.effect, Some(copy)))
}

/// The asset as it shows until the copy is whole.
async fn create(tx: &mut Tx, app: &App, order: &Order, purged: Option<&Asset>) -> Result<()> {
    let contents = &order.opened.contents;
    let now = app.clock.now();
    let kind = AssetType::parse(&contents.asset_type);
    let kind = kind.ok_or_else(|| Error::internal("a ticket's asset type"))?;
    assets::rules::check_name(&contents.asset_name)?;
    let mut asset = Asset {
        asset_id: AssetId::new(&contents.asset_id),
        project_id: order.project.clone(),
        version: 1,
        url_epoch: 1,
        name: contents.asset_name.clone(),
        description: None,
        asset_type: kind,
        standing: Standing::NEW,
        app_user_id: None,
        order: 0,
        needs_cover: false,
        block_reason_code: None,
        reason: None,
        tags: Vec::new(),
        properties: Vec::new(),
        services: Vec::new(),
        extra_meta: None,
        created_at: contents.asset_created_at.min(now),
        updated_at: now,
        deleted_at: None,
    };
    if let Some(purged) = purged {
        // links to what was deleted stay dead
        asset.version = purged.version + 1;
        asset.url_epoch = purged.url_epoch + 1;
        store::copies::delete_of(tx, &purged.asset_id).await?;
        assets::forget_purged(tx, purged).await?;
    }
    if app.config.unique_names && assets::store::name_is_taken(tx, &asset).await? {
        return Err(assets::create::name_taken());
    }
    assets::store::insert(tx, &asset).await
}

/// An earlier copy that is under way makes room for the one of this ticket.
async fn give_way(tx: &mut Tx, app: &App, earlier: &str, ticket: &str) -> Result<()> {
    let now = app.clock.now();
    let found = store::copies::find(tx, earlier).await?;
    let Some(mut copy) = found.filter(|copy| copy.state.is_under_way()) else {
        return Ok(());
    };
    queue::cancel(tx, <CopyAsset as jobs::Job>::KIND, earlier, now).await?;
    if earlier != ticket {
        copy.state = CopyState::Replaced;
        copy.updated_at = now;
        copy.finished_at = Some(now);
        store::copies::update(tx, &copy).await?;
    }
    Ok(())
}

/// An asset whose copy failed waits for its content again.
pub async fn reopen(tx: &mut Tx, asset: Option<Asset>, now: crate::clock::Timestamp) -> Result<()> {
    let failed = |asset: &Asset| asset.state() == assets::AssetState::Failed;
    let Some(asset) = asset.filter(failed) else {
        return Ok(());
    };
    let asset = assets::take_step(tx, asset, Step::MainFileGone, now).await?;
    assets::change(tx, asset, now, |asset| asset.reason = None).await?;
    Ok(())
}

fn draft(app: &App, caller: &Caller, order: &Order, is_update: bool) -> Copy {
    let Opened { contents, key } = &order.opened;
    let now = app.clock.now();
    Copy {
        copy_id: contents.ticket_id.clone(),
        project_id: order.project.clone(),
        asset_id: AssetId::new(&contents.asset_id),
        asset_name: contents.asset_name.clone(),
        peer: contents.region.clone(),
        key_id: key.key_id.clone(),
        version: contents.version,
        digest: contents.manifest.clone(),
        expires_at: contents.expires_at(),
        by_hand: order.manifest.is_some(),
        is_update,
        state: CopyState::Waiting,
        progress: Progress {
            bytes_total: order.size,
            ..Progress::default()
        },
        stalled: 0,
        local_version: None,
        created_by: caller.principal.user_id.to_string(),
        created_at: now,
        updated_at: now,
        finished_at: None,
        revision: 1,
    }
}
