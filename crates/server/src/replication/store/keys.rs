//! SQL of the key ring, and of requests that were seen.

use crate::clock::Timestamp;
use crate::db::{Row, Tx};
use crate::error::Result;
use crate::params;
use crate::replication::keys::StoredKey;

const COLUMNS: &str = "k.key_id, k.peer, k.secret, k.created_at, k.retired_at, \
     CAST(COALESCE((SELECT SUM(u.n) FROM replication_key_uses u WHERE u.key_id = k.key_id), 0) \
     AS BIGINT)";

fn key(mut row: Row) -> Result<StoredKey> {
    Ok(StoredKey {
        key_id: row.next()?,
        peer: row.next()?,
        sealed: row.next()?,
        created_at: row.next()?,
        retired_at: row.next()?,
        uses: row.next()?,
    })
}

pub async fn list(tx: &mut Tx) -> Result<Vec<StoredKey>> {
    let sql = format!("SELECT {COLUMNS} FROM replication_keys k ORDER BY k.created_at, k.key_id");
    let rows = tx.query(&sql, &[]).await?;
    rows.into_iter().map(key).collect()
}

pub async fn find(tx: &mut Tx, key_id: &str) -> Result<Option<StoredKey>> {
    let sql = format!("SELECT {COLUMNS} FROM replication_keys k WHERE k.key_id = $1");
    let row = tx.query_one(&sql, params![key_id]).await?;
    row.map(key).transpose()
}

/// Answers false where the id is taken.
pub async fn insert(tx: &mut Tx, key: &StoredKey) -> Result<bool> {
    let inserted = tx
        .execute(
            "INSERT INTO replication_keys (key_id, peer, secret, created_at) \
             VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
            params![&key.key_id, &key.peer, &key.sealed, key.created_at],
        )
        .await?;
    Ok(inserted == 1)
}

pub async fn retire(tx: &mut Tx, key_id: &str, now: Timestamp) -> Result<()> {
    let sql =
        "UPDATE replication_keys SET retired_at = $1 WHERE key_id = $2 AND retired_at IS NULL";
    tx.execute(sql, params![now, key_id]).await?;
    Ok(())
}

/// One more ticket under a key.
pub async fn count_use(tx: &mut Tx, key_id: &str) -> Result<()> {
    let shard = tx.counter_shard();
    tx.execute(
        "INSERT INTO replication_key_uses (key_id, shard, n) VALUES ($1, $2, 1) \
         ON CONFLICT (key_id, shard) DO UPDATE SET n = replication_key_uses.n + 1",
        params![key_id, shard],
    )
    .await?;
    Ok(())
}

/// Remembers a request; false where it was seen before.
pub async fn insert_nonce(tx: &mut Tx, nonce: &str, expires_at: Timestamp) -> Result<bool> {
    let sql = "INSERT INTO peer_nonces (nonce, expires_at) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    Ok(tx.execute(sql, params![nonce, expires_at]).await? == 1)
}

pub async fn delete_old_nonces(tx: &mut Tx, now: Timestamp) -> Result<()> {
    let sql = "DELETE FROM peer_nonces WHERE expires_at < $1";
    tx.execute(sql, params![now]).await?;
    Ok(())
}
