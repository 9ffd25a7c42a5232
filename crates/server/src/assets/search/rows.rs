//! The part of a statement that names what matches: ` FROM … WHERE …`, begun at the most selective
//! filter.
//!
//! Every other condition is *fenced* (`a.app_user_id || ''`): no index can serve it, so that
//! neither database is tempted to begin elsewhere.

use super::criteria::SortKey;
use super::query::{Attribute, Filter, Kinds, Query, Values, push_values};
use crate::assets::filter::TAG;
use crate::assets::rules::folded;
use crate::db::{Sql, Tx};
use crate::error::Result;
use crate::iam::policy::{Clause, Pattern, Rest};

/// Where a statement begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// All assets of the project that are not DELETED.
    All,
    Kinds,
    /// The filter with this number.
    Filter(usize),
}

/// The columns that a statement's ids and sort keys are in.
#[derive(Debug, Clone, Copy)]
pub struct From {
    pub id: &'static str,
    table: &'static str,
}

impl From {
    pub fn key(self, key: SortKey) -> String {
        format!("{}.{}", self.table, key.column())
    }
}

/// How many rows are counted at most to see how selective a filter is.
const MEASURED: i64 = 10_000;

/// The start that leaves the fewest rows to look at, and about how many.
pub async fn most_selective(tx: &mut Tx, query: &Query<'_>) -> Result<(Start, i64)> {
    let kinds = &query.kinds;
    let mut best = if kinds.are_all() {
        (Start::All, kinds.total)
    } else {
        (Start::Kinds, kinds.count())
    };
    let alone = kinds.are_all() && query.filters.len() == 1;
    for (i, filter) in query.filters.iter().enumerate() {
        let rows = match filter {
            // no attribute or partial index has DELETED assets
            Filter::Name(_) | Filter::AppUser(_) | Filter::Created { .. } | Filter::NamePart(_)
                if kinds.with_deleted() =>
            {
                continue;
            }
            Filter::Lacking(_) | Filter::Permitted(_) => continue,
            Filter::Ids(ids) => super::number(ids.len()),
            // an index of its own, read from end to end: a fraction of the work
            Filter::NamePart(_) => kinds.total / 4,
            Filter::Having(attribute) => attribute.n,
            Filter::Name(_) | Filter::AppUser(_) | Filter::Created { .. } if alone => 0,
            Filter::Name(_) | Filter::AppUser(_) | Filter::Created { .. } => {
                measure(tx, query, filter).await?
            }
        };
        if rows < best.1 || alone {
            best = (Start::Filter(i), rows);
        }
    }
    Ok(best)
}

async fn measure(tx: &mut Tx, query: &Query<'_>, filter: &Filter) -> Result<i64> {
    let mut sql = Sql::new("SELECT COUNT(*) FROM (SELECT 1 AS one FROM assets a");
    sql.push(" WHERE a.project_id = ").bind(query.project);
    sql.push(" AND a.state <> 'DELETED'");
    push_filter(&mut sql, filter, false, "a.asset_id");
    sql.push(" LIMIT ").bind(MEASURED).push(") m");
    let row = tx.query_one(sql.text(), sql.params()).await?;
    let n = row.map(|mut row| row.next()).transpose()?.unwrap_or(0);
    Ok(if n < MEASURED {
        n
    } else {
        query.kinds.total / 2
    })
}

/// Adds ` FROM … WHERE …` with all conditions. `need` is a sort key that is wanted beside the id.
pub fn push_from(sql: &mut Sql, query: &Query<'_>, start: Start, need: Option<SortKey>) -> From {
    let attribute = match start {
        Start::Filter(i) => match &query.filters[i] {
            Filter::Having(attribute) => Some(attribute),
            _ => None,
        },
        Start::All | Start::Kinds => None,
    };
    match attribute {
        Some(attribute) => push_from_attribute(sql, query, start, attribute, need),
        None => push_from_assets(sql, query, start),
    }
}

fn push_from_assets(sql: &mut Sql, query: &Query<'_>, start: Start) -> From {
    let by_id = matches!(start, Start::Filter(i) if matches!(query.filters[i], Filter::Ids(_)));
    sql.push(" FROM assets a WHERE a.project_id");
    sql.push(if by_id { " || '' = " } else { " = " });
    sql.bind(query.project);
    if let Start::Filter(i) = start {
        push_filter(sql, &query.filters[i], false, "a.asset_id");
    }
    push_kinds(sql, &query.kinds, start != Start::Kinds);
    push_others(sql, query, start, "a.asset_id");
    From {
        id: "a.asset_id",
        table: "a",
    }
}

fn push_from_attribute(
    sql: &mut Sql,
    query: &Query<'_>,
    start: Start,
    attribute: &Attribute,
    need: Option<SortKey>,
) -> From {
    let single = attribute.named(1).is_some();
    let has_key = |key| key == SortKey::CreateTime || attribute.name == TAG;
    let key_is_here = single && need.is_none_or(has_key);
    let join = needs_assets(query) || !(key_is_here || need.is_none());
    sql.push(if single {
        " FROM asset_attributes x"
    } else {
        // an asset with two of the values is one asset
        " FROM (SELECT DISTINCT x.asset_id FROM asset_attributes x"
    });
    if single && join {
        sql.push(" CROSS JOIN assets a");
    }
    sql.push(" WHERE x.project_id = ").bind(query.project);
    push_attribute(sql, query, attribute);
    if !single {
        sql.push(") x");
        sql.push(if join { " CROSS JOIN assets a" } else { "" });
        sql.push(" WHERE 1 = 1");
    }
    if join {
        sql.push(" AND a.asset_id = x.asset_id");
        push_kinds(sql, &query.kinds, true);
    }
    push_others(sql, query, start, "x.asset_id");
    From {
        id: "x.asset_id",
        table: if join { "a" } else { "x" },
    }
}

/// Whether some condition is about the asset's own row.
pub fn needs_assets(query: &Query<'_>) -> bool {
    let about_row = |filter: &Filter| !matches!(filter, Filter::Having(_) | Filter::Lacking(_));
    !query.kinds.are_all() || query.filters.iter().any(about_row)
}

fn push_attribute(sql: &mut Sql, query: &Query<'_>, attribute: &Attribute) {
    match &attribute.values {
        Values::Any(_) => push_values(sql, &attribute.name, &attribute.values, "x."),
        Values::Like(_) => {
            sql.push(" AND x.name = 'tag' AND x.value IN (SELECT c.value FROM attribute_counts c");
            sql.push(" WHERE c.project_id = ").bind(query.project);
            push_values(sql, &attribute.name, &attribute.values, "c.");
            sql.push(")");
        }
    }
}

pub fn push_kinds(sql: &mut Sql, kinds: &Kinds, fenced: bool) {
    // the indexes that leave out DELETED are used only where a statement says so
    if !kinds.with_deleted() {
        sql.push(" AND a.state <> 'DELETED'");
    }
    let fence = if fenced { " || ''" } else { "" };
    if !kinds.states.is_empty() {
        let states: Vec<_> = kinds.states.iter().map(|s| s.as_str()).collect();
        sql.push(" AND a.state").push(fence);
        sql.push(" ").bind_in(&states);
    }
    if !kinds.types.is_empty() {
        let types: Vec<_> = kinds.types.iter().map(|t| t.as_str()).collect();
        sql.push(" AND a.asset_type").push(fence);
        sql.push(" ").bind_in(&types);
    }
}

/// All filters but the one that the statement begins with, fenced.
pub fn push_others(sql: &mut Sql, query: &Query<'_>, start: Start, id: &str) {
    for (i, filter) in query.filters.iter().enumerate() {
        if start == Start::Filter(i) {
            continue;
        }
        match filter {
            Filter::Having(attribute) => push_exists(sql, query, attribute, " AND EXISTS", id),
            Filter::Lacking(attribute) => push_exists(sql, query, attribute, " AND NOT EXISTS", id),
            _ => push_filter(sql, filter, true, id),
        }
    }
}

fn push_exists(sql: &mut Sql, query: &Query<'_>, attribute: &Attribute, exists: &str, id: &str) {
    sql.push(exists);
    // x may be the statement's own, outside: another name for it inside
    sql.push(" (SELECT 1 FROM asset_attributes y WHERE y.asset_id = ");
    sql.push(id);
    match &attribute.values {
        Values::Any(_) => push_values(sql, &attribute.name, &attribute.values, "y."),
        Values::Like(_) => {
            sql.push(" AND y.name = 'tag' AND y.value IN (SELECT c.value FROM attribute_counts c");
            sql.push(" WHERE c.project_id = ").bind(query.project);
            push_values(sql, &attribute.name, &attribute.values, "c.");
            sql.push(")");
        }
    }
    sql.push(")");
}

/// A condition on the asset's own row.
pub fn push_filter(sql: &mut Sql, filter: &Filter, fenced: bool, id: &str) {
    let fence = if fenced { " || ''" } else { "" };
    match filter {
        Filter::Ids(ids) => {
            sql.push(" AND ").push(id).push(fence).push(" ");
            sql.bind_in(&ids.iter().map(String::as_str).collect::<Vec<_>>());
        }
        Filter::Name(name) => {
            sql.push(" AND a.name_folded").push(fence).push(" = ");
            sql.bind(folded(name));
            sql.push(" AND a.name = ").bind(name);
        }
        Filter::NamePart(pattern) => {
            sql.push(" AND a.name_folded LIKE ").bind(pattern);
            sql.push(" ESCAPE '\\'");
        }
        Filter::AppUser(user) => {
            sql.push(" AND a.app_user_id").push(fence).push(" = ");
            sql.bind(user);
        }
        Filter::Created { from, until } => {
            let fence = if fenced { " + 0" } else { "" };
            if let Some(from) = from {
                sql.push(" AND a.created_at").push(fence).push(" >= ");
                sql.bind(from);
            }
            if let Some(until) = until {
                sql.push(" AND a.created_at").push(fence).push(" <= ");
                sql.bind(until);
            }
        }
        Filter::Permitted(rest) => push_rest(sql, rest, id),
        Filter::Having(_) | Filter::Lacking(_) => {
            unreachable!("attributes are not columns of an asset")
        }
    }
}

/// One clause of `allow` and none of `deny`, as [`Rest::covers`] has it.
fn push_rest(sql: &mut Sql, rest: &Rest, id: &str) {
    if let Some(allow) = &rest.allow {
        sql.push(" AND ");
        push_any(sql, allow, &|sql, clause| push_clause(sql, clause, id));
    }
    if !rest.deny.is_empty() {
        sql.push(" AND NOT ");
        push_any(sql, &rest.deny, &|sql, clause| push_clause(sql, clause, id));
    }
}

fn push_clause(sql: &mut Sql, clause: &Clause, id: &str) {
    sql.push("(1 = 1");
    if !clause.ids.is_empty() {
        sql.push(" AND ");
        push_any(sql, &clause.ids, &|sql, p| push_pattern(sql, id, p));
    }
    for users in &clause.app_users {
        sql.push(" AND a.app_user_id IS NOT NULL AND ");
        // never NULL itself, so that NOT means what it says
        let column = "COALESCE(a.app_user_id, '')";
        push_any(sql, users, &|sql, p| push_pattern(sql, column, p));
    }
    sql.push(")");
}

fn push_pattern(sql: &mut Sql, column: &str, pattern: &Pattern) {
    sql.push(column);
    match pattern.only() {
        Some(text) => sql.push(" || '' = ").bind(text),
        None => sql.push(" LIKE ").bind(pattern.like()).push(" ESCAPE '\\'"),
    };
}

/// One of them, as a tree of halves: databases bound how deep a condition may be.
fn push_any<T>(sql: &mut Sql, items: &[T], push: &dyn Fn(&mut Sql, &T)) {
    match items {
        [] => {
            sql.push("(1 = 0)");
        }
        [one] => push(sql, one),
        more => {
            let (left, right) = more.split_at(more.len() / 2);
            sql.push("(");
            push_any(sql, left, push);
            sql.push(" OR ");
            push_any(sql, right, push);
            sql.push(")");
        }
    }
}
