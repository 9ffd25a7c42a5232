//! Summaries of many assets by their ids.

use std::collections::HashMap;

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
    pub app_user_id: Option<String>,
    pub preview_id: Option<String>,
    pub main: Option<SummaryFile>,
    pub cover: Option<SummaryFile>,
}

#[derive(Debug, Clone)]
pub struct SummaryFile {
    pub file_id: FileId,
    pub file_type: String,
}

/// One statement for all ids; ids that are not there, or not the project's, are left out.
pub async fn list_summaries(
    tx: &mut Tx,
    project: &ProjectId,
    ids: &[String],
) -> Result<HashMap<String, Summary>> {
    let ids: Vec<&str> = ids
        .iter()
        .map(String::as_str)
        .filter(|id| !id.contains('\0'))
        .collect();
    let mut sql = Sql::new(
        "SELECT a.asset_id, a.name, a.asset_type, a.state, a.url_epoch, a.block_reason_code, a.app_user_id, a.preview_id, \
         f.category, f.file_id, f.file_type FROM assets a \
         LEFT JOIN files f ON f.asset_id = a.asset_id AND f.category IN ('MAIN', 'COVER') \
         AND f.state = 'CREATED' WHERE a.asset_id ",
    );
    // fenced: without statistics SQLite would read the whole project instead of looking ids up
    sql.bind_in(&ids).push(" AND a.project_id || '' = ");
    sql.bind(project);
    let rows = tx.query(sql.text(), sql.params()).await?;
    let mut summaries: HashMap<String, Summary> = HashMap::with_capacity(ids.len());
    // an asset has a row for its main file and one for its cover
    for mut row in rows {
        let asset_id: String = row.next()?;
        let summary = Summary {
            asset_id: AssetId::new(asset_id.as_str()),
            name: row.next()?,
            asset_type: asset_type(&row.next::<String>()?)?,
            state: state(&row.next::<String>()?)?,
            url_epoch: row.next()?,
            block_reason_code: row.next()?,
            app_user_id: row.next()?,
            preview_id: row.next()?,
            main: None,
            cover: None,
        };
        let summary = summaries.entry(asset_id).or_insert(summary);
        let Some(category) = row.next::<Option<String>>()? else {
            continue;
        };
        let file = Some(SummaryFile {
            file_id: row.next()?,
            file_type: row.next()?,
        });
        if category == "COVER" {
            summary.cover = file;
        } else {
            summary.main = file;
        }
    }
    Ok(summaries)
}
