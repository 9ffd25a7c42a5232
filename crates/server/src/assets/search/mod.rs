//! How assets are found: one page of a list with its exact count, and summaries by id.
//!
//! Both databases must do the right thing without statistics, so the program chooses, not they:
//!
//! 1. [`query`] asks the counters what they know: how many assets there are of each type and
//!    state, and with each tag or other attribute.
//! 2. [`count`] takes the number from the counters where they have it. Otherwise it counts from
//!    the most selective filter ([`rows`]). Where little matches, that one pass answers the page too.
//! 3. [`page`] reads ids in the order asked for from an index that has it, as far as the page goes.
//!    A filter that no such index covers is checked on the way, up to a bound, beyond which sorting
//!    what matches is cheaper. The 50 rows themselves are read last, so that a large offset only
//!    skips index entries.

mod count;
mod criteria;
mod page;
mod query;
mod rows;
mod summaries;

pub use criteria::{Criteria, Page, Position, SortKey, Text};
pub use summaries::{Summary, SummaryFile, list_summaries};

use self::count::Counted;
use super::model::Asset;
use super::store::{COLUMNS, asset};
use crate::db::{Sql, Tx};
use crate::error::Result;
use crate::ids::ProjectId;

/// A page, and how many assets match in all.
#[derive(Debug, Default)]
pub struct Found {
    pub count: i64,
    pub assets: Vec<Asset>,
}

/// One page of what matches, in a total order: ties are broken by id.
pub async fn list(
    tx: &mut Tx,
    project: &ProjectId,
    criteria: &Criteria,
    page: &Page,
) -> Result<Found> {
    let Some(query) = query::prepare(tx, project, criteria).await? else {
        return Ok(Found::default());
    };
    match count::count(tx, &query, page.sort_key).await? {
        Counted::Number(count) => {
            let assets = page::list(tx, &query, count, page).await?;
            Ok(Found { count, assets })
        }
        Counted::All(matches) => {
            let count = number(matches.len());
            let assets = list_by_ids(tx, &page::cut(matches, page)).await?;
            Ok(Found { count, assets })
        }
    }
}

/// The rows of a page, in the order of its ids.
async fn list_by_ids(tx: &mut Tx, ids: &[String]) -> Result<Vec<Asset>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut sql = Sql::new("SELECT ");
    sql.push(COLUMNS).push(" FROM assets a WHERE a.asset_id ");
    sql.bind_in(&ids.iter().map(String::as_str).collect::<Vec<_>>());
    let rows = tx.query(sql.text(), sql.params()).await?;
    let mut assets: Vec<Asset> = rows.into_iter().map(asset).collect::<Result<_>>()?;
    assets.sort_by_cached_key(|asset| ids.iter().position(|id| id == asset.asset_id.as_str()));
    Ok(assets)
}

fn number(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}
