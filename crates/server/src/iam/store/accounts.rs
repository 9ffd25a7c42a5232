//! SQL of domains, projects and users.
//!
//! What is deleted keeps its row, because applications and jobs refer to it, and gives up its name.

use crate::clock::Timestamp;
use crate::db::{DbError, Row, Sql, Tx};
use crate::error::Result;
use crate::iam::model::{Domain, Project, User};
use crate::ids::{DomainId, ProjectId, UserId};
use crate::keys::Secret;
use crate::params;

const USER: &str = "SELECT u.user_id, u.domain_id, d.name, u.name, u.description, \
     u.password_hash, u.is_owner, u.enabled FROM users u \
     JOIN domains d ON d.domain_id = u.domain_id WHERE u.deleted_at IS NULL";

const PROJECT: &str = "SELECT p.project_id, p.domain_id, p.name, p.description FROM projects p";

fn user(mut row: Row) -> Result<User, DbError> {
    Ok(User {
        user_id: row.next()?,
        domain_id: row.next()?,
        domain_name: row.next()?,
        name: row.next()?,
        description: row.next()?,
        password_hash: Secret::new(row.next::<String>()?),
        is_owner: row.next()?,
        enabled: row.next()?,
    })
}

fn project(mut row: Row) -> Result<Project, DbError> {
    Ok(Project {
        project_id: row.next()?,
        domain_id: row.next()?,
        name: row.next()?,
        description: row.next()?,
    })
}

fn users(rows: Vec<Row>) -> Result<Vec<User>> {
    Ok(rows.into_iter().map(user).collect::<Result<_, _>>()?)
}

fn projects(rows: Vec<Row>) -> Result<Vec<Project>> {
    Ok(rows.into_iter().map(project).collect::<Result<_, _>>()?)
}

pub async fn has_domain(tx: &mut Tx) -> Result<bool> {
    let found = tx
        .query_one("SELECT domain_id FROM domains LIMIT 1", &[])
        .await?;
    Ok(found.is_some())
}

pub async fn insert_domain(tx: &mut Tx, domain: &Domain, now: Timestamp) -> Result<()> {
    tx.execute(
        "INSERT INTO domains (domain_id, name, created_at) VALUES ($1, $2, $3)",
        params![&domain.domain_id, &domain.name, now],
    )
    .await?;
    Ok(())
}

/// The oldest first.
pub async fn list_domains(tx: &mut Tx) -> Result<Vec<Domain>> {
    let sql = "SELECT domain_id, name FROM domains ORDER BY created_at, domain_id";
    let mut domains = Vec::new();
    for mut row in tx.query(sql, &[]).await? {
        domains.push(Domain {
            domain_id: row.next()?,
            name: row.next()?,
        });
    }
    Ok(domains)
}

pub async fn insert_project(tx: &mut Tx, project: &Project, now: Timestamp) -> Result<()> {
    tx.execute(
        "INSERT INTO projects (project_id, domain_id, name, description, created_at) \
         VALUES ($1, $2, $3, $4, $5)",
        params![
            &project.project_id,
            &project.domain_id,
            &project.name,
            &project.description,
            now
        ],
    )
    .await?;
    Ok(())
}

pub async fn update_project(tx: &mut Tx, project: &Project) -> Result<()> {
    tx.execute(
        "UPDATE projects SET name = $1, description = $2 WHERE project_id = $3",
        params![&project.name, &project.description, &project.project_id],
    )
    .await?;
    Ok(())
}

/// Nobody is a member of it any more.
pub async fn delete_project(tx: &mut Tx, project: &ProjectId, now: Timestamp) -> Result<()> {
    let sql = "DELETE FROM user_projects WHERE project_id = $1";
    tx.execute(sql, params![project]).await?;
    let sql = "DELETE FROM attachments WHERE project_id = $1";
    tx.execute(sql, params![project]).await?;
    tx.execute(
        "UPDATE projects SET deleted_at = $1, name = name || ' (deleted ' || project_id || ')' \
         WHERE project_id = $2",
        params![now, project],
    )
    .await?;
    Ok(())
}

/// All projects of a domain, or those of a name.
pub async fn list_projects(
    tx: &mut Tx,
    domain: &DomainId,
    name: Option<&str>,
) -> Result<Vec<Project>> {
    let mut sql = Sql::new(PROJECT);
    sql.push(" WHERE p.deleted_at IS NULL AND p.domain_id = ")
        .bind(domain);
    if let Some(name) = name {
        sql.push(" AND p.name = ").bind(name);
    }
    sql.push(" ORDER BY p.project_id");
    projects(tx.query(sql.text(), sql.params()).await?)
}

/// Of every domain; for administrators.
pub async fn list_all_projects(tx: &mut Tx) -> Result<Vec<Project>> {
    let sql = format!("{PROJECT} WHERE p.deleted_at IS NULL ORDER BY p.project_id");
    projects(tx.query(&sql, &[]).await?)
}

/// Where a user may call: the owner of a domain in all of it, others where they are members.
pub async fn list_projects_of(tx: &mut Tx, user: &User) -> Result<Vec<Project>> {
    if user.is_owner {
        return list_projects(tx, &user.domain_id, None).await;
    }
    let sql = format!(
        "{PROJECT} JOIN user_projects m ON m.project_id = p.project_id \
         WHERE m.user_id = $1 AND p.deleted_at IS NULL ORDER BY p.project_id"
    );
    projects(tx.query(&sql, params![&user.user_id]).await?)
}

/// What a project holds that somebody would miss, in words; empty when it may be deleted.
pub async fn list_contents(tx: &mut Tx, project: &ProjectId) -> Result<Vec<&'static str>> {
    let held = [
        (
            "assets",
            "SELECT a.asset_id FROM assets a WHERE a.project_id = $1 AND a.state <> 'DELETED' \
             LIMIT 1",
        ),
        (
            "applications",
            "SELECT p.app_id FROM apps p JOIN instances i ON i.instance_id = p.instance_id \
             WHERE i.project_id = $1 LIMIT 1",
        ),
        (
            "tasks",
            "SELECT t.task_id FROM tasks t JOIN instances i ON i.instance_id = t.instance_id \
             WHERE i.project_id = $1 LIMIT 1",
        ),
        (
            "packages that wait to be downloaded",
            "SELECT r.archive_id FROM archives r \
             WHERE r.project_id = $1 AND r.state IN ('READY', 'LEASED') LIMIT 1",
        ),
        (
            "packages that are being received",
            "SELECT l.upload_id FROM package_uploads l WHERE l.project_id = $1 LIMIT 1",
        ),
        (
            "jobs that run",
            "SELECT j.job_id FROM asset_jobs j WHERE j.project_id = $1 AND j.status = 'RUNNING' \
             LIMIT 1",
        ),
        (
            "copies that are under way",
            "SELECT c.copy_id FROM copies c \
             WHERE c.project_id = $1 AND c.state IN ('WAITING', 'COPYING') LIMIT 1",
        ),
    ];
    let mut contents = Vec::new();
    for (what, sql) in held {
        if tx.query_one(sql, params![project]).await?.is_some() {
            contents.push(what);
        }
    }
    Ok(contents)
}

pub async fn insert_user(tx: &mut Tx, user: &User, now: Timestamp) -> Result<()> {
    tx.execute(
        "INSERT INTO users (user_id, domain_id, name, description, password_hash, is_owner, \
         enabled, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        params![
            &user.user_id,
            &user.domain_id,
            &user.name,
            &user.description,
            user.password_hash.expose(),
            user.is_owner,
            user.enabled,
            now
        ],
    )
    .await?;
    Ok(())
}

pub async fn update_user(tx: &mut Tx, user: &User) -> Result<()> {
    tx.execute(
        "UPDATE users SET name = $1, description = $2, password_hash = $3, enabled = $4 \
         WHERE user_id = $5",
        params![
            &user.name,
            &user.description,
            user.password_hash.expose(),
            user.enabled,
            &user.user_id
        ],
    )
    .await?;
    Ok(())
}

/// With all that lets them call. The name is free again.
pub async fn delete_user(tx: &mut Tx, user: &UserId, now: Timestamp) -> Result<()> {
    for sql in [
        "DELETE FROM tokens WHERE user_id = $1",
        "DELETE FROM access_keys WHERE user_id = $1",
        "DELETE FROM user_projects WHERE user_id = $1",
        "DELETE FROM group_members WHERE user_id = $1",
        "DELETE FROM attachments WHERE holder_id = $1",
    ] {
        tx.execute(sql, params![user]).await?;
    }
    tx.execute(
        "UPDATE users SET deleted_at = $1, enabled = $2, password_hash = '', \
         name = name || ' (deleted ' || user_id || ')' WHERE user_id = $3",
        params![now, false, user],
    )
    .await?;
    Ok(())
}

pub async fn find_user(tx: &mut Tx, user_id: &UserId) -> Result<Option<User>> {
    let sql = format!("{USER} AND u.user_id = $1");
    let row = tx.query_one(&sql, params![user_id]).await?;
    Ok(row.map(user).transpose()?)
}

/// `domain` is a name or an id.
pub async fn find_user_by_name(tx: &mut Tx, domain: &str, name: &str) -> Result<Option<User>> {
    let sql = format!("{USER} AND (d.name = $1 OR d.domain_id = $2) AND u.name = $3");
    let row = tx.query_one(&sql, params![domain, domain, name]).await?;
    Ok(row.map(user).transpose()?)
}

/// Of every domain; for administrators.
pub async fn list_all_users(tx: &mut Tx) -> Result<Vec<User>> {
    let sql = format!("{USER} ORDER BY u.user_id");
    users(tx.query(&sql, &[]).await?)
}

/// Being a member already is fine.
pub async fn insert_user_project(tx: &mut Tx, user: &UserId, project: &ProjectId) -> Result<()> {
    tx.execute(
        "INSERT INTO user_projects (user_id, project_id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        params![user, project],
    )
    .await?;
    Ok(())
}

pub async fn delete_user_project(tx: &mut Tx, user: &UserId, project: &ProjectId) -> Result<()> {
    let sql = "DELETE FROM user_projects WHERE user_id = $1 AND project_id = $2";
    tx.execute(sql, params![user, project]).await?;
    Ok(())
}
