//! SQL of single assets; the rows that they are found and counted by are in `index`.

mod index;

use serde::de::DeserializeOwned;

use super::model::{Asset, AssetType};
use super::rules::folded;
use super::state::{AssetState, Standing};
use crate::clock::Timestamp;
use crate::db::{DbError, Row, Sql, Tx};
use crate::error::{Error, ErrorCode, Result};
use crate::ids::{AssetId, ProjectId};
use crate::params;

pub const COLUMNS: &str = "a.asset_id, a.project_id, a.version, a.url_epoch, a.name, \
     a.description, a.asset_type, a.state, a.state_before, a.app_user_id, a.asset_order, \
     a.needs_cover, a.block_reason_code, a.reason, a.tags, a.properties, a.services, \
     a.extra_meta, a.created_at, a.updated_at, a.deleted_at";

pub fn asset(mut row: Row) -> Result<Asset> {
    Ok(Asset {
        asset_id: row.next()?,
        project_id: row.next()?,
        version: row.next()?,
        url_epoch: row.next()?,
        name: row.next()?,
        description: row.next()?,
        asset_type: asset_type(&row.next::<String>()?)?,
        standing: Standing {
            state: state(&row.next::<String>()?)?,
            before: row
                .next::<Option<String>>()?
                .map(|before| state(&before))
                .transpose()?,
        },
        app_user_id: row.next()?,
        order: row.next()?,
        needs_cover: row.next()?,
        block_reason_code: row.next()?,
        reason: row.next()?,
        tags: json(&row.next::<String>()?)?,
        properties: json(&row.next::<String>()?)?,
        services: json(&row.next::<String>()?)?,
        extra_meta: row
            .next::<Option<String>>()?
            .map(|text| json(&text))
            .transpose()?,
        created_at: row.next()?,
        updated_at: row.next()?,
        deleted_at: row.next()?,
    })
}

pub fn asset_type(text: &str) -> Result<AssetType> {
    AssetType::parse(text).ok_or_else(|| Error::internal(format!("assets.asset_type: {text}")))
}

pub fn state(text: &str) -> Result<AssetState> {
    AssetState::parse(text).ok_or_else(|| Error::internal(format!("assets.state: {text}")))
}

fn json<T: DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|e| Error::internal(format!("JSON of an asset: {e}")))
}

fn to_json<T: serde::Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(Error::internal)
}

pub async fn find(tx: &mut Tx, project: &ProjectId, id: &AssetId) -> Result<Option<Asset>> {
    let sql = format!("SELECT {COLUMNS} FROM assets a WHERE a.asset_id = $1 AND a.project_id = $2");
    let row = tx.query_one(&sql, params![id, project]).await?;
    row.map(asset).transpose()
}

/// Those of some assets that are there and not DELETED, in the order of ids.
pub async fn list_by_ids(tx: &mut Tx, project: &ProjectId, ids: &[AssetId]) -> Result<Vec<Asset>> {
    let mut sql = Sql::new("SELECT ");
    sql.push(COLUMNS)
        .push(" FROM assets a WHERE a.state <> 'DELETED' AND a.asset_id ");
    sql.bind_in(&ids.iter().map(AssetId::as_str).collect::<Vec<_>>());
    sql.push(" AND a.project_id = ").bind(project);
    sql.push(" ORDER BY a.asset_id");
    let rows = tx.query(sql.text(), sql.params()).await?;
    rows.into_iter().map(asset).collect()
}

/// Whatever its project; for administrators.
pub async fn find_anywhere(tx: &mut Tx, id: &AssetId) -> Result<Option<Asset>> {
    let sql = format!("SELECT {COLUMNS} FROM assets a WHERE a.asset_id = $1");
    let row = tx.query_one(&sql, params![id]).await?;
    row.map(asset).transpose()
}

pub async fn insert(tx: &mut Tx, asset: &Asset) -> Result<()> {
    tx.execute(
        "INSERT INTO assets (asset_id, project_id, version, url_epoch, name, name_folded, \
         description, asset_type, state, state_before, app_user_id, asset_order, needs_cover, \
         block_reason_code, reason, tags, properties, services, extra_meta, created_at, \
         updated_at, deleted_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, \
         $13, $14, $15, $16, $17, $18, $19, $20, $21, $22)",
        params![
            &asset.asset_id,
            &asset.project_id,
            asset.version,
            asset.url_epoch,
            &asset.name,
            folded(&asset.name),
            &asset.description,
            asset.asset_type.as_str(),
            asset.state().as_str(),
            asset.standing.before.map(AssetState::as_str),
            &asset.app_user_id,
            asset.order,
            asset.needs_cover,
            &asset.block_reason_code,
            &asset.reason,
            to_json(&asset.tags)?,
            to_json(&asset.properties)?,
            to_json(&asset.services)?,
            asset.extra_meta.as_ref().map(to_json).transpose()?,
            asset.created_at,
            asset.updated_at,
            asset.deleted_at
        ],
    )
    .await?;
    index::count(tx, asset, 1).await?;
    index::write(tx, None, asset).await
}

/// Writes an asset over `before`, the state it was read in; its version grows by one.
pub async fn update(tx: &mut Tx, before: &Asset, asset: &mut Asset) -> Result<()> {
    asset.version = before.version + 1;
    let updated = tx
        .execute(
            "UPDATE assets SET version = $1, url_epoch = $2, name = $3, name_folded = $4, \
             description = $5, asset_type = $6, state = $7, state_before = $8, asset_order = $9, \
             block_reason_code = $10, reason = $11, tags = $12, properties = $13, \
             services = $14, extra_meta = $15, updated_at = $16, deleted_at = $17, \
             app_user_id = $18, needs_cover = $19 WHERE asset_id = $20 AND version = $21",
            params![
                asset.version,
                asset.url_epoch,
                &asset.name,
                folded(&asset.name),
                &asset.description,
                asset.asset_type.as_str(),
                asset.state().as_str(),
                asset.standing.before.map(AssetState::as_str),
                asset.order,
                &asset.block_reason_code,
                &asset.reason,
                to_json(&asset.tags)?,
                to_json(&asset.properties)?,
                to_json(&asset.services)?,
                asset.extra_meta.as_ref().map(to_json).transpose()?,
                asset.updated_at,
                asset.deleted_at,
                &asset.app_user_id,
                asset.needs_cover,
                &asset.asset_id,
                before.version
            ],
        )
        .await?;
    if updated != 1 {
        return Err(DbError::Conflict(format!("asset {} changed", asset.asset_id)).into());
    }
    if before.state() != asset.state() || before.asset_type != asset.asset_type {
        index::count(tx, before, -1).await?;
        index::count(tx, asset, 1).await?;
    }
    index::write(tx, Some(before), asset).await
}

/// The row only; what it is found by went when it was purged.
pub async fn delete_purged(tx: &mut Tx, asset: &Asset) -> Result<()> {
    let sql = "DELETE FROM assets WHERE asset_id = $1";
    tx.execute(sql, params![&asset.asset_id]).await?;
    index::count(tx, asset, -1).await
}

/// Whether another asset of the type has the name already.
pub async fn name_is_taken(tx: &mut Tx, asset: &Asset) -> Result<bool> {
    let row = tx
        .query_one(
            "SELECT asset_id FROM assets WHERE project_id = $1 AND name_folded = $2 AND name = $3 \
             AND asset_type = $4 AND asset_id <> $5 AND state <> 'DELETED' AND state <> 'DELETING' LIMIT 1",
            params![
                &asset.project_id,
                folded(&asset.name),
                &asset.name,
                asset.asset_type.as_str(),
                &asset.asset_id
            ],
        )
        .await?;
    Ok(row.is_some())
}

/// Whether an asset of whatever project and state has this id.
pub async fn is_id_taken(tx: &mut Tx, id: &AssetId) -> Result<bool> {
    let sql = "SELECT asset_id FROM assets WHERE asset_id = $1";
    Ok(tx.query_one(sql, params![id]).await?.is_some())
}

/// The assets of a type with this name that can be changed: none, one, or two of several.
pub async fn list_namesakes(
    tx: &mut Tx,
    project: &ProjectId,
    name: &str,
    kind: AssetType,
) -> Result<Vec<Asset>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM assets a WHERE a.project_id = $1 AND a.name_folded = $2 \
         AND a.name = $3 AND a.asset_type = $4 AND a.state <> 'DELETED' \
         AND a.state NOT IN ('DELETING', 'BLOCK') LIMIT 2"
    );
    let params = params![project, folded(name), name, kind.as_str()];
    let rows = tx.query(&sql, params).await?;
    rows.into_iter().map(asset).collect()
}

/// Assets that are in a state since before `then`.
pub async fn list_deleted_before(
    tx: &mut Tx,
    state: AssetState,
    then: Timestamp,
    limit: u32,
) -> Result<Vec<Asset>> {
    let mut sql = Sql::new("SELECT ");
    sql.push(COLUMNS)
        .push(" FROM assets a WHERE a.deleted_at < ");
    sql.bind(then)
        .push(" AND a.deleted_at IS NOT NULL AND a.state = ");
    sql.bind(state.as_str())
        .push(" ORDER BY a.deleted_at LIMIT ");
    sql.bind(limit);
    let rows = tx.query(sql.text(), sql.params()).await?;
    rows.into_iter().map(asset).collect()
}

pub fn not_found() -> Error {
    Error::new(ErrorCode::AssetNotFound, "Asset not found")
}

/// All assets of a project that an administrator has frozen.
pub async fn list_blocked(tx: &mut Tx, project: &ProjectId) -> Result<Vec<AssetId>> {
    let sql = "SELECT asset_id FROM assets WHERE project_id = $1 AND state = 'BLOCK'";
    let rows = tx.query(sql, params![project]).await?;
    let ids = rows.into_iter().map(|mut row| row.next());
    Ok(ids.collect::<Result<_, _>>()?)
}
