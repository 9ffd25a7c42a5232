//! The library's things in the words of a package, and why some can't go into one.

use entrepot_archive::model::{self, Category, MAX_ASSET_LINE, to_line};
use entrepot_archive::{Moment, layout as paths, parse_hex};

use super::contents::Content;
use super::layout::{Source, SourceFile};
use crate::assets::AssetState;
use crate::clock::Timestamp;
use crate::error::ErrorCode;
use crate::files::{self, Digests, File, FileState};
use crate::instances::{Application, Task};

/// Why an asset keeps its applications from being exported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub code: ErrorCode,
    /// Names the asset; at most 64 characters.
    pub message: String,
}

pub fn app(app: &Application) -> model::App {
    model::App {
        id: app.app_id.to_string(),
        name: app.name.clone(),
        remark: (!app.remark.is_empty()).then(|| app.remark.clone()),
        favorite: app.favorite,
    }
}

pub fn task(task: &Task) -> model::Task {
    model::Task {
        task_id: task.task_id.to_string(),
        task_name: task.name.clone(),
        task_type: task.task_type.as_str().to_owned(),
        description: task.description.clone(),
        task_tag: task.tag.clone(),
        source_datasource_id: task.source_datasource_id.clone(),
        target_datasource_id: task.target_datasource_id.clone(),
        task_detail: task.detail.clone(),
    }
}

/// An asset's line and its files, in the same order.
pub fn asset(content: Content) -> Result<(model::Asset, Vec<SourceFile>), Refusal> {
    let asset = content.asset;
    let id = asset.asset_id.to_string();
    let state = asset.state();
    let refuse = |code, problem: &str| Refusal {
        code,
        message: format!("Asset {id} {problem}"),
    };
    match state {
        AssetState::Unactived | AssetState::Actived | AssetState::WaitingDelete => {}
        AssetState::Block => return Err(refuse(ErrorCode::AssetBlocked, "is BLOCK")),
        other => {
            let problem = format!("is {}", other.as_str());
            return Err(refuse(ErrorCode::IllegalAssetState, &problem));
        }
    }
    let mut lines = Vec::with_capacity(content.files.len());
    let mut sources = Vec::with_capacity(content.files.len());
    for (of, digests) in content.files {
        let (line, source) =
            file(&id, of, digests).map_err(|(code, problem)| refuse(code, problem))?;
        lines.push(line);
        sources.push(source);
    }
    let properties = asset
        .properties
        .into_iter()
        .map(|property| model::SystemProperty {
            name: property.key,
            value: property.value.unwrap_or_default(),
        });
    let line = model::Asset {
        asset_id: id.clone(),
        apps: content.apps.iter().map(ToString::to_string).collect(),
        name: asset.name,
        description: asset.description,
        asset_type: asset.asset_type.as_str().to_owned(),
        state: state.as_str().to_owned(),
        app_user_id: asset.app_user_id,
        order: asset.order,
        tags: asset.tags,
        system_properties: properties.collect(),
        supported_service: asset.services,
        extra_meta: asset.extra_meta,
        created_at: moment(asset.created_at),
        updated_at: moment(asset.updated_at),
        files: lines,
    };
    if let Err(invalid) = line.validate() {
        tracing::warn!(%invalid, "an asset can't be described in a package");
        return Err(refuse(ErrorCode::NotSupported, "has a bad field"));
    }
    if line.files.len() > FEW_FILES && to_line(&line).len() > MAX_ASSET_LINE {
        return Err(refuse(ErrorCode::NotSupported, "is too large"));
    }
    Ok((line, sources))
}

/// So many can't make a line too long, whatever their names are.
const FEW_FILES: usize = 1000;

fn file(
    asset: &str,
    file: File,
    digests: Digests,
) -> Result<(model::File, SourceFile), (ErrorCode, &'static str)> {
    if file.state != FileState::Created {
        return Err((ErrorCode::IllegalFileState, "has an unfinished file"));
    }
    let missing = (ErrorCode::ContentMissing, "misses bytes of a file");
    let (Some(blob), Some(size), Some(md5), Some(sha256), Some(crc32)) = (
        file.blob_id,
        digests.size,
        digests.md5,
        digests.sha256,
        digests.crc32,
    ) else {
        return Err(missing);
    };
    let size = u64::try_from(size).map_err(|_| missing)?;
    let path = paths::file_path(asset, file.file_id.as_str(), &file.file_type);
    let path = path.map_err(|_| (ErrorCode::NotSupported, "has a file with a bad id"))?;
    let source = SourceFile {
        path: path.clone(),
        size,
        crc32,
        sha256: parse_hex(&sha256).map_err(|_| missing)?,
        blob: Source::of_blob(&blob).map_err(|_| missing)?,
    };
    let line = model::File {
        file_id: file.file_id.into_string(),
        name: file.name,
        file_type: file.file_type,
        category: category(file.category),
        size,
        md5,
        sha256,
        path: path.as_str().to_owned(),
        created_at: moment(file.created_at),
    };
    Ok((line, source))
}

fn category(category: files::Category) -> Category {
    match category {
        files::Category::Main => Category::Main,
        files::Category::Cover => Category::Cover,
        files::Category::Page => Category::Page,
        files::Category::Sample => Category::Sample,
        files::Category::Other => Category::Other,
        files::Category::Temporary => Category::Temporary,
        files::Category::Package => Category::Package,
    }
}

pub fn moment(time: Timestamp) -> Moment {
    Moment::from_millis(time.millis())
}
