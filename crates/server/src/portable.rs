//! An asset as it travels, in a package or to another region: how the library's own becomes
//! `entrepot_archive`'s description, and how that becomes the library's own, under all its rules.

use data_encoding::BASE64;
use entrepot_api::assets::SystemProperty;
use entrepot_archive::model::{self, MAX_ASSET_LINE, to_line};
use entrepot_archive::{EntryPath, Moment, layout as paths, parse_hex};

use crate::assets::state::Standing;
use crate::assets::{self, Asset, AssetState};
use crate::clock::Timestamp;
use crate::error::{Error, ErrorCode, Result};
use crate::files::rules as file_rules;
use crate::files::{Category, Digests, File, FileState};
use crate::ids::{AppId, AssetId, BlobId, FileId, ProjectId};
use crate::processing;

/// Why an asset can't travel now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub code: ErrorCode,
    /// Names the asset; at most 64 characters.
    pub message: String,
}

/// Where the bytes of a file are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// In a package.
    pub path: EntryPath,
    /// Bytes.
    pub size: u64,
    pub crc32: u32,
    pub sha256: [u8; 32],
    pub blob: BlobId,
}

/// An asset's description and where the bytes of its files are, in the same order.
pub fn describe(
    asset: Asset,
    apps: &[AppId],
    files: Vec<(File, Digests)>,
) -> Result<(model::Asset, Vec<Stored>), Refusal> {
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
    let mut lines = Vec::with_capacity(files.len());
    let mut sources = Vec::with_capacity(files.len());
    for (of, digests) in files {
        let (line, source) =
            describe_file(&id, of, digests).map_err(|(code, problem)| refuse(code, problem))?;
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
        apps: apps.iter().map(ToString::to_string).collect(),
        name: asset.name,
        description: asset.description,
        asset_type: asset.asset_type.as_str().to_owned(),
        state: state.as_str().to_owned(),
        app_user_id: asset.app_user_id,
        order: asset.order,
        tags: asset.tags,
        system_properties: properties.collect(),
        supported_service: asset.services,
        extra_meta: asset.extra_meta.map(processing::meta::portable),
        needs_cover: asset.needs_cover,
        created_at: moment(asset.created_at),
        updated_at: moment(asset.updated_at),
        files: lines,
    };
    if let Err(invalid) = line.validate() {
        tracing::warn!(%invalid, "an asset can't be described");
        return Err(refuse(ErrorCode::NotSupported, "has a bad field"));
    }
    if line.files.len() > FEW_FILES && to_line(&line).len() > MAX_ASSET_LINE {
        return Err(refuse(ErrorCode::NotSupported, "is too large"));
    }
    Ok((line, sources))
}

/// So many can't make a line too long, whatever their names are.
const FEW_FILES: usize = 1000;

fn describe_file(
    asset: &str,
    file: File,
    digests: Digests,
) -> Result<(model::File, Stored), (ErrorCode, &'static str)> {
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
    let source = Stored {
        path: path.clone(),
        size,
        crc32,
        sha256: parse_hex(&sha256).map_err(|_| missing)?,
        blob,
    };
    let line = model::File {
        file_id: file.file_id.into_string(),
        name: file.name,
        file_type: file.file_type,
        category: described(file.category),
        size,
        md5,
        sha256,
        path: path.as_str().to_owned(),
        created_at: moment(file.created_at),
    };
    Ok((line, source))
}

fn described(category: Category) -> model::Category {
    match category {
        Category::Main => model::Category::Main,
        Category::Cover => model::Category::Cover,
        Category::Page => model::Category::Page,
        Category::Sample => model::Category::Sample,
        Category::Other => model::Category::Other,
        Category::Temporary => model::Category::Temporary,
        Category::Package => model::Category::Package,
    }
}

pub fn moment(time: Timestamp) -> Moment {
    Moment::from_millis(time.millis())
}

pub fn check_asset(portable: &model::Asset) -> Result<()> {
    let nobody = ProjectId::new("");
    let asset = asset(portable, &nobody, Timestamp::from_seconds(0))?;
    if let Some(id) = &portable.app_user_id
        && (id.is_empty() || id.len() > 256 || !id.bytes().all(|b| matches!(b, b' '..=b'~')))
    {
        return Err(Error::parameter(
            "app_user_id",
            "must be 1 to 256 printable ASCII characters",
        ));
    }
    portable
        .files
        .iter()
        .try_for_each(|file| check_file(&asset, file))
}

fn check_file(asset: &Asset, portable: &model::File) -> Result<()> {
    let category = category(portable.category);
    let size = i64::try_from(portable.size).unwrap_or(i64::MAX);
    file_rules::check_file_type(&portable.file_type)?;
    assets::rules::check_label("files.name", &portable.name, 1..=256)?;
    file_rules::check_size(size, file_rules::MAX_LARGE_SIZE)?;
    file_rules::check_category(asset.asset_type, category)?;
    file_rules::check_format(asset.asset_type, category, &portable.file_type, Some(size))
}

pub fn category(portable: model::Category) -> Category {
    match portable {
        model::Category::Main => Category::Main,
        model::Category::Cover => Category::Cover,
        model::Category::Page => Category::Page,
        model::Category::Sample => Category::Sample,
        model::Category::Other => Category::Other,
        model::Category::Temporary => Category::Temporary,
        model::Category::Package => Category::Package,
    }
}

/// No later than now.
fn time(portable: Moment, now: Timestamp) -> Timestamp {
    Timestamp::from_millis(portable.millis()).min(now)
}

/// The asset as the library has it, under the id that it is described with.
pub fn asset(portable: &model::Asset, project: &ProjectId, now: Timestamp) -> Result<Asset> {
    use assets::rules as r;
    r::check_name(&portable.name)?;
    r::check_description(portable.description.as_deref().unwrap_or_default())?;
    r::check_order(portable.order)?;
    if let Some(meta) = &portable.extra_meta {
        r::check_extra_meta(meta)?;
    }
    let state = AssetState::parse(&portable.state).filter(|state| state.is_readable());
    let unknown = || Error::new(ErrorCode::IllegalAssetState, "its state is not known");
    let pair = |p: &model::SystemProperty| SystemProperty {
        action: None,
        key: p.name.clone(),
        value: Some(p.value.clone()),
    };
    let pairs = portable.system_properties.iter().map(pair).collect();
    Ok(Asset {
        asset_id: AssetId::new(&portable.asset_id),
        project_id: project.clone(),
        version: 1,
        url_epoch: 1,
        name: portable.name.clone(),
        description: portable.description.clone(),
        asset_type: r::parse_type(&portable.asset_type)?,
        standing: Standing {
            state: state.ok_or_else(unknown)?,
            before: None,
        },
        app_user_id: portable.app_user_id.clone(),
        order: portable.order,
        needs_cover: portable.needs_cover,
        block_reason_code: None,
        reason: None,
        tags: r::checked_tags(portable.tags.clone())?,
        properties: r::apply_properties(Vec::new(), pairs)?,
        services: r::checked_services(portable.supported_service.clone())?,
        extra_meta: portable.extra_meta.clone(),
        created_at: time(portable.created_at, now),
        updated_at: time(portable.updated_at, now),
        deleted_at: None,
    })
}

/// A file as the library has it, under the id that it is described with and without its bytes.
pub fn file(portable: &model::File, asset: &Asset, now: Timestamp) -> Result<File> {
    let md5 = parse_hex::<16>(&portable.md5).map_err(Error::internal)?;
    Ok(File {
        file_id: FileId::new(&portable.file_id),
        asset_id: asset.asset_id.clone(),
        project_id: asset.project_id.clone(),
        name: portable.name.clone(),
        file_type: portable.file_type.clone(),
        category: category(portable.category),
        state: FileState::Created,
        declared_md5: Some(BASE64.encode(&md5)),
        declared_size: i64::try_from(portable.size).ok(),
        part_count: None,
        blob_id: None,
        reason: None,
        created_at: time(portable.created_at, now),
        updated_at: now,
    })
}
