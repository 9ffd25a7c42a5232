//! SQL of tasks. Names are unique in an instance, as those of applications are.

use crate::assets::rules::folded;
use crate::db::{Row, Sql, Tx, like_escape};
use crate::error::{Error, ErrorCode, Result};
use crate::ids::{InstanceId, TaskId};
use crate::instances::model::{Task, TaskType};
use crate::params;

const COLUMNS: &str = "task_id, instance_id, name, task_type, description, tag, \
     source_datasource_id, target_datasource_id, detail, created_at, updated_at";

/// What to list, and in which order; everything that is set must hold.
#[derive(Debug, Clone, Default)]
pub struct Criteria {
    pub task_id: Option<String>,
    /// Somewhere in the name, in upper or lower case.
    pub name: Option<String>,
    pub task_type: Option<TaskType>,
    pub source_datasource_id: Option<String>,
    pub target_datasource_id: Option<String>,
    pub tag: Option<String>,
    /// Known to match nothing, such as what runs.
    pub nothing: bool,
    pub sort: Sort,
    pub descending: bool,
}

#[derive(Debug, Clone, Copy, Default)]
pub enum Sort {
    #[default]
    CreateTime,
    UpdateTime,
    Name,
    Type,
}

impl Sort {
    fn column(self) -> &'static str {
        match self {
            Sort::CreateTime => "created_at",
            Sort::UpdateTime => "updated_at",
            Sort::Name => "name",
            Sort::Type => "task_type",
        }
    }
}

fn task(mut row: Row) -> Result<Task> {
    Ok(Task {
        task_id: row.next()?,
        instance_id: row.next()?,
        name: row.next()?,
        task_type: {
            let text: String = row.next()?;
            let parsed = TaskType::parse(&text);
            parsed.ok_or_else(|| Error::internal(format!("tasks.task_type: {text}")))?
        },
        description: row.next()?,
        tag: row.next()?,
        source_datasource_id: row.next()?,
        target_datasource_id: row.next()?,
        detail: row.next()?,
        created_at: row.next()?,
        updated_at: row.next()?,
    })
}

pub async fn find_task(tx: &mut Tx, instance: &InstanceId, id: &TaskId) -> Result<Option<Task>> {
    let sql = format!("SELECT {COLUMNS} FROM tasks WHERE task_id = $1 AND instance_id = $2");
    let row = tx.query_one(&sql, params![id, instance]).await?;
    row.map(task).transpose()
}

/// The task, if it is the instance's.
pub async fn require_task(tx: &mut Tx, instance: &InstanceId, id: &TaskId) -> Result<Task> {
    let found = find_task(tx, instance, id).await?;
    found.ok_or_else(|| not_found(id))
}

pub fn not_found(id: &TaskId) -> Error {
    let message = format!("The task does not exist;id:{id}");
    Error::new(ErrorCode::TaskNotFound, message)
}

pub async fn find_task_by_name(
    tx: &mut Tx,
    instance: &InstanceId,
    name: &str,
) -> Result<Option<Task>> {
    let sql = format!("SELECT {COLUMNS} FROM tasks WHERE instance_id = $1 AND name = $2");
    let row = tx.query_one(&sql, params![instance, name]).await?;
    row.map(task).transpose()
}

/// Whether any instance, of whatever project, has a task with this id.
pub async fn is_task_id_taken(tx: &mut Tx, id: &TaskId) -> Result<bool> {
    let sql = "SELECT task_id FROM tasks WHERE task_id = $1";
    Ok(tx.query_one(sql, params![id]).await?.is_some())
}

/// One page in a total order, ties broken by id; and how many there are in all.
pub async fn list_tasks(
    tx: &mut Tx,
    instance: &InstanceId,
    criteria: &Criteria,
    offset: i64,
    limit: i64,
) -> Result<(i64, Vec<Task>)> {
    if criteria.nothing {
        return Ok((0, Vec::new()));
    }
    let mut sql = Sql::new("SELECT COUNT(*) FROM tasks");
    push_criteria(&mut sql, instance, criteria);
    let row = tx.query_one(sql.text(), sql.params()).await?;
    let total = row.map(|mut row| row.next()).transpose()?.unwrap_or(0);
    // a definition may be large, and a list does not show it
    let columns = COLUMNS.replace(" detail,", " '' AS detail,");
    let mut sql = Sql::new(&format!("SELECT {columns} FROM tasks"));
    push_criteria(&mut sql, instance, criteria);
    let (column, direction) = (
        criteria.sort.column(),
        if criteria.descending { " DESC" } else { "" },
    );
    sql.push(&format!(
        " ORDER BY {column}{direction}, task_id{direction} LIMIT "
    ));
    sql.bind(limit).push(" OFFSET ").bind(offset);
    let rows = tx.query(sql.text(), sql.params()).await?;
    let tasks = rows.into_iter().map(task).collect::<Result<_>>()?;
    Ok((total, tasks))
}

fn push_criteria(sql: &mut Sql, instance: &InstanceId, criteria: &Criteria) {
    sql.push(" WHERE instance_id = ").bind(instance);
    for (column, value) in [
        ("task_id", &criteria.task_id),
        ("source_datasource_id", &criteria.source_datasource_id),
        ("target_datasource_id", &criteria.target_datasource_id),
        ("tag", &criteria.tag),
    ] {
        if let Some(value) = value {
            sql.push(&format!(" AND {column} = ")).bind(value);
        }
    }
    if let Some(kind) = criteria.task_type {
        sql.push(" AND task_type = ").bind(kind.as_str());
    }
    if let Some(name) = &criteria.name {
        let pattern = format!("%{}%", like_escape(&folded(name)));
        sql.push(" AND name_folded LIKE ").bind(pattern);
        sql.push(" ESCAPE '\\'");
    }
}

pub async fn insert_task(tx: &mut Tx, task: &Task) -> Result<()> {
    refuse_taken_name(tx, task).await?;
    tx.execute(
        "INSERT INTO tasks (task_id, instance_id, name, name_folded, task_type, description, tag, \
         source_datasource_id, target_datasource_id, detail, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        params![
            &task.task_id,
            &task.instance_id,
            &task.name,
            folded(&task.name),
            task.task_type.as_str(),
            &task.description,
            &task.tag,
            &task.source_datasource_id,
            &task.target_datasource_id,
            &task.detail,
            task.created_at,
            task.updated_at
        ],
    )
    .await?;
    Ok(())
}

async fn refuse_taken_name(tx: &mut Tx, task: &Task) -> Result<()> {
    let same_name = find_task_by_name(tx, &task.instance_id, &task.name).await?;
    if same_name.is_some_and(|other| other.task_id != task.task_id) {
        let message = "The name is taken by another task of this instance.";
        return Err(Error::new(ErrorCode::NameTaken, message));
    }
    Ok(())
}

/// Writes everything but id, instance and creation.
pub async fn update_task(tx: &mut Tx, task: &Task) -> Result<()> {
    refuse_taken_name(tx, task).await?;
    let updated = tx
        .execute(
            "UPDATE tasks SET name = $1, name_folded = $2, task_type = $3, description = $4, \
             tag = $5, source_datasource_id = $6, target_datasource_id = $7, detail = $8, \
             updated_at = $9 WHERE task_id = $10",
            params![
                &task.name,
                folded(&task.name),
                task.task_type.as_str(),
                &task.description,
                &task.tag,
                &task.source_datasource_id,
                &task.target_datasource_id,
                &task.detail,
                task.updated_at,
                &task.task_id
            ],
        )
        .await?;
    if updated == 0 {
        return Err(not_found(&task.task_id));
    }
    Ok(())
}

/// Answers whether it was there.
pub async fn delete_task(tx: &mut Tx, id: &TaskId) -> Result<bool> {
    let sql = "DELETE FROM tasks WHERE task_id = $1";
    Ok(tx.execute(sql, params![id]).await? > 0)
}
