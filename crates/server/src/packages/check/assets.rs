//! The assets of a package against the library's rules and against the entries: every file of an
//! asset has its entry, and every entry its file.

use std::collections::HashMap;

use entrepot_archive::layout::{ASSETS, PACKAGE};
use entrepot_archive::model::{Asset, Category, File, Package};

use super::{Named, Outline, rules};
use crate::app::App;
use crate::error::Result;
use crate::ids::UploadId;
use crate::packages::receive::invalid;
use crate::packages::store::entries;
use crate::packages::unpacked::Assets;
use crate::packages::uploads::model::Entry;
use crate::portable;

/// Files that are looked up together.
const LOOKED_UP: usize = 500;

/// Answers how many items there are, assets and files.
pub async fn check(
    app: &App,
    upload: &UploadId,
    outline: &Outline,
    package: &Package,
) -> Result<u64> {
    let mut assets = Assets::open(app, &outline.assets).await?;
    let mut named = Named::of(outline.entries);
    let (mut asset_count, mut file_count, mut byte_count) = (0_u64, 0_u64, 0_u64);
    let mut files: Vec<File> = Vec::new();
    while let Some(asset) = assets.next().await? {
        check_asset(&asset, outline)?;
        asset_count += 1;
        for file in asset.files {
            file_count += 1;
            byte_count = byte_count.saturating_add(file.size);
            files.push(file);
            if files.len() >= LOOKED_UP {
                check_files(app, upload, std::mem::take(&mut files), &mut named).await?;
            }
        }
    }
    check_files(app, upload, files, &mut named).await?;
    if file_count != outline.files {
        let there = outline.files;
        return Err(invalid(format!(
            "{ASSETS} names {file_count} files, but the package has {there}"
        )));
    }
    let counted = (asset_count, file_count, byte_count);
    if counted != (package.asset_count, package.file_count, package.byte_count) {
        return Err(invalid(format!("the counts of {PACKAGE} are wrong")));
    }
    Ok(asset_count + file_count)
}

fn check_asset(asset: &Asset, outline: &Outline) -> Result<()> {
    let place = format!("asset {}", asset.asset_id);
    if let Some(unknown) = asset.apps.iter().find(|id| !outline.apps.contains_key(*id)) {
        let problem = format!("{place}: application {unknown} is not there");
        return Err(invalid(problem));
    }
    let is_main = |file: &File| file.category == Category::Main;
    if !asset.files.iter().any(is_main) {
        return Err(invalid(format!("{place}: it has no MAIN file")));
    }
    portable::check_asset(asset).map_err(|error| rules::about(&place, error))
}

async fn check_files(
    app: &App,
    upload: &UploadId,
    files: Vec<File>,
    named: &mut Named,
) -> Result<()> {
    if files.is_empty() {
        return Ok(());
    }
    let paths: Vec<String> = files.iter().map(|file| file.path.clone()).collect();
    let id = upload.clone();
    let found = app
        .db
        .read(async move |tx| {
            let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
            entries::list_by_path(tx, &id, &paths).await
        })
        .await?;
    let found: HashMap<&str, &Entry> = found.iter().map(|e| (e.path.as_str(), e)).collect();
    for file in &files {
        check_file(file, found.get(file.path.as_str()).copied(), named)?;
    }
    Ok(())
}

fn check_file(file: &File, entry: Option<&Entry>, named: &mut Named) -> Result<()> {
    let path = &file.path;
    let Some(entry) = entry else {
        let problem = format!("{ASSETS} names “{path}”, which is not there");
        return Err(invalid(problem));
    };
    let digests = &entry.digests;
    let same = digests.size == file.size
        && entrepot_archive::hex(&digests.sha256) == file.sha256
        && entrepot_archive::hex(&digests.md5) == file.md5;
    if !same {
        let problem = format!("entry “{path}” is not what {ASSETS} says of it");
        return Err(invalid(problem));
    }
    if !named.name(entry.seq) {
        return Err(invalid(format!("{ASSETS} names “{path}” twice")));
    }
    Ok(())
}
