//! Freezing an asset and lifting it, by an administrator: files unreadable at once, no URLs anywhere.

use serde_json::json;

use super::model::Asset;
use super::state::Step;
use super::{steps, store};
use crate::app::App;
use crate::audit::{self, Event, Outcome};
use crate::error::Result;
use crate::ids::AssetId;

pub async fn block(app: &App, id: &AssetId, code: &str, reason: &str) -> Result<Asset> {
    super::rules::check_label("reason_code", code, 1..=64)?;
    super::rules::check_label("reason", reason, 1..=256)?;
    let why = (Some(code.to_owned()), Some(reason.to_owned()));
    step(app, id, Step::Block, why).await
}

pub async fn unblock(app: &App, id: &AssetId) -> Result<Asset> {
    step(app, id, Step::Unblock, (None, None)).await
}

async fn step(
    app: &App,
    id: &AssetId,
    step: Step,
    why: (Option<String>, Option<String>),
) -> Result<Asset> {
    let action = match step {
        Step::Block => "entrepot:admin:asset-block",
        _ => "entrepot:admin:asset-unblock",
    };
    let (resource, detail) = (format!("asset/{id}"), json!({"reason_code": why.0}));
    let event = Event::new(app, action, resource, Outcome::Done, detail);
    let (id, now) = (id.clone(), app.clock.now());
    app.db
        .write(async move |tx| {
            let found = store::find_anywhere(tx, &id).await?;
            let asset = found.ok_or_else(store::not_found)?;
            let event = event.clone().in_project(&asset.project_id);
            audit::record(tx, &event).await?;
            let asset = steps::take_step(tx, asset, step, now).await?;
            let (code, reason) = why.clone();
            steps::change(tx, asset, now, |asset| {
                asset.block_reason_code = code;
                asset.reason = reason;
            })
            .await
        })
        .await
}
