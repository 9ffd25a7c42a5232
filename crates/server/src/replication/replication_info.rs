//! `GET /v1/{project_id}/digital-assets/{asset_id}/replication-info`
//!
//! Issues a ticket: it is recorded before it is answered, because only recorded ones are served.

use axum::extract::State;
use entrepot_api::assets::ErrorResponse;
use entrepot_api::replication::ReplicationAssetInfo;
use serde_json::json;

use super::keys::{MAX_USES, Ring, RingKey, WARN_USES};
use super::model::{CopyState, Progress, Ticket};
use super::ticket::{self, Contents};
use super::{manifest, store};
use crate::app::App;
use crate::assets::{self, Asset, AssetState};
use crate::audit::{self, Event, Outcome};
use crate::config::hours;
use crate::db::Tx;
use crate::error::{Error, ErrorCode, Result};
use crate::http::caller::Caller;
use crate::http::json::Json;
use crate::http::path::PathIds;
use crate::http::query::Query;
use crate::iam::{Action, Assets};
use crate::ids::{AssetId, ProjectId};

/// Issues a ticket to copy an asset to another region
///
/// The answer goes unchanged to `digital-assets-by-replication-info` there.
#[utoipa::path(get, path = "/v1/{project_id}/digital-assets/{asset_id}/replication-info", tag = "Copies",
    params(("project_id" = String, Path), ("asset_id" = String, Path),
        ("to_region" = Option<String>, Query, description = "The region it is for; otherwise the setting default_peer, or the only one there is a key for"),
        ("to_project_id" = Option<String>, Query, description = "The only project there that may use it")),
    responses((status = 200, body = ReplicationAssetInfo), (status = 400, body = ErrorResponse)))]
pub async fn get(
    State(app): State<App>,
    caller: Caller,
    PathIds((project, asset)): PathIds<(ProjectId, AssetId)>,
    mut query: Query,
) -> Result<Json<ReplicationAssetInfo>> {
    let to_region = query.one("to_region")?;
    let to_project = query.one("to_project_id")?;
    query.finish()?;
    if let Some(id) = &to_project {
        assets::rules::check_label("to_project_id", id, 1..=64)?;
    }
    let permit = caller.permit(Assets::One(&project, &asset))?;
    let ring = app.replication.keys.get(&app).await?;
    // what is wrong with the asset is told first
    let draft = choose(&app, &ring, to_region.as_deref()).map(|key| Draft {
        ticket_id: app.ids.next(),
        key: key.clone(),
        names_region: to_region.is_some(),
        to_project,
    });
    let (owned, drafted) = (app.clone(), draft.clone());
    let contents = app
        .db
        .write(async move |tx| {
            let asset = assets::permitted(tx, &permit, &project, &asset).await?;
            check_state(&asset)?;
            issue(
                tx,
                &owned,
                &caller,
                &asset,
                drafted.as_ref().map_err(Error::clone)?,
            )
            .await
        })
        .await?;
    Ok(Json(ticket::seal(&draft?.key, &contents)?))
}

#[derive(Clone)]
struct Draft {
    ticket_id: String,
    key: RingKey,
    /// The caller named the region: then the ticket is bound to it.
    names_region: bool,
    to_project: Option<String>,
}

/// The key to seal under: of the region named, or of the one that is meant without a name.
fn choose<'a>(app: &App, ring: &'a Ring, named: Option<&str>) -> Result<&'a RingKey> {
    let peers = ring.peers();
    let peer = match (
        named.or(app.config.default_peer.as_deref()),
        peers.as_slice(),
    ) {
        (Some(peer), _) => peer,
        (None, [only]) => only,
        (None, []) => {
            return Err(Error::new(
                ErrorCode::ReplicationKeyUnknown,
                "This region shares no replication key with another one; \
                 entrepot admin replication-key create makes one.",
            ));
        }
        (None, several) => {
            let regions = several.join(", ");
            return Err(Error::parameter(
                "to_region",
                format!("must name one of {regions}, or the setting default_peer must"),
            ));
        }
    };
    let key = ring.newest_of(peer).ok_or_else(|| {
        Error::new(
            ErrorCode::ReplicationKeyUnknown,
            format!("This region shares no replication key with the region {peer}."),
        )
    })?;
    if key.uses >= MAX_USES {
        return Err(Error::new(
            ErrorCode::ReplicationKeyUnknown,
            format!(
                "The replication key {} is used up; an administrator must make a new one.",
                key.key_id
            ),
        ));
    }
    if key.uses >= WARN_USES {
        tracing::warn!(
            key = key.key_id,
            uses = key.uses,
            "a replication key should be replaced"
        );
    }
    Ok(key)
}

/// Refuses what can't be copied now.
pub fn check_state(asset: &Asset) -> Result<()> {
    let state = asset.state();
    if state.is_readable() {
        return Ok(());
    }
    let code = match state {
        AssetState::Block => ErrorCode::AssetBlocked,
        _ => ErrorCode::IllegalAssetState,
    };
    Err(Error::new(
        code,
        format!(
            "The asset is {}; in this state it can't be copied.",
            state.as_str()
        ),
    ))
}

async fn issue(
    tx: &mut Tx,
    app: &App,
    caller: &Caller,
    asset: &Asset,
    draft: &Draft,
) -> Result<Contents> {
    let now = app.clock.now();
    let (id, version) = (&asset.asset_id, asset.version);
    let kept = store::tickets::find_digest(tx, id, version).await?;
    let digest = if let Some(digest) = kept {
        digest
    } else {
        let body = manifest::make(tx, app, asset).await?;
        let digest = manifest::digest(&body);
        store::tickets::insert_manifest(tx, id, version, &digest, &body, now).await?;
        digest
    };
    let expires = now.plus(hours(app.config.ticket_hours)).seconds();
    let contents = Contents {
        ticket_id: draft.ticket_id.clone(),
        region: app.config.region.clone(),
        asset_id: id.to_string(),
        asset_name: asset.name.clone(),
        asset_type: asset.asset_type.as_str().to_owned(),
        asset_created_at: asset.created_at,
        version,
        manifest: digest,
        issued_at: now,
        expires,
        to_region: draft.names_region.then(|| draft.key.peer.clone()),
        to_project: draft.to_project.clone(),
    };
    let ticket = recorded(&contents, caller, asset, draft);
    store::tickets::insert(tx, &ticket).await?;
    store::keys::count_use(tx, &draft.key.key_id).await?;
    let detail = json!({
        "ticket_id": ticket.ticket_id, "version": version, "to_region": ticket.peer,
        "to_project": ticket.to_project, "key_id": ticket.key_id,
    });
    let (action, resource) = (Action::AssetReplicate.name(), format!("asset/{id}"));
    let event = Event::new(app, action, resource, Outcome::Done, detail);
    audit::record(tx, &event.by(caller).in_project(&asset.project_id)).await?;
    Ok(contents)
}

fn recorded(contents: &Contents, caller: &Caller, asset: &Asset, draft: &Draft) -> Ticket {
    Ticket {
        ticket_id: contents.ticket_id.clone(),
        project_id: asset.project_id.clone(),
        asset_id: asset.asset_id.clone(),
        asset_name: asset.name.clone(),
        version: contents.version,
        digest: contents.manifest.clone(),
        key_id: draft.key.key_id.clone(),
        peer: draft.key.peer.clone(),
        to_project: draft.to_project.clone(),
        issued_by: caller.principal.user_id.to_string(),
        issued_at: contents.issued_at,
        expires_at: contents.expires_at(),
        used_at: None,
        revoked_at: None,
        state: CopyState::Issued,
        revision: 0,
        progress: Progress::default(),
        updated_at: contents.issued_at,
        finished_at: None,
    }
}
