//! SQL of instances; of what is in them, in `apps`, `attached` and `tasks`.

pub mod apps;
pub mod attached;
pub mod tasks;

use super::model::Instance;
use crate::db::{DbError, Row, Tx};
use crate::error::{Error, ErrorCode, Result};
use crate::ids::{InstanceId, ProjectId};
use crate::params;

const COLUMNS: &str = "instance_id, project_id, name, description, created_at, updated_at";

fn instance(mut row: Row) -> Result<Instance, DbError> {
    Ok(Instance {
        instance_id: row.next()?,
        project_id: row.next()?,
        name: row.next()?,
        description: row.next()?,
        created_at: row.next()?,
        updated_at: row.next()?,
    })
}

pub async fn find_instance(
    tx: &mut Tx,
    project: &ProjectId,
    id: &InstanceId,
) -> Result<Option<Instance>> {
    let sql = format!("SELECT {COLUMNS} FROM instances WHERE instance_id = $1 AND project_id = $2");
    let row = tx.query_one(&sql, params![id, project]).await?;
    Ok(row.map(instance).transpose()?)
}

/// The instance, if it is the project's.
pub async fn require_instance(
    tx: &mut Tx,
    project: &ProjectId,
    id: &InstanceId,
) -> Result<Instance> {
    let found = find_instance(tx, project, id).await?;
    found.ok_or_else(|| {
        let message = format!("The instance does not exist;id:{id}");
        Error::new(ErrorCode::InstanceNotFound, message)
    })
}

pub async fn find_instance_by_name(
    tx: &mut Tx,
    project: &ProjectId,
    name: &str,
) -> Result<Option<Instance>> {
    let sql = format!("SELECT {COLUMNS} FROM instances WHERE project_id = $1 AND name = $2");
    let row = tx.query_one(&sql, params![project, name]).await?;
    Ok(row.map(instance).transpose()?)
}

pub async fn is_instance_id_taken(tx: &mut Tx, id: &InstanceId) -> Result<bool> {
    let sql = "SELECT instance_id FROM instances WHERE instance_id = $1";
    Ok(tx.query_one(sql, params![id]).await?.is_some())
}

pub async fn count_instances(tx: &mut Tx, project: &ProjectId) -> Result<i64> {
    let sql = "SELECT COUNT(*) FROM instances WHERE project_id = $1";
    let row = tx.query_one(sql, params![project]).await?;
    Ok(row.map(|mut row| row.next()).transpose()?.unwrap_or(0))
}

/// The oldest first.
pub async fn list_instances(
    tx: &mut Tx,
    project: &ProjectId,
    offset: i64,
    limit: i64,
) -> Result<Vec<Instance>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM instances WHERE project_id = $1 \
         ORDER BY created_at, instance_id LIMIT $2 OFFSET $3"
    );
    let rows = tx.query(&sql, params![project, limit, offset]).await?;
    Ok(rows
        .into_iter()
        .map(instance)
        .collect::<Result<_, DbError>>()?)
}

/// Of every project; for administrators.
pub async fn list_all_instances(tx: &mut Tx) -> Result<Vec<Instance>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM instances WHERE project_id IN \
         (SELECT p.project_id FROM projects p WHERE p.deleted_at IS NULL) \
         ORDER BY project_id, created_at, instance_id"
    );
    let rows = tx.query(&sql, &[]).await?;
    Ok(rows
        .into_iter()
        .map(instance)
        .collect::<Result<_, DbError>>()?)
}

/// Refuses a name that another instance of the project has.
pub async fn insert_instance(tx: &mut Tx, instance: &Instance) -> Result<()> {
    let taken = find_instance_by_name(tx, &instance.project_id, &instance.name).await?;
    if taken.is_some() {
        let message = "The instance name already exists in this project.";
        return Err(Error::new(ErrorCode::NameTaken, message));
    }
    tx.execute(
        "INSERT INTO instances (instance_id, project_id, name, description, created_at, \
         updated_at) VALUES ($1, $2, $3, $4, $5, $6)",
        params![
            &instance.instance_id,
            &instance.project_id,
            &instance.name,
            &instance.description,
            instance.created_at,
            instance.updated_at
        ],
    )
    .await?;
    Ok(())
}
