//! The rows that an asset is found by, and the counters that make `count` exact without a scan.
//!
//! Counters are sums over shards: where several transactions write at once, each adds to a row of
//! its own instead of waiting for, or colliding with, the others.

use std::collections::BTreeSet;

use crate::assets::filter::{TAG, attributes};
use crate::assets::model::Asset;
use crate::assets::rules::folded;
use crate::db::{Sql, Tx};
use crate::error::Result;
use crate::params;

/// Adds `by` to the number of assets of the asset's type and state.
pub(super) async fn count(tx: &mut Tx, asset: &Asset, by: i64) -> Result<()> {
    let shard = tx.counter_shard();
    tx.execute(
        "INSERT INTO asset_counts (project_id, asset_type, state, shard, n) \
         VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (project_id, asset_type, state, shard) \
         DO UPDATE SET n = asset_counts.n + excluded.n",
        params![
            &asset.project_id,
            asset.asset_type.as_str(),
            asset.state().as_str(),
            shard,
            by
        ],
    )
    .await?;
    Ok(())
}

/// Brings the rows that an asset is found by in line with it.
pub(super) async fn write(tx: &mut Tx, before: Option<&Asset>, asset: &Asset) -> Result<()> {
    let old = before.map(attributes).unwrap_or_default();
    let new = attributes(asset);
    let gone: Vec<_> = old.difference(&new).collect();
    let added: Vec<_> = new.difference(&old).collect();
    delete(tx, asset, &gone).await?;
    if before.is_some() && new.iter().any(|(name, _)| name == TAG) {
        update_tags(tx, asset).await?;
    }
    insert(tx, asset, &added).await?;
    let changes: BTreeSet<_> = added
        .iter()
        .map(|pair| (*pair, 1))
        .chain(gone.iter().map(|pair| (*pair, -1)))
        .collect();
    count_attributes(tx, asset, &changes).await
}

type Pair = (String, String);

async fn delete(tx: &mut Tx, asset: &Asset, gone: &[&Pair]) -> Result<()> {
    for (name, value) in gone {
        tx.execute(
            "DELETE FROM asset_attributes WHERE asset_id = $1 AND name = $2 AND value = $3",
            params![&asset.asset_id, name, value],
        )
        .await?;
    }
    Ok(())
}

async fn update_tags(tx: &mut Tx, asset: &Asset) -> Result<()> {
    tx.execute(
        "UPDATE asset_attributes SET updated_at = $1, asset_order = $2 \
         WHERE asset_id = $3 AND name = 'tag'",
        params![asset.updated_at, asset.order, &asset.asset_id],
    )
    .await?;
    Ok(())
}

async fn insert(tx: &mut Tx, asset: &Asset, added: &[&Pair]) -> Result<()> {
    if added.is_empty() {
        return Ok(());
    }
    let mut sql = Sql::new(
        "INSERT INTO asset_attributes (project_id, name, value, asset_id, created_at, \
         updated_at, asset_order) VALUES ",
    );
    for (i, (name, value)) in added.iter().enumerate() {
        let is_tag = name == TAG;
        sql.push(if i == 0 { "(" } else { ", (" });
        sql.bind(&asset.project_id).push(", ");
        sql.bind(name).push(", ").bind(value).push(", ");
        sql.bind(&asset.asset_id).push(", ");
        sql.bind(asset.created_at).push(", ");
        sql.bind(is_tag.then_some(asset.updated_at)).push(", ");
        sql.bind(is_tag.then_some(asset.order)).push(")");
    }
    tx.execute(sql.text(), sql.params()).await?;
    Ok(())
}

/// One statement for all, in the same order in every transaction: two that meet wait, they never
/// deadlock.
async fn count_attributes(
    tx: &mut Tx,
    asset: &Asset,
    changes: &BTreeSet<(&Pair, i64)>,
) -> Result<()> {
    if changes.is_empty() {
        return Ok(());
    }
    let shard = tx.counter_shard();
    let mut sql = Sql::new(
        "INSERT INTO attribute_counts (project_id, name, value, shard, value_folded, n) VALUES ",
    );
    for (i, ((name, value), by)) in changes.iter().enumerate() {
        sql.push(if i == 0 { "(" } else { ", (" });
        sql.bind(&asset.project_id).push(", ");
        sql.bind(name).push(", ").bind(value).push(", ");
        sql.bind(shard).push(", ");
        sql.bind(folded(value)).push(", ").bind(*by).push(")");
    }
    sql.push(
        " ON CONFLICT (project_id, name, value, shard) \
         DO UPDATE SET n = attribute_counts.n + excluded.n",
    );
    tx.execute(sql.text(), sql.params()).await?;
    Ok(())
}
