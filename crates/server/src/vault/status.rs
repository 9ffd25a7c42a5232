//! What an administrator sees of the keys: names, ages and counts, never a secret.

use std::collections::BTreeMap;

use serde::Serialize;

use super::sealed::COLUMNS;
use super::store;
use crate::app::App;
use crate::error::Result;

#[derive(Debug, Serialize)]
pub struct Status {
    /// Where this server has its master key from.
    pub source: String,
    /// The key that is there.
    pub master_id: String,
    /// Whether one master key takes over from another.
    pub under_way: bool,
    /// In the order in which they came.
    pub master_keys: Vec<MasterStatus>,
    /// The active one is the last.
    pub data_keys: Vec<DataKeyStatus>,
    /// Secrets that are sealed under none of them.
    pub lost: u64,
}

/// A master key that opens the library.
#[derive(Debug, Serialize)]
pub struct MasterStatus {
    pub master_id: String,
    pub since: String,
    /// Whether it is the one of this server's source.
    pub configured: bool,
}

#[derive(Debug, Serialize)]
pub struct DataKeyStatus {
    pub key_id: String,
    pub created_at: String,
    pub active: bool,
    /// The master keys that open it.
    pub master_ids: Vec<String>,
    /// How many secrets are sealed under it, by where they stand.
    pub secrets: BTreeMap<String, u64>,
}

pub async fn status(app: &App) -> Result<Status> {
    app.vault.reload().await?;
    let (rows, all, counts) = app
        .db
        .snapshot(async |tx| {
            let rows = store::list(tx).await?;
            let (mut all, mut counts) = (0, Vec::new());
            for column in COLUMNS {
                all += store::count_all(tx, column).await?;
            }
            for key_id in store::key_ids(&rows) {
                let mut secrets = BTreeMap::new();
                for column in COLUMNS {
                    secrets.insert(column.name(), store::count(tx, column, &key_id).await?);
                }
                counts.push((key_id, secrets));
            }
            Ok((rows, all, counts))
        })
        .await?;
    let master_id = app.vault.master().id().to_owned();
    let masters = store::master_ids(&rows);
    let known: u64 = counts.iter().flat_map(|(_, n)| n.values()).sum();
    let active = store::key_ids(&rows).pop();
    let data_keys = counts.into_iter().filter_map(|(key_id, secrets)| {
        let own = || rows.iter().filter(|row| row.key_id == key_id);
        Some(DataKeyStatus {
            created_at: own().next()?.created_at.rfc3339(),
            active: active.as_ref() == Some(&key_id),
            master_ids: own().map(|row| row.master_id.clone()).collect(),
            secrets,
            key_id: key_id.clone(),
        })
    });
    let data_keys = data_keys.collect();
    let since = |id: &String| {
        let own = rows.iter().filter(|row| row.master_id == *id);
        own.map(|row| row.since).min()
    };
    let master_keys = masters.iter().filter_map(|id| {
        Some(MasterStatus {
            since: since(id)?.rfc3339(),
            configured: *id == master_id,
            master_id: id.clone(),
        })
    });
    Ok(Status {
        source: app.vault.source().to_string(),
        under_way: masters.len() > 1,
        master_keys: master_keys.collect(),
        data_keys,
        lost: all.saturating_sub(known),
        master_id,
    })
}
