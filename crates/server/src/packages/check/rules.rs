//! A package's objects as the library's own, under the library's own rules.

use data_encoding::BASE64;
use entrepot_api::assets::SystemProperty;
use entrepot_archive::model;

use crate::assets::model::Asset;
use crate::assets::state::Standing;
use crate::assets::{self, AssetState};
use crate::clock::Timestamp;
use crate::error::{Error, ErrorCode, Result};
use crate::files::model::{Category, File, FileState};
use crate::files::rules as file_rules;
use crate::ids::{AssetId, FileId, ProjectId};
use crate::instances::rules;
use crate::packages::receive::invalid;
use crate::packages::uploads::model::Options;

const OF_PREFIX: &str = "Invalid parameter: prefix ";

/// An error of a rule, as one of the package; one of the call's parameter stays.
pub fn about(place: &str, error: Error) -> Error {
    if error.message.starts_with(OF_PREFIX) {
        return error;
    }
    let problem = error.message.trim_start_matches("Invalid parameter: ");
    invalid(format!("{place}: {}", problem.trim_end_matches('.')))
}

pub fn check_app(app: &model::App, options: &Options) -> Result<()> {
    rules::check_app_name(&app.name)?;
    rules::check_remark(app.remark.as_deref().unwrap_or_default())?;
    rules::check_app_name(&options.named(&app.name)).map_err(|_| unfit(&app.name))
}

fn unfit(name: &str) -> Error {
    Error::parameter("prefix", format!("does not go with the name “{name}”"))
}

pub fn check_task(task: &model::Task, options: &Options) -> Result<()> {
    rules::check_task_name(&task.task_name)?;
    rules::parse_task_type(&task.task_type)?;
    rules::check_task_description(task.description.as_deref().unwrap_or_default())?;
    rules::check_task_tag(task.task_tag.as_deref().unwrap_or_default())?;
    rules::check_datasource("source_datasource_id", &task.source_datasource_id)?;
    rules::check_datasource("target_datasource_id", &task.target_datasource_id)?;
    rules::check_task_detail(&task.task_detail)?;
    rules::check_task_name(&options.named(&task.task_name)).map_err(|_| unfit(&task.task_name))
}

pub fn check_asset(packed: &model::Asset) -> Result<()> {
    let nobody = ProjectId::new("");
    let asset = asset(packed, &nobody, Timestamp::from_seconds(0))?;
    if let Some(id) = &packed.app_user_id
        && (id.is_empty() || id.len() > 256 || !id.bytes().all(|b| matches!(b, b' '..=b'~')))
    {
        return Err(Error::parameter(
            "app_user_id",
            "must be 1 to 256 printable ASCII characters",
        ));
    }
    packed
        .files
        .iter()
        .try_for_each(|file| check_file(&asset, file))
}

fn check_file(asset: &Asset, packed: &model::File) -> Result<()> {
    let category = category(packed.category);
    let size = i64::try_from(packed.size).unwrap_or(i64::MAX);
    file_rules::check_file_type(&packed.file_type)?;
    assets::rules::check_label("files.name", &packed.name, 1..=256)?;
    file_rules::check_size(size, file_rules::MAX_LARGE_SIZE)?;
    file_rules::check_category(asset.asset_type, category)?;
    file_rules::check_format(asset.asset_type, category, &packed.file_type, Some(size))
}

pub fn category(packed: model::Category) -> Category {
    match packed {
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
fn time(packed: entrepot_archive::Moment, now: Timestamp) -> Timestamp {
    Timestamp::from_millis(packed.millis()).min(now)
}

/// The asset as the library has it, under its id in the package.
pub fn asset(packed: &model::Asset, project: &ProjectId, now: Timestamp) -> Result<Asset> {
    use assets::rules as r;
    r::check_name(&packed.name)?;
    r::check_description(packed.description.as_deref().unwrap_or_default())?;
    r::check_order(packed.order)?;
    if let Some(meta) = &packed.extra_meta {
        r::check_extra_meta(meta)?;
    }
    let state = AssetState::parse(&packed.state).filter(|state| state.is_readable());
    let unknown = || Error::new(ErrorCode::IllegalAssetState, "its state is not known");
    let pair = |p: &model::SystemProperty| SystemProperty {
        action: None,
        key: p.name.clone(),
        value: Some(p.value.clone()),
    };
    let pairs = packed.system_properties.iter().map(pair).collect();
    Ok(Asset {
        asset_id: AssetId::new(&packed.asset_id),
        project_id: project.clone(),
        version: 1,
        url_epoch: 1,
        name: packed.name.clone(),
        description: packed.description.clone(),
        asset_type: r::parse_type(&packed.asset_type)?,
        standing: Standing {
            state: state.ok_or_else(unknown)?,
            before: None,
        },
        app_user_id: packed.app_user_id.clone(),
        order: packed.order,
        needs_cover: false,
        block_reason_code: None,
        reason: None,
        tags: r::checked_tags(packed.tags.clone())?,
        properties: r::apply_properties(Vec::new(), pairs)?,
        services: r::checked_services(packed.supported_service.clone())?,
        extra_meta: packed.extra_meta.clone(),
        created_at: time(packed.created_at, now),
        updated_at: time(packed.updated_at, now),
        deleted_at: None,
    })
}

/// A file as the library has it, under its id in the package and without its bytes.
pub fn file(packed: &model::File, asset: &Asset, now: Timestamp) -> Result<File> {
    let md5 = entrepot_archive::parse_hex::<16>(&packed.md5).map_err(Error::internal)?;
    Ok(File {
        file_id: FileId::new(&packed.file_id),
        asset_id: asset.asset_id.clone(),
        project_id: asset.project_id.clone(),
        name: packed.name.clone(),
        file_type: packed.file_type.clone(),
        category: category(packed.category),
        state: FileState::Created,
        declared_md5: Some(BASE64.encode(&md5)),
        declared_size: i64::try_from(packed.size).ok(),
        part_count: None,
        blob_id: None,
        reason: None,
        created_at: time(packed.created_at, now),
        updated_at: now,
    })
}
