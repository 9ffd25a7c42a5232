//! SQL of the audit.

use super::model::{Event, Outcome};
use crate::clock::Timestamp;
use crate::db::{Row, Sql, Tx};
use crate::error::{Error, Result};
use crate::params;

/// Which events to list; what is `None` does not filter.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Whole, or its beginning up to a colon.
    pub action: Option<String>,
    pub resource: Option<String>,
    pub since: Option<Timestamp>,
    pub limit: u32,
}

pub async fn record(tx: &mut Tx, event: &Event) -> Result<()> {
    tx.execute(
        "INSERT INTO audit (event_id, at, request_id, project_id, user_id, user_name, access_key, \
         address, action, resource, outcome, detail) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        params![
            &event.event_id,
            event.at,
            &event.request_id,
            &event.project_id,
            &event.user_id,
            &event.user_name,
            &event.access_key,
            &event.address,
            &event.action,
            &event.resource,
            event.outcome.as_str(),
            event.detail.to_string()
        ],
    )
    .await?;
    Ok(())
}

/// The latest events, the newest first.
pub async fn list(tx: &mut Tx, filter: &Filter) -> Result<Vec<Event>> {
    let mut sql = Sql::new(
        "SELECT event_id, at, request_id, project_id, user_id, user_name, access_key, address, \
         action, resource, outcome, detail FROM audit WHERE at >= ",
    );
    sql.bind(filter.since.unwrap_or(Timestamp::from_millis(0)));
    if let Some(action) = &filter.action {
        sql.push(" AND (action = ").bind(action);
        let like = format!("{}:%", crate::db::like_escape(action));
        sql.push(" OR action LIKE ").bind(like);
        sql.push(" ESCAPE '\\')");
    }
    if let Some(resource) = &filter.resource {
        sql.push(" AND resource = ").bind(resource);
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

/// Forgets events from before `then`.
pub async fn delete_before(tx: &mut Tx, then: Timestamp) -> Result<u64> {
    let sql = "DELETE FROM audit WHERE at < $1";
    Ok(tx.execute(sql, params![then]).await?)
}
