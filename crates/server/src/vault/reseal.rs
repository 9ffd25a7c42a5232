//! Seals what is sealed under earlier data keys anew, and forgets those that nobody needs.

use std::time::Duration;

use super::sealed::{COLUMNS, Column};
use super::store;
use crate::app::App;
use crate::db::Db;
use crate::error::Result;

/// How long links are good that were made before their data key was followed by another: 28 hours,
/// and time to spare for nodes that learnt of it late.
const LINKS_LIVE: Duration = Duration::from_hours(48);
const AT_A_TIME: u32 = 100;

/// What came of a walk through all sealed texts.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Pass {
    pub resealed: u64,
    /// Texts that do not open; they were left as they are.
    pub failed: u64,
}

/// Seals everything under the active data key. A text that is changed meanwhile is left to
/// whoever changed it.
pub async fn reseal(app: &App) -> Result<Pass> {
    app.vault.reload().await?;
    let mut pass = Pass::default();
    for column in COLUMNS {
        reseal_column(app, column, &mut pass).await?;
    }
    Ok(pass)
}

async fn reseal_column(app: &App, column: Column, pass: &mut Pass) -> Result<()> {
    let mut after = String::new();
    loop {
        let active = app.vault.ring().active().key_id().to_owned();
        let (from, key_id) = (after.clone(), active.clone());
        let rows = app
            .db
            .snapshot(async move |tx| {
                store::list_others(tx, column, &key_id, &from, AT_A_TIME).await
            })
            .await?;
        let Some((last, _)) = rows.last() else {
            return Ok(());
        };
        after.clone_from(last);
        let mut changes = Vec::new();
        for (id, before) in rows {
            match app.vault.open(column, &id, &before).await {
                Ok(secret) => changes.push((app.vault.seal(column, &id, &secret)?, id, before)),
                Err(error) => {
                    tracing::error!(%error, "a stored secret can't be sealed anew");
                    pass.failed += 1;
                }
            }
        }
        pass.resealed += replace_in_traffic(app, column, active, changes).await?;
    }
}

/// PostgreSQL lets a transaction over many rows through late or never beside much traffic: there
/// they go one by one. A text that is left even so opens as before, and the tidy comes back to it.
async fn replace_in_traffic(
    app: &App,
    column: Column,
    active: String,
    changes: Vec<(String, String, String)>,
) -> Result<u64> {
    let at_a_time = match app.db {
        Db::Sqlite(_) => changes.len().max(1),
        Db::Postgres(_) => 1,
    };
    let mut replaced = 0;
    for some in changes.chunks(at_a_time) {
        match replace(app, column, active.clone(), some.to_vec()).await {
            Ok(n) => replaced += n,
            Err(error) if error.is_conflict() => {
                tracing::info!("a secret is too busy to be sealed anew now; the sweep will");
            }
            Err(error) => return Err(error),
        }
    }
    Ok(replaced)
}

/// Changes nothing where there is a newer data key by now: whoever made it seals everything anew.
async fn replace(
    app: &App,
    column: Column,
    active: String,
    changes: Vec<(String, String, String)>,
) -> Result<u64> {
    app.db
        .write(async move |tx| {
            let rows = store::list(tx).await?;
            if rows.last().is_none_or(|row| row.key_id != active) {
                return Ok(0);
            }
            let mut replaced = 0;
            for (sealed, id, before) in &changes {
                replaced += u64::from(store::replace(tx, column, id, sealed, before).await?);
            }
            Ok(replaced)
        })
        .await
}

/// Comes round with the sweep: seals anew what a node sealed that had not heard of the active data
/// key, and forgets data keys.
pub async fn tidy(app: &App) -> Result<()> {
    let pass = reseal(app).await?;
    if pass.resealed > 0 {
        tracing::info!(secrets = pass.resealed, "sealed under the active data key");
    }
    let now = app.clock.now();
    let forgotten = app
        .db
        .write(async move |tx| {
            let rows = store::list(tx).await?;
            let mut forgotten = Vec::new();
            for (key_id, next) in followed(&rows) {
                let links_live = next.created_at.plus(LINKS_LIVE) > now;
                if !links_live && !store::is_used(tx, &key_id).await? {
                    store::delete_key(tx, &key_id).await?;
                    forgotten.push(key_id);
                }
            }
            Ok(forgotten)
        })
        .await?;
    if !forgotten.is_empty() {
        tracing::info!(keys = ?forgotten, "data keys that nobody needs are gone");
        app.vault.reload().await?;
    }
    Ok(())
}

/// The data keys that are not active any more, each with the one that came after it.
fn followed(rows: &[store::Wrapped]) -> Vec<(String, &store::Wrapped)> {
    let ids = store::key_ids(rows);
    let pairs = ids.iter().zip(ids.iter().skip(1));
    pairs
        .filter_map(|(id, next)| {
            let next = rows.iter().find(|row| row.key_id == *next)?;
            Some((id.clone(), next))
        })
        .collect()
}
