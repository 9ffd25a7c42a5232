//! SQL of the digital assets that applications group. A DELETED asset does not count: its row
//! waits to be forgotten, and the attachment with it.

use std::collections::{BTreeMap, HashSet};

use crate::assets::store::{self as assets, COLUMNS};
use crate::assets::{Asset, AssetType};
use crate::clock::Timestamp;
use crate::db::{DbError, Row, Sql, Tx};
use crate::error::{Error, ErrorCode, Result};
use crate::ids::{AppId, AssetId, ProjectId};
use crate::instances::model::Attached;
use crate::params;

/// Rows of one statement at most: both databases bound the number of parameters.
const AT_A_TIME: usize = 1000;

/// Attaches assets of the project; those attached already stay so. All or nothing: an id that is
/// unknown, another project's or a DELETED asset's is an error that names the first such.
/// Answers how many are new.
pub async fn attach(
    tx: &mut Tx,
    project: &ProjectId,
    app: &AppId,
    ids: &[AssetId],
    now: Timestamp,
) -> Result<u64> {
    let mut added = 0;
    for ids in ids.chunks(AT_A_TIME) {
        let there = existing(tx, project, ids).await?;
        if let Some(missing) = ids.iter().find(|id| !there.contains(*id)) {
            let message = format!("The asset does not exist in this project;id:{missing}");
            return Err(Error::new(ErrorCode::AssetNotFound, message));
        }
        let mut sql = Sql::new("INSERT INTO app_assets (app_id, asset_id, attached_at) VALUES ");
        for (i, id) in ids.iter().enumerate() {
            sql.push(if i == 0 { "(" } else { ", (" });
            sql.bind(app).push(", ").bind(id).push(", ");
            sql.bind(now).push(")");
        }
        sql.push(" ON CONFLICT (app_id, asset_id) DO NOTHING");
        added += tx.execute(sql.text(), sql.params()).await?;
    }
    Ok(added)
}

async fn existing(tx: &mut Tx, project: &ProjectId, ids: &[AssetId]) -> Result<HashSet<AssetId>> {
    let mut sql = Sql::new("SELECT asset_id FROM assets WHERE project_id = ");
    sql.bind(project)
        .push(" AND state <> 'DELETED' AND asset_id ");
    sql.bind_in(&texts(ids.iter().map(AssetId::as_str)));
    let rows = tx.query(sql.text(), sql.params()).await?;
    let ids = rows.into_iter().map(|mut row| row.next());
    Ok(ids.collect::<Result<_, DbError>>()?)
}

fn texts<'a>(ids: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    ids.collect()
}

/// Detaches what is attached of these. Answers how many that were.
pub async fn detach(tx: &mut Tx, app: &AppId, ids: &[AssetId]) -> Result<u64> {
    let mut gone = 0;
    for ids in ids.chunks(AT_A_TIME) {
        let mut sql = Sql::new("DELETE FROM app_assets WHERE app_id = ");
        sql.bind(app).push(" AND asset_id ");
        sql.bind_in(&texts(ids.iter().map(AssetId::as_str)));
        gone += tx.execute(sql.text(), sql.params()).await?;
    }
    Ok(gone)
}

/// The asset is gone for good, and its id may come back as another one's.
pub async fn forget_asset(tx: &mut Tx, id: &AssetId) -> Result<()> {
    let sql = "DELETE FROM app_assets WHERE asset_id = $1";
    tx.execute(sql, params![id]).await?;
    Ok(())
}

pub async fn count_attached(tx: &mut Tx, app: &AppId) -> Result<i64> {
    let row = tx
        .query_one(
            "SELECT COUNT(*) FROM app_assets x JOIN assets a ON a.asset_id = x.asset_id \
             WHERE x.app_id = $1 AND a.state <> 'DELETED'",
            params![app],
        )
        .await?;
    Ok(row.map(|mut row| row.next()).transpose()?.unwrap_or(0))
}

/// One page of an application's assets in the order of their ids.
pub async fn list_page(tx: &mut Tx, app: &AppId, offset: i64, limit: i64) -> Result<Vec<Attached>> {
    let rows = tx
        .query(
            "SELECT a.asset_id, a.name, a.asset_type, a.state, x.attached_at FROM app_assets x \
             JOIN assets a ON a.asset_id = x.asset_id \
             WHERE x.app_id = $1 AND a.state <> 'DELETED' \
             ORDER BY x.asset_id LIMIT $2 OFFSET $3",
            params![app, limit, offset],
        )
        .await?;
    rows.into_iter().map(attached).collect()
}

fn attached(mut row: Row) -> Result<Attached> {
    Ok(Attached {
        asset_id: row.next()?,
        name: row.next()?,
        asset_type: assets::asset_type(&row.next::<String>()?)?,
        state: assets::state(&row.next::<String>()?)?,
        attached_at: row.next()?,
    })
}

/// The assets of any of these applications, each once, in the order of their ids: at most `limit`
/// of those that come after `after`. Fewer than `limit` are the last ones.
pub async fn list_attached(
    tx: &mut Tx,
    apps: &[AppId],
    after: Option<&AssetId>,
    limit: u32,
) -> Result<Vec<Asset>> {
    let mut sql = Sql::new(&format!(
        "SELECT {COLUMNS} FROM (SELECT DISTINCT x.asset_id FROM app_assets x \
         JOIN assets b ON b.asset_id = x.asset_id WHERE x.app_id "
    ));
    sql.bind_in(&texts(apps.iter().map(AppId::as_str)));
    if let Some(after) = after {
        sql.push(" AND x.asset_id > ").bind(after);
    }
    sql.push(" AND b.state <> 'DELETED' ORDER BY x.asset_id LIMIT ");
    sql.bind(limit);
    sql.push(") y JOIN assets a ON a.asset_id = y.asset_id ORDER BY a.asset_id");
    let rows = tx.query(sql.text(), sql.params()).await?;
    rows.into_iter().map(assets::asset).collect()
}

/// The assets of a type with this name in any of these applications that can be changed: none,
/// one, or two of several.
pub async fn list_namesakes(
    tx: &mut Tx,
    apps: &[AppId],
    name: &str,
    kind: AssetType,
) -> Result<Vec<Asset>> {
    let mut sql = Sql::new(&format!(
        "SELECT {COLUMNS} FROM assets a WHERE a.asset_id IN \
         (SELECT x.asset_id FROM app_assets x WHERE x.app_id "
    ));
    sql.bind_in(&texts(apps.iter().map(AppId::as_str)));
    sql.push(") AND a.name = ").bind(name);
    sql.push(" AND a.asset_type = ").bind(kind.as_str());
    sql.push(" AND a.state NOT IN ('DELETED', 'DELETING', 'BLOCK') LIMIT 2");
    let rows = tx.query(sql.text(), sql.params()).await?;
    rows.into_iter().map(assets::asset).collect()
}

/// Ids of what an application groups, in their order: at most `limit` of those that come after
/// `after`. Assets that are DELETED are among them.
pub async fn list_attached_ids(
    tx: &mut Tx,
    app: &AppId,
    after: Option<&AssetId>,
    limit: u32,
) -> Result<Vec<AssetId>> {
    let rows = tx
        .query(
            "SELECT asset_id FROM app_assets WHERE app_id = $1 AND asset_id > $2 \
             ORDER BY asset_id LIMIT $3",
            params![app, after.map_or("", AssetId::as_str), limit],
        )
        .await?;
    let ids = rows.into_iter().map(|mut row| row.next());
    Ok(ids.collect::<Result<_, DbError>>()?)
}

/// Which applications of whatever instance the assets are attached to, in the order of the ids;
/// an asset of none is not there.
pub async fn attached_apps_of(
    tx: &mut Tx,
    ids: &[AssetId],
) -> Result<BTreeMap<AssetId, Vec<AppId>>> {
    let mut found: BTreeMap<AssetId, Vec<AppId>> = BTreeMap::new();
    for ids in ids.chunks(AT_A_TIME) {
        let mut sql = Sql::new("SELECT asset_id, app_id FROM app_assets WHERE asset_id ");
        sql.bind_in(&texts(ids.iter().map(AssetId::as_str)));
        sql.push(" ORDER BY asset_id, app_id");
        for mut row in tx.query(sql.text(), sql.params()).await? {
            found.entry(row.next()?).or_default().push(row.next()?);
        }
    }
    Ok(found)
}
