//! Summaries of many assets by their ids.

use crate::assets::model::AssetType;
use crate::assets::state::AssetState;
use crate::assets::store::{asset_type, state};
use crate::db::{Sql, Tx};
use crate::error::Result;
use crate::ids::{AssetId, FileId, ProjectId};

/// What a summary shows.
#[derive(Debug, Clone)]
pub struct Summary {
    pub asset_id: AssetId,
    pub name: String,
    pub asset_type: AssetType,
    pub state: AssetState,
    pub url_epoch: i64,
    pub block_reason_code: Option<String>,
    pub main: Option<SummaryFile>,
    pub cover: Option<SummaryFile>,
}

#[derive(Debug, Clone)]
pub struct SummaryFile {
    pub file_id: FileId,
    pub file_type: String,
}

/// One statement for all ids; in no particular order.
pub async fn list_summaries(
    tx: &mut Tx,
    project: &ProjectId,
    ids: &[String],
) -> Result<Vec<Summary>> {
    let ids: Vec<&str> = ids
        .iter()
        .map(String::as_str)
        .filter(|id| !id.contains('\0'))
        .collect();
    let mut sql = Sql::new(
        "SELECT a.asset_id, a.name, a.asset_type, a.state, a.url_epoch, a.block_reason_code, \
         f.category, f.file_id, f.file_type FROM assets a \
         LEFT JOIN files f ON f.asset_id = a.asset_id AND f.category IN ('MAIN', 'COVER') \
         AND f.state = 'CREATED' WHERE a.project_id = ",
    );
    sql.bind(project).push(" AND a.asset_id ").bind_in(&ids);
    let rows = tx.query(sql.text(), sql.params()).await?;
    let mut summaries: Vec<Summary> = Vec::with_capacity(ids.len());
    for mut row in rows {
        let summary = Summary {
            asset_id: row.next()?,
            name: row.next()?,
            asset_type: asset_type(&row.next::<String>()?)?,
            state: state(&row.next::<String>()?)?,
            url_epoch: row.next()?,
            block_reason_code: row.next()?,
            main: None,
            cover: None,
        };
        // rows of one asset come one after the other: its main file, its cover
        if summaries
            .last()
            .is_none_or(|last| last.asset_id != summary.asset_id)
        {
            summaries.push(summary);
        }
        let category: Option<String> = row.next()?;
        let (Some(category), Some(last)) = (category, summaries.last_mut()) else {
            continue;
        };
        let file = Some(SummaryFile {
            file_id: row.next()?,
            file_type: row.next()?,
        });
        if category == "COVER" {
            last.cover = file;
        } else {
            last.main = file;
        }
    }
    Ok(summaries)
}
