//! What declaring a file has in common, sent by one PUT or in parts.

use super::model::{Category, File, FileState};
use super::{rules, store};
use crate::app::App;
use crate::assets::{self, Asset, AssetState, Step};
use crate::clock::Timestamp;
use crate::db::Tx;
use crate::error::{Error, ErrorCode, Result};
use crate::iam::Permit;
use crate::ids::{AssetId, ProjectId};

/// What both calls say of a file, as sent.
#[derive(Debug)]
pub struct Label {
    pub file_name: String,
    pub file_type: String,
    pub asset_id: String,
    pub category: String,
}

/// A file as its label has it, with nothing declared of its bytes yet.
pub fn draft(app: &App, project: ProjectId, label: Label) -> Result<File> {
    let category = rules::parse_category(&label.category)?;
    rules::check_file_type(&label.file_type)?;
    assets::rules::check_label("file_name", &label.file_name, 1..=256)?;
    assets::rules::check_length("asset_id", &label.asset_id, 1..=64)?;
    let now = app.clock.now();
    Ok(File {
        file_id: app.ids.file(),
        asset_id: AssetId::new(label.asset_id),
        project_id: project,
        name: label.file_name,
        file_type: label.file_type,
        category,
        state: FileState::Creating,
        declared_md5: None,
        declared_size: None,
        part_count: None,
        blob_id: None,
        reason: None,
        created_at: now,
        updated_at: now,
    })
}

/// Adds the file to its asset, if the asset may have it.
pub async fn declare(app: &App, permit: Permit, file: File) -> Result<(File, Asset)> {
    let now = app.clock.now();
    app.db
        .write(async move |tx| {
            let asset = assets::permitted(tx, &permit, &file.project_id, &file.asset_id).await?;
            refuse_unchangeable(&asset)?;
            rules::check_category(asset.asset_type, file.category)?;
            rules::check_format(
                asset.asset_type,
                file.category,
                &file.file_type,
                file.declared_size,
            )?;
            if !store::insert(tx, &file).await? {
                return Err(store::taken(file.category));
            }
            let asset = touch(tx, asset, file.category, now).await?;
            Ok((file.clone(), asset))
        })
        .await
}

pub fn refuse_unchangeable(asset: &Asset) -> Result<()> {
    let state = asset.state();
    if state.is_changeable() {
        return Ok(());
    }
    let code = match state {
        AssetState::Block => ErrorCode::AssetBlocked,
        _ => ErrorCode::IllegalAssetState,
    };
    let name = state.as_str();
    Err(Error::new(
        code,
        format!("The asset is {name}; in this state its files can't change."),
    ))
}

/// A new main file for an asset whose last one failed starts it over.
async fn touch(tx: &mut Tx, asset: Asset, category: Category, now: Timestamp) -> Result<Asset> {
    if category == Category::Main && asset.state() == AssetState::Failed {
        return assets::take_step(tx, asset, Step::MainFileGone, now).await;
    }
    assets::change(tx, asset, now, |_| {}).await
}
