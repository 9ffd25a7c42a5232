//! SQL of groups and their members.

use crate::clock::Timestamp;
use crate::db::{DbError, Row, Tx};
use crate::error::Result;
use crate::iam::model::Group;
use crate::ids::{GroupId, UserId};
use crate::params;

const GROUP: &str = "SELECT g.group_id, g.domain_id, g.name, g.description FROM user_groups g";

fn group(mut row: Row) -> Result<Group, DbError> {
    Ok(Group {
        group_id: row.next()?,
        domain_id: row.next()?,
        name: row.next()?,
        description: row.next()?,
    })
}

pub async fn insert_group(tx: &mut Tx, group: &Group, now: Timestamp) -> Result<()> {
    tx.execute(
        "INSERT INTO user_groups (group_id, domain_id, name, description, created_at) \
         VALUES ($1, $2, $3, $4, $5)",
        params![
            &group.group_id,
            &group.domain_id,
            &group.name,
            &group.description,
            now
        ],
    )
    .await?;
    Ok(())
}

pub async fn update_group(tx: &mut Tx, group: &Group) -> Result<()> {
    tx.execute(
        "UPDATE user_groups SET name = $1, description = $2 WHERE group_id = $3",
        params![&group.name, &group.description, &group.group_id],
    )
    .await?;
    Ok(())
}

/// With its memberships and attachments.
pub async fn delete_group(tx: &mut Tx, group: &GroupId) -> Result<()> {
    for sql in [
        "DELETE FROM group_members WHERE group_id = $1",
        "DELETE FROM attachments WHERE holder_id = $1",
        "DELETE FROM user_groups WHERE group_id = $1",
    ] {
        tx.execute(sql, params![group]).await?;
    }
    Ok(())
}

/// Of every domain; for administrators.
pub async fn list_all_groups(tx: &mut Tx) -> Result<Vec<Group>> {
    let sql = format!("{GROUP} ORDER BY g.group_id");
    let rows = tx.query(&sql, &[]).await?;
    Ok(rows.into_iter().map(group).collect::<Result<_, _>>()?)
}

pub async fn list_groups_of(tx: &mut Tx, user: &UserId) -> Result<Vec<Group>> {
    let sql = format!(
        "{GROUP} JOIN group_members m ON m.group_id = g.group_id WHERE m.user_id = $1 \
         ORDER BY g.group_id"
    );
    let rows = tx.query(&sql, params![user]).await?;
    Ok(rows.into_iter().map(group).collect::<Result<_, _>>()?)
}

/// Ids and names.
pub async fn list_members(tx: &mut Tx, group: &GroupId) -> Result<Vec<(UserId, String)>> {
    let rows = tx
        .query(
            "SELECT u.user_id, u.name FROM group_members m JOIN users u ON u.user_id = m.user_id \
             WHERE m.group_id = $1 ORDER BY u.user_id",
            params![group],
        )
        .await?;
    let member = |mut row: Row| Ok::<_, DbError>((row.next()?, row.next()?));
    Ok(rows.into_iter().map(member).collect::<Result<_, _>>()?)
}

/// Being a member already is fine.
pub async fn insert_member(tx: &mut Tx, group: &GroupId, user: &UserId) -> Result<()> {
    tx.execute(
        "INSERT INTO group_members (group_id, user_id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        params![group, user],
    )
    .await?;
    Ok(())
}

/// Answers whether there was such a member.
pub async fn delete_member(tx: &mut Tx, group: &GroupId, user: &UserId) -> Result<bool> {
    let sql = "DELETE FROM group_members WHERE group_id = $1 AND user_id = $2";
    Ok(tx.execute(sql, params![group, user]).await? == 1)
}
