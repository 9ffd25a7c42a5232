//! How many assets match: from the counters, else by one pass over the most selective filter.

use super::criteria::{Position, SortKey};
use super::number;
use super::query::{Filter, Query};
use super::rows::{Start, most_selective, push_from};
use crate::db::{Sql, Tx};
use crate::error::Result;

/// Matches are kept up to this number, so that the page needs no second pass for them.
pub const FEW: usize = 5000;

#[derive(Debug)]
pub enum Counted {
    Number(i64),
    /// All that match, in no order.
    All(Vec<Position>),
}

pub async fn count(tx: &mut Tx, query: &Query<'_>, sort_key: SortKey) -> Result<Counted> {
    if let Some(count) = known(query) {
        return Ok(Counted::Number(count));
    }
    let (start, _) = most_selective(tx, query).await?;
    if !is_index_only(query, start) {
        let few = collect(tx, query, start, sort_key).await?;
        if few.len() <= FEW {
            return Ok(Counted::All(few));
        }
    }
    let mut sql = Sql::new("SELECT COUNT(*)");
    push_from(&mut sql, query, start, None);
    let row = tx.query_one(sql.text(), sql.params()).await?;
    let count = row.map(|mut row| row.next()).transpose()?;
    Ok(Counted::Number(count.unwrap_or(0)))
}

/// What the counters tell without looking at any asset.
fn known(query: &Query<'_>) -> Option<i64> {
    match query.filters.as_slice() {
        [] => Some(query.kinds.count()),
        _ if !query.kinds.are_all() => None,
        [Filter::Having(one)] if one.named(1).is_some() => Some(one.n),
        [Filter::Lacking(one)] if one.named(1).is_some() => Some(query.kinds.total - one.n),
        _ => None,
    }
}

/// Whether counting reads an index and nothing else: then it is worth nothing to keep the matches.
fn is_index_only(query: &Query<'_>, start: Start) -> bool {
    let Start::Filter(i) = start else {
        return false;
    };
    let indexed = matches!(
        query.filters[i],
        Filter::Having(_) | Filter::AppUser(_) | Filter::Created { .. }
    );
    indexed && query.filters.len() == 1 && query.kinds.are_all()
}

/// The matches, or [`FEW`] and one of them.
pub async fn collect(
    tx: &mut Tx,
    query: &Query<'_>,
    start: Start,
    sort_key: SortKey,
) -> Result<Vec<Position>> {
    let mut from = Sql::default();
    let columns = push_from(&mut from, query, start, Some(sort_key));
    let mut sql = Sql::new("SELECT ");
    sql.push(columns.id).push(", ").push(&columns.key(sort_key));
    sql.append(from);
    sql.push(" LIMIT ").bind(number(FEW) + 1);
    super::page::positions(tx, &sql).await
}
