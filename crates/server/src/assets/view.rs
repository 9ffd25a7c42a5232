//! An asset as the wire shows it.

use std::collections::HashMap;

use entrepot_api::assets::DigitalAssetInfo;
use entrepot_api::files::AssetFileInfo;

use super::model::Asset;
use super::state::AssetState;
use crate::app::App;
use crate::db::Tx;
use crate::error::Result;
use crate::files;
use crate::ids::AssetId;
use crate::processing;

/// Adds each asset's files; one statement for all of them.
pub async fn with_files(
    tx: &mut Tx,
    app: &App,
    assets: Vec<Asset>,
) -> Result<Vec<DigitalAssetInfo>> {
    let shown: Vec<&Asset> = assets
        .iter()
        .filter(|asset| asset.state() != AssetState::Deleted)
        .collect();
    let mut files = files::list_infos(tx, app, &shown).await?;
    Ok(assets
        .into_iter()
        .map(|asset| info(asset, &mut files))
        .collect())
}

fn info(mut asset: Asset, files: &mut HashMap<AssetId, Vec<AssetFileInfo>>) -> DigitalAssetInfo {
    let files = files.remove(&asset.asset_id).unwrap_or_default();
    processing::meta::name_page_files(asset.extra_meta.as_mut(), &files);
    DigitalAssetInfo {
        files,
        project_id: asset.project_id.to_string(),
        asset_name: asset.name,
        asset_description: asset.description,
        app_user_id: asset.app_user_id,
        create_time: asset.created_at.rfc3339(),
        update_time: asset.updated_at.rfc3339(),
        asset_type: asset.asset_type.as_str().to_owned(),
        asset_state: asset.standing.state.as_str().to_owned(),
        block_reason_code: asset.block_reason_code,
        reason: asset.reason,
        tags: asset.tags,
        asset_extra_meta: asset.extra_meta,
        system_properties: asset.properties,
        asset_order: asset.order,
        supported_service: asset.services,
        entrepot_version: asset.version,
        asset_id: asset.asset_id.into_string(),
    }
}
