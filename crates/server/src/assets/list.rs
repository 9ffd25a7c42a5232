//! `GET /v1/{project_id}/digital-assets`

use std::collections::BTreeMap;
use std::time::Duration;

use axum::extract::State;
use entrepot_api::assets::{ErrorResponse, ListAssetsResponse};

use super::filter;
use super::model::AssetType;
use super::search::{self, Criteria, Page, SortKey, Text};
use super::state::AssetState;
use super::view;
use crate::app::App;
use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::http::caller::Caller;
use crate::http::json::Json;
use crate::http::path::PathIds;
use crate::http::query::Query;
use crate::iam::Assets;
use crate::ids::ProjectId;

/// Lists assets
///
/// All filters given must hold. `count` is exact. DELETED assets show only when asked for by state.
#[utoipa::path(get, path = "/v1/{project_id}/digital-assets", tag = "Assets",
    params(
        ("project_id" = String, Path),
        ("limit" = Option<i64>, Query, description = "1 to 100, 10 by default"),
        ("offset" = Option<i64>, Query, description = "Rows to skip, 0 by default"),
        ("name" = Option<String>, Query, description = "Somewhere in the name, case does not count"),
        ("tag" = Option<String>, Query, description = "Somewhere in a tag; several by commas"),
        ("tag_combination_type" = Option<String>, Query, description = "UNION_SET (default) or INTERSECTION"),
        ("start_time" = Option<String>, Query, description = "Created then or later, RFC 3339"),
        ("end_time" = Option<String>, Query, description = "Created then or before, RFC 3339"),
        ("asset_type" = Option<String>, Query, description = "By commas"),
        ("asset_state" = Option<String>, Query, description = "By commas; all but DELETED by default"),
        ("asset_source" = Option<String>, Query, description = "SYSTEM, CUSTOMIZATION (default) or ALL"),
        ("asset_id" = Option<Vec<String>>, Query, description = "Up to 100"),
        ("accurate_query_field" = Option<Vec<String>>, Query, description = "name, tag: matched exactly"),
        ("sort_key" = Option<String>, Query, description = "create_time (default), update_time or asset_order"),
        ("sort_dir" = Option<String>, Query, description = "asc (default) or desc"),
        ("system_property" = Option<String>, Query, description = "KEY:Value,KEY2:Value2"),
        ("supported_service" = Option<String>, Query, description = "VIDEO_2D, LIVE_2D, CHAT_2D; by commas"),
        ("app_user_id" = Option<String>, Query),
        ("style_id" = Option<String>, Query),
        ("render_engine" = Option<String>, Query),
        ("sex" = Option<String>, Query), ("language" = Option<String>, Query),
        ("voice_provider" = Option<String>, Query, description = "HUAWEI_METASTUDIO or MOBVOI"),
        ("is_realtime_voice" = Option<bool>, Query), ("action_editable" = Option<bool>, Query),
        ("is_with_action_library" = Option<bool>, Query), ("is_movable" = Option<bool>, Query),
        ("human_model_2d_version" = Option<String>, Query),
        ("include_device_name" = Option<String>, Query), ("exclude_device_name" = Option<String>, Query),
        ("role" = Option<String>, Query, description = "SHARER or SHAREE: nothing is shared yet, so the answer is empty"),
    ),
    responses((status = 200, body = ListAssetsResponse), (status = 400, body = ErrorResponse)))]
pub async fn get(
    State(app): State<App>,
    caller: Caller,
    PathIds(project): PathIds<ProjectId>,
    mut query: Query,
) -> Result<Json<ListAssetsResponse>> {
    let permit = caller.permit(Assets::Any(&project))?;
    let page = page(&mut query)?;
    let mut criteria = criteria(&mut query)?;
    criteria.permitted = permit.rests().to_vec();
    query.finish()?;
    let owned = app.clone();
    let answer = app
        .db
        .snapshot(async move |tx| {
            let found = search::list(tx, &project, &criteria, &page).await?;
            let assets = view::with_files(tx, &owned, found.assets).await?;
            let count = found.count;
            Ok(ListAssetsResponse { count, assets })
        })
        .await?;
    Ok(Json(answer))
}

fn one_of<T: Copy>(name: &str, value: Option<String>, words: &[(&str, T)]) -> Result<Option<T>> {
    let Some(value) = value else { return Ok(None) };
    if let Some((_, meaning)) = words.iter().find(|(word, _)| *word == value) {
        return Ok(Some(*meaning));
    }
    let words: Vec<_> = words.iter().map(|(word, _)| *word).collect();
    Err(Error::parameter(
        name,
        format!("must be one of {}", words.join(", ")),
    ))
}

fn page(query: &mut Query) -> Result<Page> {
    let sort_key = one_of(
        "sort_key",
        query.one("sort_key")?,
        &[
            ("create_time", SortKey::CreateTime),
            ("update_time", SortKey::UpdateTime),
            ("asset_order", SortKey::AssetOrder),
        ],
    )?;
    let directions = [("asc", false), ("desc", true)];
    let descending = one_of("sort_dir", query.one("sort_dir")?, &directions)?;
    Ok(Page {
        sort_key: sort_key.unwrap_or_default(),
        descending: descending.unwrap_or(false),
        limit: query.integer("limit", 1..=100)?.unwrap_or(10),
        offset: query
            .integer("offset", 0..=i64::from(i32::MAX))?
            .unwrap_or(0),
        after: None,
    })
}

fn criteria(query: &mut Query) -> Result<Criteria> {
    let mut criteria = Criteria::default();
    texts(query, &mut criteria)?;
    columns(query, &mut criteria)?;
    metadata(query, &mut criteria)?;
    sources(query, &mut criteria)?;
    Ok(criteria)
}

fn texts(query: &mut Query, criteria: &mut Criteria) -> Result<()> {
    let accurate = query.list("accurate_query_field", 100)?.unwrap_or_default();
    if let Some(field) = accurate
        .iter()
        .find(|f| !matches!(f.as_str(), "name" | "tag"))
    {
        let problem = format!("knows name and tag, not {field}");
        return Err(Error::parameter("accurate_query_field", problem));
    }
    let text = |field: &str, value: String| {
        if accurate.iter().any(|accurate| accurate == field) {
            Text::Exact(value)
        } else {
            Text::Fuzzy(value)
        }
    };
    let name = query.text("name", 0..=128)?;
    criteria.name = name.filter(|n| !n.is_empty()).map(|n| text("name", n));
    let tags = query.text("tag", 0..=1024)?.unwrap_or_default();
    let tags = tags.split(',').map(str::trim).filter(|tag| !tag.is_empty());
    criteria.tags = tags.map(|tag| text("tag", tag.to_owned())).collect();
    let combinations = [("INTERSECTION", true), ("UNION_SET", false)];
    let combination = query.one("tag_combination_type")?;
    criteria.all_tags =
        one_of("tag_combination_type", combination, &combinations)?.unwrap_or(false);
    Ok(())
}

fn time(query: &mut Query, name: &str) -> Result<Option<Timestamp>> {
    let Some(text) = query.text(name, 0..=20)?.filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    Timestamp::parse_rfc3339(&text)
        .map(Some)
        .ok_or_else(|| Error::parameter(name, "must have the form 2021-01-10T08:43:17Z"))
}

fn columns(query: &mut Query, criteria: &mut Criteria) -> Result<()> {
    criteria.from = time(query, "start_time")?;
    // the answer shows whole seconds, so the last one counts to its end
    let until = time(query, "end_time")?;
    criteria.until = until.map(|until| until.plus(Duration::from_millis(999)));
    for kind in query.words("asset_type", 0..=128)?.unwrap_or_default() {
        criteria.types.push(super::rules::parse_type(&kind)?);
    }
    for word in query.words("asset_state", 0..=512)?.unwrap_or_default() {
        let state = AssetState::parse(&word).ok_or_else(|| {
            let words: Vec<_> = AssetState::ALL.iter().map(|state| state.as_str()).collect();
            Error::parameter("asset_state", format!("must be of {}", words.join(", ")))
        })?;
        criteria.states.push(state);
    }
    criteria
        .types
        .dedup_by_key(|kind: &mut AssetType| kind.as_str());
    criteria.ids = query.list("asset_id", 100)?.unwrap_or_default();
    for id in &criteria.ids {
        super::rules::check_length("asset_id", id, 1..=64)?;
    }
    criteria.app_user_id = query.text("app_user_id", 1..=256)?;
    Ok(())
}

fn metadata(query: &mut Query, criteria: &mut Criteria) -> Result<()> {
    for (parameter, key) in [("style_id", "STYLE_ID"), ("render_engine", "RENDER_ENGINE")] {
        if let Some(value) = query.text(parameter, 0..=64)?.filter(|v| !v.is_empty()) {
            criteria.property(key, vec![value]);
        }
    }
    let properties = query.text("system_property", 1..=1024)?;
    for (key, values) in parse_properties(properties.as_deref().unwrap_or_default())? {
        criteria.property(&key, values);
    }
    criteria.any_of(filter::SEX, query.words("sex", 1..=128)?);
    criteria.any_of(filter::LANGUAGE, query.words("language", 1..=128)?);
    let providers = ["HUAWEI_METASTUDIO", "MOBVOI"].map(|word| (word, word));
    let provider = one_of("voice_provider", query.one("voice_provider")?, &providers)?;
    criteria.any_of(filter::VOICE_PROVIDER, provider.map(|p| vec![p.to_owned()]));
    criteria.flag(filter::REALTIME_VOICE, query.boolean("is_realtime_voice")?);
    criteria.flag(filter::ACTION_EDITABLE, query.boolean("action_editable")?);
    criteria.flag(
        filter::ACTION_LIBRARY,
        query.boolean("is_with_action_library")?,
    );
    criteria.flag(filter::MOVABLE, query.boolean("is_movable")?);
    let version = query.text("human_model_2d_version", 1..=128)?;
    criteria.any_of(filter::MODEL_VERSION, version.map(|v| vec![v]));
    let device = query.text("include_device_name", 1..=128)?;
    criteria.any_of(filter::DEVICE_NAME, device.map(|v| vec![v]));
    if let Some(device) = query.text("exclude_device_name", 1..=128)? {
        criteria
            .without
            .push((filter::DEVICE_NAME.to_owned(), device));
    }
    let services = query.list("supported_service", 10)?;
    if let Some(services) = services {
        let services = super::rules::checked_services(services)?;
        criteria.any_of(filter::SERVICE, Some(services));
    }
    Ok(())
}

/// `KEY:Value,KEY2:Value2`: every key must match; a key given twice may have either value.
fn parse_properties(text: &str) -> Result<BTreeMap<String, Vec<String>>> {
    let mut properties: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for pair in text.split(',').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once(':').ok_or_else(|| {
            Error::parameter(
                "system_property",
                "must have the form KEY:Value,KEY2:Value2",
            )
        })?;
        let (key, value) = (key.trim().to_owned(), value.trim().to_owned());
        properties.entry(key).or_default().push(value);
    }
    Ok(properties)
}

/// All assets here are their project's own: nothing is supplied by the system, nothing is shared.
fn sources(query: &mut Query, criteria: &mut Criteria) -> Result<()> {
    let sources = [("SYSTEM", true), ("CUSTOMIZATION", false), ("ALL", false)];
    let system = one_of("asset_source", query.one("asset_source")?, &sources)?;
    let roles = [("SHARER", true), ("SHAREE", true)];
    let shared = one_of("role", query.one("role")?, &roles)?;
    criteria.nothing = system.unwrap_or(false) || shared.unwrap_or(false);
    Ok(())
}
