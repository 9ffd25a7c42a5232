//! SQL of applications. Names and keys are unique in an instance: each statement that sets one
//! looks first, and a unique index holds where two do so at once.

use crate::assets::rules::folded;
use crate::db::{DbError, Row, Sql, Tx, like_escape};
use crate::error::{Error, ErrorCode, Result};
use crate::ids::{AppId, InstanceId, UserId};
use crate::instances::model::{Application, UserRef};
use crate::params;

const APP: &str = "SELECT p.app_id, p.instance_id, p.name, p.remark, p.app_key, p.favorite, \
     p.created_by, c.name, p.updated_by, u.name, p.created_at, p.updated_at FROM apps p \
     JOIN users c ON c.user_id = p.created_by JOIN users u ON u.user_id = p.updated_by";

/// What to list; everything that is set must hold.
#[derive(Debug, Clone, Default)]
pub struct Criteria {
    pub favorite: Option<bool>,
    /// Somewhere in the name, in upper or lower case.
    pub name: Option<String>,
    /// Created by this user, or by others.
    pub created_by: Option<(UserId, bool)>,
}

fn app(mut row: Row) -> Result<Application, DbError> {
    Ok(Application {
        app_id: row.next()?,
        instance_id: row.next()?,
        name: row.next()?,
        remark: row.next()?,
        key: row.next()?,
        favorite: row.next()?,
        created_by: UserRef {
            user_id: row.next()?,
            name: row.next()?,
        },
        updated_by: UserRef {
            user_id: row.next()?,
            name: row.next()?,
        },
        created_at: row.next()?,
        updated_at: row.next()?,
    })
}

pub async fn find_app(
    tx: &mut Tx,
    instance: &InstanceId,
    id: &AppId,
) -> Result<Option<Application>> {
    let sql = format!("{APP} WHERE p.app_id = $1 AND p.instance_id = $2");
    let row = tx.query_one(&sql, params![id, instance]).await?;
    Ok(row.map(app).transpose()?)
}

/// The application, if it is the instance's.
pub async fn require_app(tx: &mut Tx, instance: &InstanceId, id: &AppId) -> Result<Application> {
    let found = find_app(tx, instance, id).await?;
    found.ok_or_else(|| not_found(id))
}

pub fn not_found(id: &AppId) -> Error {
    let message = format!("The app does not exist;id:{id}");
    Error::new(ErrorCode::AppNotFound, message)
}

pub async fn find_app_by_name(
    tx: &mut Tx,
    instance: &InstanceId,
    name: &str,
) -> Result<Option<Application>> {
    let sql = format!("{APP} WHERE p.instance_id = $1 AND p.name = $2");
    let row = tx.query_one(&sql, params![instance, name]).await?;
    Ok(row.map(app).transpose()?)
}

pub async fn find_app_by_key(
    tx: &mut Tx,
    instance: &InstanceId,
    key: &str,
) -> Result<Option<Application>> {
    let sql = format!("{APP} WHERE p.instance_id = $1 AND p.app_key = $2");
    let row = tx.query_one(&sql, params![instance, key]).await?;
    Ok(row.map(app).transpose()?)
}

/// Whether any instance, of whatever project, has an application with this id.
pub async fn is_app_id_taken(tx: &mut Tx, id: &AppId) -> Result<bool> {
    let sql = "SELECT app_id FROM apps WHERE app_id = $1";
    Ok(tx.query_one(sql, params![id]).await?.is_some())
}

/// One page, favourites first, then the oldest; and how many there are in all.
pub async fn list_apps(
    tx: &mut Tx,
    instance: &InstanceId,
    criteria: &Criteria,
    offset: i64,
    limit: i64,
) -> Result<(i64, Vec<Application>)> {
    let mut sql = Sql::new("SELECT COUNT(*) FROM apps p");
    push_criteria(&mut sql, instance, criteria);
    let row = tx.query_one(sql.text(), sql.params()).await?;
    let total = row.map(|mut row| row.next()).transpose()?.unwrap_or(0);
    let mut sql = Sql::new(APP);
    push_criteria(&mut sql, instance, criteria);
    sql.push(" ORDER BY p.favorite DESC, p.created_at, p.app_id LIMIT ");
    sql.bind(limit).push(" OFFSET ").bind(offset);
    let rows = tx.query(sql.text(), sql.params()).await?;
    let apps = rows.into_iter().map(app).collect::<Result<_, DbError>>()?;
    Ok((total, apps))
}

fn push_criteria(sql: &mut Sql, instance: &InstanceId, criteria: &Criteria) {
    sql.push(" WHERE p.instance_id = ").bind(instance);
    if let Some(favorite) = criteria.favorite {
        sql.push(" AND p.favorite = ").bind(favorite);
    }
    if let Some(name) = &criteria.name {
        let pattern = format!("%{}%", like_escape(&folded(name)));
        sql.push(" AND p.name_folded LIKE ").bind(pattern);
        sql.push(" ESCAPE '\\'");
    }
    if let Some((user, own)) = &criteria.created_by {
        let comparison = if *own { "=" } else { "<>" };
        sql.push(&format!(" AND p.created_by {comparison} "));
        sql.bind(user);
    }
}

/// `sealed` is the secret as the vault sealed it.
pub async fn insert_app(tx: &mut Tx, app: &Application, sealed: &str) -> Result<()> {
    refuse_taken_name(tx, app).await?;
    let same_key = find_app_by_key(tx, &app.instance_id, &app.key).await?;
    if same_key.is_some() {
        let message = "The key is taken by another application of this instance.";
        return Err(Error::new(ErrorCode::KeyTaken, message));
    }
    tx.execute(
        "INSERT INTO apps (app_id, instance_id, name, name_folded, remark, app_key, secret, \
         favorite, created_by, updated_by, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        params![
            &app.app_id,
            &app.instance_id,
            &app.name,
            folded(&app.name),
            &app.remark,
            &app.key,
            sealed,
            app.favorite,
            &app.created_by.user_id,
            &app.updated_by.user_id,
            app.created_at,
            app.updated_at
        ],
    )
    .await?;
    Ok(())
}

async fn refuse_taken_name(tx: &mut Tx, app: &Application) -> Result<()> {
    let same_name = find_app_by_name(tx, &app.instance_id, &app.name).await?;
    if same_name.is_some_and(|other| other.app_id != app.app_id) {
        let message = "The name is taken by another application of this instance.";
        return Err(Error::new(ErrorCode::NameTaken, message));
    }
    Ok(())
}

/// Writes name, remark, favourite, and who changed it when.
pub async fn update_app(tx: &mut Tx, app: &Application) -> Result<()> {
    refuse_taken_name(tx, app).await?;
    let updated = tx
        .execute(
            "UPDATE apps SET name = $1, name_folded = $2, remark = $3, favorite = $4, \
             updated_by = $5, updated_at = $6 WHERE app_id = $7",
            params![
                &app.name,
                folded(&app.name),
                &app.remark,
                app.favorite,
                &app.updated_by.user_id,
                app.updated_at,
                &app.app_id
            ],
        )
        .await?;
    if updated == 0 {
        return Err(not_found(&app.app_id));
    }
    Ok(())
}

/// The sealed secret.
pub async fn find_app_secret(tx: &mut Tx, id: &AppId) -> Result<Option<String>> {
    let sql = "SELECT secret FROM apps WHERE app_id = $1";
    let row = tx.query_one(sql, params![id]).await?;
    Ok(row.map(|mut row| row.next()).transpose()?)
}

/// `sealed` is the secret as the vault sealed it; `app` says who changed it when.
pub async fn set_app_secret(tx: &mut Tx, app: &Application, sealed: &str) -> Result<()> {
    tx.execute(
        "UPDATE apps SET secret = $1, updated_by = $2, updated_at = $3 WHERE app_id = $4",
        params![sealed, &app.updated_by.user_id, app.updated_at, &app.app_id],
    )
    .await?;
    Ok(())
}

/// Its assets are detached, never deleted. Answers whether it was there.
pub async fn delete_app(tx: &mut Tx, id: &AppId) -> Result<bool> {
    let sql = "DELETE FROM app_assets WHERE app_id = $1";
    tx.execute(sql, params![id]).await?;
    let sql = "DELETE FROM apps WHERE app_id = $1";
    Ok(tx.execute(sql, params![id]).await? > 0)
}
