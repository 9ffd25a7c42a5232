//! Files as the wire shows them.

use std::collections::HashMap;

use data_encoding::{BASE64, HEXLOWER};
use entrepot_api::files::{AssetFileInfo, FileProgress};

use super::hash;
use super::model::{File, FileState};
use super::store::{self, Digests};
use crate::app::App;
use crate::assets::Asset;
use crate::db::Tx;
use crate::error::Result;
use crate::ids::AssetId;
use crate::objects::Link;

/// The files of some assets, by asset, oldest first; deleted ones do not show.
pub async fn list_infos(
    tx: &mut Tx,
    app: &App,
    assets: &[&Asset],
) -> Result<HashMap<AssetId, Vec<AssetFileInfo>>> {
    let mut infos: HashMap<AssetId, Vec<AssetFileInfo>> = HashMap::new();
    if assets.is_empty() {
        return Ok(infos);
    }
    let files = store::list_with_digests(tx, assets).await?;
    let hashing: Vec<&str> = files
        .iter()
        .filter(|(file, _)| file.state == FileState::Uploaded)
        .map(|(file, _)| file.file_id.as_str())
        .collect();
    let mut progress = hash::list_progress(tx, &hashing).await?;
    let by_id: HashMap<&AssetId, &Asset> = assets.iter().map(|a| (&a.asset_id, *a)).collect();
    for (file, digests) in files {
        let Some(asset) = by_id.get(&file.asset_id) else {
            continue;
        };
        let progress = progress.remove(file.file_id.as_str());
        let id = file.asset_id.clone();
        let info = info(app, asset, file, digests, progress);
        infos.entry(id).or_default().push(info);
    }
    Ok(infos)
}

fn info(
    app: &App,
    asset: &Asset,
    file: File,
    digests: Digests,
    progress: Option<FileProgress>,
) -> AssetFileInfo {
    let readable = asset.state().is_readable() && file.state == FileState::Created;
    let download_url = readable.then(|| {
        app.urls.download(
            &Link {
                project: &file.project_id,
                asset: &file.asset_id,
                file: &file.file_id,
                file_type: &file.file_type,
                epoch: asset.url_epoch,
            },
            app.clock.now(),
        )
    });
    AssetFileInfo {
        file_id: file.file_id.into_string(),
        file_name: file.name,
        file_md5: file
            .declared_md5
            .or_else(|| base64(digests.md5.as_deref()?)),
        file_size: digests.size.or(file.declared_size),
        file_type: file.file_type,
        asset_file_category: file.category.as_str().to_owned(),
        download_url,
        state: file.state.as_str().to_owned(),
        reason: file.reason,
        entrepot_sha256: digests.sha256,
        entrepot_progress: progress,
    }
}

/// The wire has MD5 in base64, the database in hexadecimal digits.
fn base64(hex: &str) -> Option<String> {
    let bytes = HEXLOWER.decode(hex.as_bytes()).ok()?;
    Some(BASE64.encode(&bytes))
}
