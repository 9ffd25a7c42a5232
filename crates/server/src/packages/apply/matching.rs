//! What a Merge updates: by id, then by name. With a prefix ids mean nothing, since a second copy
//! is meant: then names count, and for assets those in the applications they go into.

use entrepot_archive::model;

use crate::assets::{self, Asset, AssetState};
use crate::db::Tx;
use crate::error::Result;
use crate::ids::{AppId, AssetId, TaskId};
use crate::instances::{self, Application, Task};
use crate::packages::import_job::ImportPackage;
use crate::packages::store;

pub async fn app(
    tx: &mut Tx,
    import: &ImportPackage,
    id: &str,
    name: &str,
) -> Result<Option<Application>> {
    if !import.options.merges() {
        return Ok(None);
    }
    if import.options.keeps_ids() {
        let same = instances::find_app(tx, &import.instance_id, &AppId::new(id)).await?;
        if same.is_some() {
            return Ok(same);
        }
    }
    let name = import.options.named(name);
    instances::find_app_by_name(tx, &import.instance_id, &name).await
}

pub async fn task(
    tx: &mut Tx,
    import: &ImportPackage,
    id: &str,
    name: &str,
) -> Result<Option<Task>> {
    if !import.options.merges() {
        return Ok(None);
    }
    if import.options.keeps_ids() {
        let same = instances::find_task(tx, &import.instance_id, &TaskId::new(id)).await?;
        if same.is_some() {
            return Ok(same);
        }
    }
    let name = import.options.named(name);
    instances::find_task_by_name(tx, &import.instance_id, &name).await
}

/// `into` are the applications that the asset goes into, as far as they are there.
pub async fn asset(
    tx: &mut Tx,
    import: &ImportPackage,
    packed: &model::Asset,
    into: &[AppId],
) -> Result<Option<Asset>> {
    if !import.options.merges() {
        return Ok(None);
    }
    let kind = assets::rules::parse_type(&packed.asset_type)?;
    let same = if import.options.keeps_ids() {
        let id = AssetId::new(&packed.asset_id);
        let same = assets::store::find(tx, &import.project_id, &id).await?;
        if let Some(asset) = same.filter(|asset| asset.state() != AssetState::Deleted) {
            return Ok(Some(asset));
        }
        assets::list_namesakes(tx, &import.project_id, &packed.name, kind).await?
    } else {
        instances::list_namesakes(tx, into, &packed.name, kind).await?
    };
    let [asset] = same.as_slice() else {
        return Ok(None);
    };
    if is_spoken_for(tx, import, asset).await? {
        return Ok(None);
    }
    Ok(Some(asset.clone()))
}

/// Whether another asset of the package is, or was, this one.
async fn is_spoken_for(tx: &mut Tx, import: &ImportPackage, asset: &Asset) -> Result<bool> {
    let id = &asset.asset_id;
    if store::items::has_asset(tx, &import.job_id, id).await? {
        return Ok(true);
    }
    Ok(import.options.keeps_ids() && store::entries::has_asset(tx, &import.upload_id, id).await?)
}
