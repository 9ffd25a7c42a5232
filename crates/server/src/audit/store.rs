//! SQL of the audit: the only place that names its table. Nothing changes a row.

use super::model::{Event, Outcome};
use crate::clock::Timestamp;
use crate::db::{Row, Sql, Tx};
use crate::error::{Error, Result};
use crate::ids::ProjectId;
use crate::params;

/// Events that one statement adds.
const AT_A_TIME: usize = 100;

/// Which events to list; what is `None` does not filter.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub project_id: Option<ProjectId>,
    /// Whole, or its beginning up to a colon.
    pub action: Option<String>,
    pub resource: Option<String>,
    pub user_id: Option<String>,
    pub user_name: Option<String>,
    pub access_key: Option<String>,
    pub outcome: Option<Outcome>,
    pub since: Option<Timestamp>,
    /// Events before this time.
    pub until: Option<Timestamp>,
    /// Events that come after this one in the list.
    pub after: Option<Place>,
    pub limit: u32,
}

/// Where an event stands in the order of the list.
#[derive(Debug, Clone)]
pub struct Place {
    pub at: Timestamp,
    pub event_id: String,
}

pub async fn record(tx: &mut Tx, event: &Event) -> Result<()> {
    record_all(tx, std::slice::from_ref(event)).await
}

/// One statement for many. An event that is there stays as it is: who writes it again did not hear
/// that it had been written.
pub async fn record_all(tx: &mut Tx, events: &[Event]) -> Result<()> {
    for some in events.chunks(AT_A_TIME) {
        let mut sql = Sql::new(
            "INSERT INTO audit (event_id, at, request_id, project_id, user_id, user_name, \
             access_key, address, action, resource, outcome, detail) VALUES ",
        );
        for (i, event) in some.iter().enumerate() {
            sql.push(if i == 0 { "(" } else { ", (" });
            sql.bind(&event.event_id).push(", ");
            sql.bind(event.at).push(", ");
            sql.bind(&event.request_id).push(", ");
            sql.bind(&event.project_id).push(", ");
            sql.bind(&event.user_id).push(", ");
            sql.bind(&event.user_name).push(", ");
            sql.bind(&event.access_key).push(", ");
            sql.bind(&event.address).push(", ");
            sql.bind(&event.action).push(", ");
            sql.bind(&event.resource).push(", ");
            sql.bind(event.outcome.as_str()).push(", ");
            sql.bind(event.detail.to_string()).push(")");
        }
        sql.push(" ON CONFLICT DO NOTHING");
        tx.execute(sql.text(), sql.params()).await?;
    }
    Ok(())
}

/// The events behind one of an earlier list, which has the same filter.
pub async fn list_after(tx: &mut Tx, filter: &Filter, marker: Option<&str>) -> Result<Vec<Event>> {
    let mut filter = filter.clone();
    if let Some(event_id) = marker {
        let place = find_place(tx, filter.project_id.as_ref(), event_id).await?;
        filter.after = Some(place.ok_or_else(|| {
            Error::parameter("marker", "must be the event_id of an event that is there")
        })?);
    }
    list(tx, &filter).await
}

/// Where an event stands, if it is the project's.
async fn find_place(
    tx: &mut Tx,
    project: Option<&ProjectId>,
    event_id: &str,
) -> Result<Option<Place>> {
    let mut sql = Sql::new("SELECT at FROM audit WHERE event_id = ");
    sql.bind(event_id);
    if let Some(project) = project {
        sql.push(" AND project_id = ").bind(project);
    }
    let row = tx.query_one(sql.text(), sql.params()).await?;
    row.map(|mut row| {
        Ok(Place {
            at: row.next()?,
            event_id: event_id.to_owned(),
        })
    })
    .transpose()
}

/// The latest events, the newest first.
pub async fn list(tx: &mut Tx, filter: &Filter) -> Result<Vec<Event>> {
    let mut sql = Sql::new(
        "SELECT event_id, at, request_id, project_id, user_id, user_name, access_key, address, \
         action, resource, outcome, detail FROM audit WHERE at >= ",
    );
    sql.bind(filter.since.unwrap_or(Timestamp::from_millis(0)));
    if let Some(until) = filter.until {
        sql.push(" AND at < ").bind(until);
    }
    if let Some(place) = &filter.after {
        sql.push(" AND (at, event_id) < (").bind(place.at);
        sql.push(", ").bind(&place.event_id).push(")");
    }
    if let Some(action) = &filter.action {
        sql.push(" AND (action = ").bind(action);
        let like = format!("{}:%", crate::db::like_escape(action));
        sql.push(" OR action LIKE ").bind(like);
        sql.push(" ESCAPE '\\')");
    }
    let outcome = filter.outcome.map(Outcome::as_str);
    for (column, value) in [
        (
            "project_id",
            filter.project_id.as_ref().map(ProjectId::as_str),
        ),
        ("resource", filter.resource.as_deref()),
        ("user_id", filter.user_id.as_deref()),
        ("user_name", filter.user_name.as_deref()),
        ("access_key", filter.access_key.as_deref()),
        ("outcome", outcome),
    ] {
        if let Some(value) = value {
            sql.push(" AND ").push(column).push(" = ").bind(value);
        }
    }
    sql.push(" ORDER BY at DESC, event_id DESC LIMIT ");
    sql.bind(filter.limit);
    let rows = tx.query(sql.text(), sql.params()).await?;
    rows.into_iter().map(event).collect()
}

fn event(mut row: Row) -> Result<Event> {
    Ok(Event {
        event_id: row.next()?,
        at: row.next()?,
        request_id: row.next()?,
        project_id: row.next()?,
        user_id: row.next()?,
        user_name: row.next()?,
        access_key: row.next()?,
        address: row.next()?,
        action: row.next()?,
        resource: row.next()?,
        outcome: {
            let text: String = row.next()?;
            let outcome = Outcome::parse(&text);
            outcome.ok_or_else(|| Error::internal(format!("audit.outcome: {text}")))?
        },
        detail: serde_json::from_str(&row.next::<String>()?).map_err(Error::internal)?,
    })
}

/// Forgets the oldest events from before `then`; answers how many it were.
pub async fn delete_before(tx: &mut Tx, then: Timestamp, most: u32) -> Result<u64> {
    let sql = "DELETE FROM audit WHERE event_id IN \
         (SELECT event_id FROM audit WHERE at < $1 ORDER BY at, event_id LIMIT $2)";
    Ok(tx.execute(sql, params![then, most]).await?)
}
