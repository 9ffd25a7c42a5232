//! SQL of many assets: the list with its filters and exact count, and summaries by id.

use super::filter;
use super::model::{Asset, AssetType};
use super::rules::folded;
use super::state::AssetState;
use super::store::{COLUMNS, asset, asset_type, state};
use crate::clock::Timestamp;
use crate::db::{Sql, Tx, like_escape};
use crate::error::Result;
use crate::ids::{AssetId, FileId, ProjectId};

/// What to list. Everything that is set must hold; a list means any of its values.
#[derive(Debug, Clone, Default)]
pub struct Criteria {
    pub name: Option<Text>,
    pub tags: Vec<Text>,
    /// All of `tags` instead of any.
    pub all_tags: bool,
    /// Creation, both ends included.
    pub from: Option<Timestamp>,
    pub until: Option<Timestamp>,
    pub types: Vec<AssetType>,
    /// Empty: all but DELETED.
    pub states: Vec<AssetState>,
    pub ids: Vec<String>,
    pub app_user_id: Option<String>,
    /// Rows of `asset_attributes` of which each must be there with one of the values …
    pub attributes: Vec<(String, Vec<String>)>,
    /// … and rows that must not be there.
    pub without: Vec<(String, String)>,
    /// Known to match nothing, such as what others share.
    pub nothing: bool,
}

/// Text to look for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Text {
    /// Somewhere inside, in upper or lower case.
    Fuzzy(String),
    Exact(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SortKey {
    #[default]
    CreateTime,
    UpdateTime,
    AssetOrder,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Page {
    pub sort_key: SortKey,
    pub descending: bool,
    pub limit: i64,
    pub offset: i64,
}

impl SortKey {
    fn column(self) -> &'static str {
        match self {
            SortKey::CreateTime => "a.created_at",
            SortKey::UpdateTime => "a.updated_at",
            SortKey::AssetOrder => "a.asset_order",
        }
    }
}

/// How many assets match, exactly.
pub async fn count(tx: &mut Tx, project: &ProjectId, criteria: &Criteria) -> Result<i64> {
    if criteria.nothing {
        return Ok(0);
    }
    let mut sql = Sql::new("SELECT COUNT(*) FROM assets a");
    push_where(&mut sql, project, criteria);
    let row = tx.query_one(sql.text(), sql.params()).await?;
    Ok(row.map(|mut row| row.next()).transpose()?.unwrap_or(0))
}

/// One page of what matches; ties in the order are broken by id.
pub async fn list(
    tx: &mut Tx,
    project: &ProjectId,
    criteria: &Criteria,
    page: Page,
) -> Result<Vec<Asset>> {
    if criteria.nothing {
        return Ok(Vec::new());
    }
    let mut sql = Sql::new("SELECT ");
    sql.push(COLUMNS).push(" FROM assets a");
    push_where(&mut sql, project, criteria);
    let direction = if page.descending { "DESC" } else { "ASC" };
    let column = page.sort_key.column();
    sql.push(&format!(
        " ORDER BY {column} {direction}, a.asset_id {direction} LIMIT "
    ));
    sql.bind(page.limit).push(" OFFSET ").bind(page.offset);
    let rows = tx.query(sql.text(), sql.params()).await?;
    rows.into_iter().map(asset).collect()
}

fn push_where(sql: &mut Sql, project: &ProjectId, criteria: &Criteria) {
    sql.push(" WHERE a.project_id = ").bind(project);
    if criteria.states.is_empty() {
        sql.push(" AND a.state <> 'DELETED'");
    } else {
        let states: Vec<_> = criteria.states.iter().map(|s| s.as_str()).collect();
        sql.push(" AND a.state ").bind_in(&states);
    }
    if !criteria.types.is_empty() {
        let types: Vec<_> = criteria.types.iter().map(|t| t.as_str()).collect();
        sql.push(" AND a.asset_type ").bind_in(&types);
    }
    if let Some(from) = criteria.from {
        sql.push(" AND a.created_at >= ").bind(from);
    }
    if let Some(until) = criteria.until {
        sql.push(" AND a.created_at <= ").bind(until);
    }
    if !criteria.ids.is_empty() {
        sql.push(" AND a.asset_id ")
            .bind_in(&criteria.ids.iter().map(String::as_str).collect::<Vec<_>>());
    }
    if let Some(user) = &criteria.app_user_id {
        sql.push(" AND a.app_user_id = ").bind(user);
    }
    match &criteria.name {
        None => {}
        Some(Text::Exact(name)) => {
            sql.push(" AND a.name_folded = ").bind(folded(name));
            sql.push(" AND a.name = ").bind(name);
        }
        Some(Text::Fuzzy(name)) => {
            sql.push(" AND a.name_folded LIKE ");
            sql.bind(format!("%{}%", like_escape(&folded(name))));
            sql.push(" ESCAPE '\\'");
        }
    }
    push_tags(sql, criteria);
    for (name, values) in &criteria.attributes {
        push_attribute(sql, "EXISTS", name, values);
    }
    for (name, value) in &criteria.without {
        push_attribute(sql, "NOT EXISTS", name, std::slice::from_ref(value));
    }
}

fn push_tags(sql: &mut Sql, criteria: &Criteria) {
    if criteria.tags.is_empty() {
        return;
    }
    let joint = if criteria.all_tags { " AND " } else { " OR " };
    sql.push(" AND (");
    for (i, tag) in criteria.tags.iter().enumerate() {
        if i > 0 {
            sql.push(joint);
        }
        sql.push("EXISTS (SELECT 1 FROM asset_tags t WHERE t.asset_id = a.asset_id AND t.tag ");
        match tag {
            Text::Exact(tag) => {
                sql.push("= ").bind(tag);
            }
            Text::Fuzzy(tag) => {
                sql.push("IN (SELECT g.tag FROM tags g WHERE g.project_id = a.project_id AND g.tag_folded LIKE ");
                sql.bind(format!("%{}%", like_escape(&folded(tag))));
                sql.push(" ESCAPE '\\')");
            }
        }
        sql.push(")");
    }
    sql.push(")");
}

fn push_attribute(sql: &mut Sql, exists: &str, name: &str, values: &[String]) {
    sql.push(&format!(
        " AND {exists} (SELECT 1 FROM asset_attributes x WHERE x.asset_id = a.asset_id AND x.name = "
    ));
    sql.bind(name).push(" AND x.value ");
    sql.bind_in(&values.iter().map(String::as_str).collect::<Vec<_>>());
    sql.push(")");
}

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

/// One statement for all ids; in the order of ids.
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
    // without it, a hash join may deal the files of one asset out between those of others
    sql.push(" ORDER BY a.asset_id");
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

/// Criteria for attributes, in the words of the list's parameters.
impl Criteria {
    pub fn flag(&mut self, name: &str, set: Option<bool>) {
        if let Some(set) = set {
            self.attributes
                .push((name.to_owned(), vec![set.to_string()]));
        }
    }

    pub fn any_of(&mut self, name: &str, values: Option<Vec<String>>) {
        if let Some(values) = values {
            self.attributes.push((name.to_owned(), values));
        }
    }

    pub fn property(&mut self, key: &str, values: Vec<String>) {
        self.attributes.push((filter::property(key), values));
    }
}
