//! The assets of one page. Ids come first, from an index alone, so that a large offset only skips
//! index entries; then the rows of those that are shown.

use super::count::{FEW, collect};
use super::criteria::{Page, Position};
use super::query::{Attribute, Filter, Query, Values, push_values};
use super::rows::{Start, most_selective, needs_assets, push_from, push_kinds, push_others};
use super::{list_by_ids, number};
use crate::assets::filter::TAG;
use crate::assets::model::Asset;
use crate::assets::store::{COLUMNS, asset};
use crate::db::{Sql, Tx};
use crate::error::Result;

/// So many indexes' ranges are merged at most for values of an attribute.
const MERGED: usize = 20;
/// How many times as far as matches that are spread evenly would take is walked before what
/// matches is sorted instead: a walk is tried only where that much is less than sorting.
const PATIENCE: i64 = 4;
const PATIENCE_AT_LEAST: i64 = 500;

/// An index, or several merged, that has ids in the order of a page.
#[derive(Debug, Clone, Copy)]
enum Ordered<'q> {
    All,
    Kinds,
    Values(usize, &'q Attribute, &'q [String]),
    AppUser(usize),
    Created(usize),
}

/// `count` assets match, more than a few or known from the counters.
pub async fn list(tx: &mut Tx, query: &Query<'_>, count: i64, page: &Page) -> Result<Vec<Asset>> {
    if count <= page.offset {
        return Ok(Vec::new());
    }
    let sources = sources(query, page);
    let complete = sources.iter().find(|source| is_complete(query, **source));
    if let Some(source) = complete {
        return walk(tx, query, *source, page, None).await;
    }
    let (start, rows) = most_selective(tx, query).await?;
    let rows = rows.max(count);
    // how far it would be if the matches were spread evenly
    let even = |source: &Ordered<'_>| {
        let population = source.population(query);
        (page.offset + page.limit).saturating_mul(population) / count
    };
    if let Some(source) = sources.iter().min_by_key(|source| even(source))
        && even(source).saturating_mul(PATIENCE) < rows
    {
        let reach = even(source).saturating_mul(PATIENCE) + PATIENCE_AT_LEAST;
        if let Some(assets) = walk_some(tx, query, *source, page, reach, count).await? {
            return Ok(assets);
        }
    }
    if count <= number(FEW) {
        let matches = collect(tx, query, start, page.sort_key).await?;
        return list_by_ids(tx, &cut(matches, page)).await;
    }
    sort(tx, query, start, page).await
}

/// The page out of all that match.
pub fn cut(mut matches: Vec<Position>, page: &Page) -> Vec<String> {
    matches.sort_unstable();
    if page.descending {
        matches.reverse();
    }
    let after = |position: &Position| match &page.after {
        None => true,
        Some(after) if page.descending => position < after,
        Some(after) => position > after,
    };
    let [offset, limit] = [page.offset, page.limit].map(|n| usize::try_from(n).unwrap_or(0));
    let left = matches.into_iter().filter(after).skip(offset);
    left.take(limit).map(|position| position.id).collect()
}

impl Ordered<'_> {
    fn population(self, query: &Query<'_>) -> i64 {
        match self {
            Ordered::Kinds => query.kinds.count(),
            Ordered::Values(_, attribute, _) => attribute.n,
            Ordered::All | Ordered::AppUser(_) | Ordered::Created(_) => query.kinds.total,
        }
    }

    fn filter(self) -> Option<usize> {
        match self {
            Ordered::All | Ordered::Kinds => None,
            Ordered::Values(i, ..) | Ordered::AppUser(i) | Ordered::Created(i) => Some(i),
        }
    }
}

fn sources<'q>(query: &'q Query<'_>, page: &Page) -> Vec<Ordered<'q>> {
    use super::criteria::SortKey::CreateTime;
    let mut sources = Vec::new();
    for (i, filter) in query.filters.iter().enumerate() {
        let by_creation = page.sort_key == CreateTime && !query.kinds.with_deleted();
        match filter {
            Filter::Having(attribute) if attribute.name == TAG || by_creation => {
                if let Some(values) = attribute.named(MERGED) {
                    sources.push(Ordered::Values(i, attribute, values));
                }
            }
            Filter::AppUser(_) if by_creation => sources.push(Ordered::AppUser(i)),
            Filter::Created { .. } if by_creation => sources.push(Ordered::Created(i)),
            _ => {}
        }
    }
    if !query.kinds.are_all() {
        sources.push(Ordered::Kinds);
    }
    if !query.kinds.with_deleted() {
        sources.push(Ordered::All);
    }
    sources
}

/// Whether the source has what matches and nothing else.
fn is_complete(query: &Query<'_>, source: Ordered<'_>) -> bool {
    match source.filter() {
        None if query.kinds.are_all() => query.filters.is_empty(),
        None => query.filters.is_empty() && matches!(source, Ordered::Kinds),
        Some(_) => query.filters.len() == 1 && query.kinds.are_all(),
    }
}

/// Reads the page from a source, up to and with `last`.
async fn walk(
    tx: &mut Tx,
    query: &Query<'_>,
    source: Ordered<'_>,
    page: &Page,
    last: Option<&Position>,
) -> Result<Vec<Asset>> {
    let mut sql = Sql::default();
    let bounds = Bounds { page, last };
    push_source(&mut sql, query, source, bounds, !is_complete(query, source));
    push_order(&mut sql, page);
    sql.bind(page.limit).push(" OFFSET ").bind(page.offset);
    rows(tx, sql, page).await
}

/// Walks at most `reach` rows; `None` if the page was not full by then.
async fn walk_some(
    tx: &mut Tx,
    query: &Query<'_>,
    source: Ordered<'_>,
    page: &Page,
    reach: i64,
    count: i64,
) -> Result<Option<Vec<Asset>>> {
    let mut sql = Sql::default();
    let bounds = Bounds { page, last: None };
    push_source(&mut sql, query, source, bounds, false);
    push_order(&mut sql, page);
    sql.bind(1).push(" OFFSET ").bind(reach);
    let last = positions(tx, &sql).await?.pop();
    let assets = walk(tx, query, source, page, last.as_ref()).await?;
    let wanted = page.limit.min(count - page.offset);
    let full = last.is_none() || number(assets.len()) == wanted;
    Ok(full.then_some(assets))
}

async fn sort(tx: &mut Tx, query: &Query<'_>, start: Start, page: &Page) -> Result<Vec<Asset>> {
    let mut from = Sql::default();
    let columns = push_from(&mut from, query, start, Some(page.sort_key));
    let key = columns.key(page.sort_key);
    let mut sql = Sql::new("SELECT ");
    sql.push(columns.id)
        .push(" AS id, ")
        .push(&key)
        .push(" AS k");
    sql.append(from);
    let bounds = Bounds { page, last: None };
    bounds.push(&mut sql, &key, columns.id);
    push_order(&mut sql, page);
    sql.bind(page.limit).push(" OFFSET ").bind(page.offset);
    rows(tx, sql, page).await
}

/// The assets whose ids a statement answers, in the order of the page.
async fn rows(tx: &mut Tx, ids: Sql, page: &Page) -> Result<Vec<Asset>> {
    let direction = if page.descending { "DESC" } else { "ASC" };
    let key = page.sort_key.column();
    let mut sql = Sql::new("SELECT ");
    sql.push(COLUMNS).push(" FROM (").append(ids);
    sql.push(") p CROSS JOIN assets a WHERE a.asset_id = p.id ORDER BY ");
    sql.push(&format!("a.{key} {direction}, a.asset_id {direction}"));
    let rows = tx.query(sql.text(), sql.params()).await?;
    rows.into_iter().map(asset).collect()
}

fn push_order(sql: &mut Sql, page: &Page) {
    let direction = if page.descending { "DESC" } else { "ASC" };
    sql.push(&format!(" ORDER BY k {direction}, id {direction} LIMIT "));
}

/// Runs a statement that answers ids and sort keys.
pub async fn positions(tx: &mut Tx, sql: &Sql) -> Result<Vec<Position>> {
    let rows = tx.query(sql.text(), sql.params()).await?;
    let position = |mut row: crate::db::Row| {
        Ok(Position {
            id: row.next()?,
            key: row.next()?,
        })
    };
    rows.into_iter().map(position).collect()
}

/// Between which places of the order a page lies.
#[derive(Debug, Clone, Copy)]
struct Bounds<'p> {
    page: &'p Page,
    last: Option<&'p Position>,
}

impl Bounds<'_> {
    fn push(self, sql: &mut Sql, key: &str, id: &str) {
        let (after, until) = if self.page.descending {
            ("<", ">=")
        } else {
            (">", "<=")
        };
        if let Some(position) = &self.page.after {
            sql.push(&format!(" AND ({key}, {id}) {after} ("));
            sql.bind(position.key)
                .push(", ")
                .bind(&position.id)
                .push(")");
        }
        if let Some(position) = self.last {
            sql.push(&format!(" AND ({key}, {id}) {until} ("));
            sql.bind(position.key)
                .push(", ")
                .bind(&position.id)
                .push(")");
        }
    }
}

/// `SELECT id, k …` of a source; with `conditions`, only what matches the rest too.
fn push_source(
    sql: &mut Sql,
    query: &Query<'_>,
    source: Ordered<'_>,
    bounds: Bounds<'_>,
    conditions: bool,
) {
    match source {
        Ordered::All | Ordered::AppUser(_) | Ordered::Created(_) => {
            push_assets(sql, query, source, bounds, conditions);
        }
        Ordered::Kinds => push_each_kind(sql, query, bounds, conditions),
        Ordered::Values(i, attribute, values) => {
            for (n, value) in values.iter().enumerate() {
                // an asset that has two of the values is one asset
                sql.push(if n == 0 { "" } else { " UNION " });
                let value = Values::Any(vec![value.clone()]);
                let name = &attribute.name;
                push_value(sql, query, (i, name, &value), bounds, conditions);
            }
        }
    }
}

fn push_assets(
    sql: &mut Sql,
    query: &Query<'_>,
    source: Ordered<'_>,
    bounds: Bounds<'_>,
    conditions: bool,
) {
    let key = format!("a.{}", bounds.page.sort_key.column());
    sql.push(&format!(
        "SELECT a.asset_id AS id, {key} AS k FROM assets a"
    ));
    sql.push(" WHERE a.project_id = ").bind(query.project);
    sql.push(" AND a.state <> 'DELETED'");
    let start = source.filter().map_or(Start::All, Start::Filter);
    if let Some(i) = source.filter() {
        super::rows::push_filter(sql, &query.filters[i], false, "a.asset_id");
    }
    bounds.push(sql, &key, "a.asset_id");
    if conditions {
        push_kinds(sql, &query.kinds, true);
        push_others(sql, query, start, "a.asset_id");
    }
}

fn push_each_kind(sql: &mut Sql, query: &Query<'_>, bounds: Bounds<'_>, conditions: bool) {
    let key = format!("a.{}", bounds.page.sort_key.column());
    for (n, cell) in query.kinds.cells.iter().enumerate() {
        sql.push(if n == 0 { "" } else { " UNION ALL " });
        sql.push(&format!(
            "SELECT a.asset_id AS id, {key} AS k FROM assets a"
        ));
        sql.push(" WHERE a.project_id = ").bind(query.project);
        sql.push(" AND a.asset_type = ").bind(&cell.asset_type);
        sql.push(" AND a.state = ").bind(&cell.state);
        bounds.push(sql, &key, "a.asset_id");
        if conditions {
            push_others(sql, query, Start::Kinds, "a.asset_id");
        }
    }
}

fn push_value(
    sql: &mut Sql,
    query: &Query<'_>,
    (filter, name, value): (usize, &str, &Values),
    bounds: Bounds<'_>,
    conditions: bool,
) {
    let key = format!("x.{}", bounds.page.sort_key.column());
    let join = conditions && needs_assets(query);
    sql.push(&format!(
        "SELECT x.asset_id AS id, {key} AS k FROM asset_attributes x"
    ));
    sql.push(if join { " CROSS JOIN assets a" } else { "" });
    sql.push(" WHERE x.project_id = ").bind(query.project);
    push_values(sql, name, value, "x.");
    bounds.push(sql, &key, "x.asset_id");
    if join {
        sql.push(" AND a.asset_id = x.asset_id");
        push_kinds(sql, &query.kinds, true);
    }
    if conditions {
        push_others(sql, query, Start::Filter(filter), "x.asset_id");
    }
}
