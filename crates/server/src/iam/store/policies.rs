//! SQL of policies and of what they are attached to.

use crate::clock::Timestamp;
use crate::db::{DbError, Row, Tx};
use crate::error::Result;
use crate::iam::model::{Attachment, StoredGrant, StoredPolicy};
use crate::ids::{DomainId, ProjectId, UserId};
use crate::params;

const POLICY: &str = "SELECT policy_id, domain_id, name, description, document, updated_at \
     FROM policies";

fn policy(mut row: Row) -> Result<StoredPolicy, DbError> {
    Ok(StoredPolicy {
        policy_id: row.next()?,
        domain_id: row.next()?,
        name: row.next()?,
        description: row.next()?,
        document: row.next()?,
        updated_at: row.next()?,
    })
}

/// The column is empty for every project.
fn scope(text: String) -> Option<ProjectId> {
    (!text.is_empty()).then(|| ProjectId::new(text))
}

pub async fn insert_policy(tx: &mut Tx, policy: &StoredPolicy) -> Result<()> {
    tx.execute(
        "INSERT INTO policies (policy_id, domain_id, name, description, document, created_at, \
         updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        params![
            &policy.policy_id,
            &policy.domain_id,
            &policy.name,
            &policy.description,
            &policy.document,
            policy.updated_at,
            policy.updated_at
        ],
    )
    .await?;
    Ok(())
}

pub async fn update_policy(tx: &mut Tx, policy: &StoredPolicy) -> Result<()> {
    tx.execute(
        "UPDATE policies SET description = $1, document = $2, updated_at = $3 \
         WHERE policy_id = $4",
        params![
            &policy.description,
            &policy.document,
            policy.updated_at,
            &policy.policy_id
        ],
    )
    .await?;
    Ok(())
}

/// With its attachments.
pub async fn delete_policy(tx: &mut Tx, policy_id: &str) -> Result<()> {
    let sql = "DELETE FROM attachments WHERE policy_id = $1";
    tx.execute(sql, params![policy_id]).await?;
    let sql = "DELETE FROM policies WHERE policy_id = $1";
    tx.execute(sql, params![policy_id]).await?;
    Ok(())
}

pub async fn find_policy(tx: &mut Tx, policy_id: &str) -> Result<Option<StoredPolicy>> {
    let sql = format!("{POLICY} WHERE policy_id = $1");
    let row = tx.query_one(&sql, params![policy_id]).await?;
    Ok(row.map(policy).transpose()?)
}

pub async fn find_policy_by_name(
    tx: &mut Tx,
    domain: &DomainId,
    name: &str,
) -> Result<Option<StoredPolicy>> {
    let sql = format!("{POLICY} WHERE domain_id = $1 AND name = $2");
    let row = tx.query_one(&sql, params![domain, name]).await?;
    Ok(row.map(policy).transpose()?)
}

/// Of every domain; for administrators.
pub async fn list_all_policies(tx: &mut Tx) -> Result<Vec<StoredPolicy>> {
    let sql = format!("{POLICY} ORDER BY name, policy_id");
    let rows = tx.query(&sql, &[]).await?;
    Ok(rows.into_iter().map(policy).collect::<Result<_, _>>()?)
}

/// What a user was granted, directly and through groups.
pub async fn list_grants(tx: &mut Tx, user: &UserId) -> Result<Vec<StoredGrant>> {
    let rows = tx
        .query(
            "SELECT a.policy_id, a.project_id, p.document FROM attachments a \
             LEFT JOIN policies p ON p.policy_id = a.policy_id \
             WHERE a.holder_id = $1 \
             OR a.holder_id IN (SELECT m.group_id FROM group_members m WHERE m.user_id = $2) \
             ORDER BY a.policy_id, a.project_id",
            params![user, user],
        )
        .await?;
    let grant = |mut row: Row| {
        Ok::<_, DbError>(StoredGrant {
            policy_id: row.next()?,
            project_id: scope(row.next()?),
            document: row.next()?,
        })
    };
    Ok(rows.into_iter().map(grant).collect::<Result<_, _>>()?)
}

/// Answers false where it was attached already. `holder` is the id of a user or a group.
pub async fn insert_attachment(
    tx: &mut Tx,
    holder: &str,
    policy_id: &str,
    project: Option<&ProjectId>,
    now: Timestamp,
) -> Result<bool> {
    let project = project.map_or("", ProjectId::as_str);
    let inserted = tx
        .execute(
            "INSERT INTO attachments (holder_id, policy_id, project_id, created_at) \
             VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
            params![holder, policy_id, project, now],
        )
        .await?;
    Ok(inserted == 1)
}

/// Answers whether it was attached.
pub async fn delete_attachment(
    tx: &mut Tx,
    holder: &str,
    policy_id: &str,
    project: Option<&ProjectId>,
) -> Result<bool> {
    let project = project.map_or("", ProjectId::as_str);
    let sql = "DELETE FROM attachments WHERE holder_id = $1 AND policy_id = $2 AND project_id = $3";
    let deleted = tx.execute(sql, params![holder, policy_id, project]).await?;
    Ok(deleted == 1)
}

const ATTACHMENT: &str = "SELECT a.holder_id, a.policy_id, p.name, a.project_id, u.name, g.name \
     FROM attachments a LEFT JOIN policies p ON p.policy_id = a.policy_id \
     LEFT JOIN users u ON u.user_id = a.holder_id \
     LEFT JOIN user_groups g ON g.group_id = a.holder_id";

fn attachment(mut row: Row) -> Result<Attachment, DbError> {
    let holder_id = row.next()?;
    let policy_id: String = row.next()?;
    Ok(Attachment {
        holder_id,
        // a built-in policy has no row: its id is its name
        policy_name: row
            .next::<Option<String>>()?
            .unwrap_or_else(|| policy_id.clone()),
        policy_id,
        project_id: scope(row.next()?),
        user_name: row.next()?,
        group_name: row.next()?,
    })
}

pub async fn list_attachments_of_holder(tx: &mut Tx, holder: &str) -> Result<Vec<Attachment>> {
    let sql = format!("{ATTACHMENT} WHERE a.holder_id = $1 ORDER BY a.created_at, a.policy_id");
    let rows = tx.query(&sql, params![holder]).await?;
    Ok(rows.into_iter().map(attachment).collect::<Result<_, _>>()?)
}

pub async fn list_attachments_of_policy(tx: &mut Tx, policy: &str) -> Result<Vec<Attachment>> {
    let sql = format!("{ATTACHMENT} WHERE a.policy_id = $1 ORDER BY a.created_at, a.holder_id");
    let rows = tx.query(&sql, params![policy]).await?;
    Ok(rows.into_iter().map(attachment).collect::<Result<_, _>>()?)
}
