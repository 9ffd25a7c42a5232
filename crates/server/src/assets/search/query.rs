//! Criteria with what the counters know of them: how many assets there are of each type and state,
//! and with each attribute. Fuzzy tags are looked up here, so that afterwards a tag is a value.

use super::criteria::{Criteria, Text};
use crate::assets::filter;
use crate::assets::model::AssetType;
use crate::assets::rules::folded;
use crate::assets::state::AssetState;
use crate::clock::Timestamp;
use crate::db::{Sql, Tx, like_escape};
use crate::error::Result;
use crate::iam::policy::Rest;
use crate::ids::ProjectId;
use crate::params;

/// More values than this are looked up inside the statement instead of being named in it.
const MOST_VALUES: usize = 500;

#[derive(Debug)]
pub struct Query<'a> {
    pub project: &'a ProjectId,
    pub kinds: Kinds,
    pub filters: Vec<Filter>,
}

/// Types and states asked for.
#[derive(Debug)]
pub struct Kinds {
    /// Empty: any.
    pub types: Vec<AssetType>,
    /// Empty: all but DELETED.
    pub states: Vec<AssetState>,
    /// Those that have assets.
    pub cells: Vec<Cell>,
    /// All assets of the project that are not DELETED.
    pub total: i64,
}

#[derive(Debug)]
pub struct Cell {
    pub asset_type: String,
    pub state: String,
    pub n: i64,
}

#[derive(Debug)]
pub enum Filter {
    Ids(Vec<String>),
    Name(String),
    /// A LIKE pattern for the folded name.
    NamePart(String),
    AppUser(String),
    Created {
        from: Option<Timestamp>,
        until: Option<Timestamp>,
    },
    Permitted(Rest),
    Having(Attribute),
    Lacking(Attribute),
}

#[derive(Debug)]
pub struct Attribute {
    pub name: String,
    pub values: Values,
    /// How many assets have it; with several values, those that have two count twice.
    pub n: i64,
}

#[derive(Debug)]
pub enum Values {
    /// One of these.
    Any(Vec<String>),
    /// One that, folded, matches one of these patterns.
    Like(Vec<String>),
}

impl Kinds {
    pub fn are_all(&self) -> bool {
        self.types.is_empty() && self.states.is_empty()
    }

    pub fn with_deleted(&self) -> bool {
        self.states.contains(&AssetState::Deleted)
    }

    pub fn count(&self) -> i64 {
        self.cells.iter().map(|cell| cell.n).sum()
    }
}

impl Attribute {
    /// The values, when they are few enough to be read one after the other.
    pub fn named(&self, at_most: usize) -> Option<&[String]> {
        match &self.values {
            Values::Any(values) if values.len() <= at_most => Some(values),
            Values::Any(_) | Values::Like(_) => None,
        }
    }
}

/// `None` where nothing can match.
pub async fn prepare<'a>(
    tx: &mut Tx,
    project: &'a ProjectId,
    criteria: &Criteria,
) -> Result<Option<Query<'a>>> {
    // no text in the database has a NUL, which PostgreSQL would not take even as a parameter
    if criteria.nothing || has_nul(criteria) {
        return Ok(None);
    }
    let kinds = find_kinds(tx, project, criteria).await?;
    if kinds.cells.is_empty() {
        return Ok(None);
    }
    let mut filters = columns(criteria);
    for attribute in attributes(criteria) {
        let Some(found) = find_attribute(tx, project, attribute).await? else {
            return Ok(None);
        };
        filters.push(Filter::Having(found));
    }
    for (name, value) in &criteria.without {
        if value.contains('\0') {
            continue;
        }
        let values = Values::Any(vec![filter::indexed(value)]);
        if let Some(found) = find_attribute(tx, project, (name.clone(), values)).await? {
            filters.push(Filter::Lacking(found));
        }
    }
    Ok(Some(Query {
        project,
        kinds,
        filters,
    }))
}

fn has_nul(criteria: &Criteria) -> bool {
    let text = |text: &Text| match text {
        Text::Fuzzy(text) | Text::Exact(text) => text.contains('\0'),
    };
    let mut attributes = criteria.attributes.iter();
    criteria.name.iter().any(text)
        || criteria.app_user_id.iter().any(|user| user.contains('\0'))
        || attributes.any(|(name, values)| {
            name.contains('\0') || values.iter().all(|value| value.contains('\0'))
        })
}

fn columns(criteria: &Criteria) -> Vec<Filter> {
    let mut filters = Vec::new();
    if !criteria.ids.is_empty() {
        let mut ids = criteria.ids.clone();
        ids.retain(|id| !id.contains('\0'));
        filters.push(Filter::Ids(ids));
    }
    match &criteria.name {
        None => {}
        Some(Text::Exact(name)) => filters.push(Filter::Name(name.clone())),
        Some(Text::Fuzzy(name)) => filters.push(Filter::NamePart(pattern(name))),
    }
    if let Some(user) = &criteria.app_user_id {
        filters.push(Filter::AppUser(user.clone()));
    }
    filters.extend(criteria.permitted.iter().map(permitted));
    let (from, until) = (criteria.from, criteria.until);
    if from.is_some() || until.is_some() {
        filters.push(Filter::Created { from, until });
    }
    filters
}

/// Assets of one app user, which is what policies mostly confine to, have an index.
fn permitted(rest: &Rest) -> Filter {
    if let Some([only]) = rest.allow.as_deref()
        && rest.deny.is_empty()
        && only.ids.is_empty()
        && let [users] = only.app_users.as_slice()
        && let [user] = users.as_slice()
        && let Some(user) = user.only()
    {
        return Filter::AppUser(user.to_owned());
    }
    Filter::Permitted(rest.clone())
}

fn pattern(text: &str) -> String {
    format!("%{}%", like_escape(&folded(text)))
}

/// Each must be there with one of its values.
fn attributes(criteria: &Criteria) -> Vec<(String, Values)> {
    let tags: Vec<Values> = criteria
        .tags
        .iter()
        .map(|tag| match tag {
            Text::Exact(tag) | Text::Fuzzy(tag) if tag.contains('\0') => Values::Any(Vec::new()),
            Text::Exact(tag) => Values::Any(vec![filter::indexed(tag)]),
            Text::Fuzzy(tag) => Values::Like(vec![pattern(tag)]),
        })
        .collect();
    let tags = if criteria.all_tags {
        tags
    } else {
        tags.into_iter().reduce(union).into_iter().collect()
    };
    let tags = tags.into_iter().map(|tag| (filter::TAG.to_owned(), tag));
    let others = criteria.attributes.iter().map(|(name, values)| {
        let values = values.iter().filter(|value| !value.contains('\0'));
        let values = values.map(|value| filter::indexed(value)).collect();
        (name.clone(), Values::Any(values))
    });
    tags.chain(others).collect()
}

fn union(one: Values, other: Values) -> Values {
    match (one, other) {
        (Values::Any(one), Values::Any(other)) => Values::Any([one, other].concat()),
        (Values::Like(one), Values::Like(other)) => Values::Like([one, other].concat()),
        // tags are all fuzzy or all exact; what can't be there has no values
        (Values::Any(_), like @ Values::Like(_)) | (like @ Values::Like(_), Values::Any(_)) => like,
    }
}

async fn find_kinds(tx: &mut Tx, project: &ProjectId, criteria: &Criteria) -> Result<Kinds> {
    let rows = tx
        .query(
            "SELECT asset_type, state, CAST(SUM(n) AS BIGINT) FROM asset_counts \
             WHERE project_id = $1 GROUP BY asset_type, state HAVING SUM(n) > 0",
            params![project],
        )
        .await?;
    let deleted = AssetState::Deleted.as_str();
    let mut kinds = Kinds {
        types: criteria.types.clone(),
        states: criteria.states.clone(),
        cells: Vec::with_capacity(rows.len()),
        total: 0,
    };
    for mut row in rows {
        let cell = Cell {
            asset_type: row.next()?,
            state: row.next()?,
            n: row.next()?,
        };
        if cell.state != deleted {
            kinds.total += cell.n;
        }
        let of_type =
            kinds.types.is_empty() || kinds.types.iter().any(|t| t.as_str() == cell.asset_type);
        let in_state = if kinds.states.is_empty() {
            cell.state != deleted
        } else {
            kinds.states.iter().any(|s| s.as_str() == cell.state)
        };
        if of_type && in_state {
            kinds.cells.push(cell);
        }
    }
    Ok(kinds)
}

/// The values that some asset has, with their number; `None` if there are none.
async fn find_attribute(
    tx: &mut Tx,
    project: &ProjectId,
    (name, values): (String, Values),
) -> Result<Option<Attribute>> {
    let mut sql =
        Sql::new("SELECT value, CAST(SUM(n) AS BIGINT) FROM attribute_counts WHERE project_id = ");
    sql.bind(project);
    push_values(&mut sql, &name, &values, "");
    sql.push(" GROUP BY value HAVING SUM(n) > 0");
    let rows = tx.query(sql.text(), sql.params()).await?;
    let (mut there, mut n) = (Vec::with_capacity(rows.len()), 0);
    for mut row in rows {
        there.push(row.next::<String>()?);
        n += row.next::<i64>()?;
    }
    if there.is_empty() {
        return Ok(None);
    }
    let values = match values {
        Values::Like(patterns) if there.len() > MOST_VALUES => Values::Like(patterns),
        Values::Any(_) | Values::Like(_) => Values::Any(there),
    };
    Ok(Some(Attribute { name, values, n }))
}

/// ` AND name = … AND value …`; `table` ends in a dot, if it is there.
pub fn push_values(sql: &mut Sql, name: &str, values: &Values, table: &str) {
    sql.push(&format!(" AND {table}name = "));
    if name == filter::TAG {
        // written out, so that the indexes made for tags alone are considered
        sql.push("'tag'");
    } else {
        sql.bind(name);
    }
    match values {
        Values::Any(values) if values.len() == 1 => {
            sql.push(&format!(" AND {table}value = ")).bind(&values[0]);
        }
        Values::Any(values) => {
            let values: Vec<&str> = values.iter().map(String::as_str).collect();
            sql.push(&format!(" AND {table}value ")).bind_in(&values);
        }
        Values::Like(patterns) => {
            for (i, pattern) in patterns.iter().enumerate() {
                sql.push(if i == 0 { " AND (" } else { " OR " });
                sql.push(&format!("{table}value_folded LIKE "));
                sql.bind(pattern).push(" ESCAPE '\\'");
            }
            sql.push(")");
        }
    }
}
