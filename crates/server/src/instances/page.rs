//! Offset and limit of the lists of this family.

use crate::error::Result;
use crate::http::query::Query;

const MOST: i64 = 1000;
const DEFAULT: i64 = 20;

/// Rows to skip, and rows at most.
pub fn page(query: &mut Query) -> Result<(i64, i64)> {
    let offset = query.integer("offset", 0..=i64::from(i32::MAX))?;
    let limit = query.integer("limit", 1..=MOST)?;
    Ok((offset.unwrap_or(0), limit.unwrap_or(DEFAULT)))
}

/// The same as the vendor documents it for tasks: below 0 is 0, more than can be had is the most.
pub fn lenient_page(query: &mut Query) -> Result<(i64, i64)> {
    let offset = query.integer("offset", i64::from(i32::MIN)..=i64::from(i32::MAX))?;
    let limit = query.integer("limit", 1..=i64::from(i32::MAX))?;
    Ok((
        offset.unwrap_or(0).max(0),
        limit.unwrap_or(DEFAULT).min(MOST),
    ))
}

/// How many rows a page has, for the answer.
pub fn size<T>(page: &[T]) -> i64 {
    i64::try_from(page.len()).unwrap_or(i64::MAX)
}
