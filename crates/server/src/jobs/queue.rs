//! SQL of the job queue.

use std::time::Duration;

use super::Lane;
use crate::clock::Timestamp;
use crate::db::{DbError, Row, Sql, Tx};
use crate::error::Result;
use crate::ids::JobId;
use crate::params;

/// How long a job may go without progress before somebody else takes it.
pub const LEASE: Duration = Duration::from_mins(1);

#[derive(Debug, Clone)]
pub struct NewJob {
    pub job_id: JobId,
    pub kind: String,
    pub lane: Lane,
    pub subject: String,
    pub payload: String,
    /// Units of work, 0 where that is not known.
    pub total: u64,
    pub run_at: Timestamp,
    pub now: Timestamp,
}

/// A job that this process holds; `attempt` fences off earlier holders.
#[derive(Debug, Clone)]
pub struct Claimed {
    pub job_id: JobId,
    pub kind: String,
    pub payload: String,
    pub attempt: i64,
}

/// How far the unfinished or failed job about a subject is.
#[derive(Debug, Clone)]
pub struct Progress {
    pub subject: String,
    pub state: String,
    pub done: i64,
    pub total: i64,
    pub error: Option<String>,
}

fn units(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// Answers false where an unfinished job of this kind and subject is there already.
pub async fn insert(tx: &mut Tx, job: &NewJob) -> Result<bool> {
    let inserted = tx
        .execute(
            "INSERT INTO jobs (job_id, kind, lane, subject, payload, state, attempt, run_at, \
             units_done, units_total, created_at) \
             VALUES ($1, $2, $3, $4, $5, 'QUEUED', 0, $6, 0, $7, $8) ON CONFLICT DO NOTHING",
            params![
                &job.job_id,
                &job.kind,
                job.lane.as_str(),
                &job.subject,
                &job.payload,
                job.run_at,
                units(job.total),
                job.now
            ],
        )
        .await?;
    Ok(inserted == 1)
}

pub async fn has_due(tx: &mut Tx, lane: Lane, now: Timestamp) -> Result<bool> {
    let queued = "SELECT job_id FROM jobs WHERE state = 'QUEUED' AND lane = $1 AND run_at <= $2 \
         LIMIT 1";
    let params = params![lane.as_str(), now];
    if tx.query_one(queued, params).await?.is_some() {
        return Ok(true);
    }
    let lapsed = "SELECT job_id FROM jobs WHERE state = 'RUNNING' AND lease_until <= $1 LIMIT 1";
    Ok(tx.query_one(lapsed, params![now]).await?.is_some())
}

/// Takes the job of a lane that has waited longest, with a lease.
pub async fn claim(tx: &mut Tx, lane: Lane, now: Timestamp) -> Result<Option<Claimed>> {
    tx.execute(
        "UPDATE jobs SET state = 'QUEUED', lease_until = NULL \
         WHERE state = 'RUNNING' AND lease_until <= $1",
        params![now],
    )
    .await?;
    let row = tx
        .query_one(
            "UPDATE jobs SET state = 'RUNNING', attempt = attempt + 1, lease_until = $1 \
             WHERE state = 'QUEUED' AND job_id = (SELECT job_id FROM jobs \
             WHERE state = 'QUEUED' AND lane = $2 AND run_at <= $3 \
             ORDER BY run_at, job_id LIMIT 1) \
             RETURNING job_id, kind, payload, attempt",
            params![now.plus(LEASE), lane.as_str(), now],
        )
        .await?;
    let Some(mut row) = row else { return Ok(None) };
    Ok(Some(Claimed {
        job_id: row.next()?,
        kind: row.next()?,
        payload: row.next()?,
        attempt: row.next()?,
    }))
}

/// Records progress and renews the lease; false means that the lease is lost.
pub async fn progress(
    tx: &mut Tx,
    job: &Claimed,
    done: u64,
    total: u64,
    now: Timestamp,
) -> Result<bool> {
    let [done, total] = [done, total].map(units);
    let updated = tx
        .execute(
            "UPDATE jobs SET units_done = $1, units_total = $2, lease_until = $3 \
             WHERE job_id = $4 AND attempt = $5 AND state = 'RUNNING'",
            params![done, total, now.plus(LEASE), &job.job_id, job.attempt],
        )
        .await?;
    Ok(updated == 1)
}

/// Ends a job that this attempt still holds.
pub async fn finish(
    tx: &mut Tx,
    job: &Claimed,
    error: Option<(&str, &str)>,
    now: Timestamp,
) -> Result<bool> {
    let state = if error.is_some() {
        "FAILED"
    } else {
        "SUCCEEDED"
    };
    let updated = tx
        .execute(
            "UPDATE jobs SET state = $1, finished_at = $2, lease_until = NULL, error_code = $3, \
             error = $4 WHERE job_id = $5 AND attempt = $6 AND state = 'RUNNING'",
            params![
                state,
                now,
                error.map(|(code, _)| code),
                error.map(|(_, reason)| reason),
                &job.job_id,
                job.attempt
            ],
        )
        .await?;
    Ok(updated == 1)
}

/// Puts a job back to be tried again at `run_at`.
pub async fn retry(tx: &mut Tx, job: &Claimed, error: &str, run_at: Timestamp) -> Result<bool> {
    let updated = tx
        .execute(
            "UPDATE jobs SET state = 'QUEUED', run_at = $1, lease_until = NULL, error = $2 \
             WHERE job_id = $3 AND attempt = $4 AND state = 'RUNNING'",
            params![run_at, error, &job.job_id, job.attempt],
        )
        .await?;
    Ok(updated == 1)
}

/// After a start on a database that no other process shares: nobody holds the leases any more.
pub async fn release_all(tx: &mut Tx) -> Result<u64> {
    let sql = "UPDATE jobs SET state = 'QUEUED', lease_until = NULL WHERE state = 'RUNNING'";
    Ok(tx.execute(sql, &[]).await?)
}

/// Ends the unfinished job about something that is no longer wanted.
pub async fn cancel(tx: &mut Tx, kind: &str, subject: &str, now: Timestamp) -> Result<()> {
    tx.execute(
        "UPDATE jobs SET state = 'CANCELLED', finished_at = $1, lease_until = NULL \
         WHERE kind = $2 AND subject = $3 AND state IN ('QUEUED', 'RUNNING')",
        params![now, kind, subject],
    )
    .await?;
    Ok(())
}

/// The latest job about each of the subjects.
pub async fn list_progress(tx: &mut Tx, kind: &str, subjects: &[&str]) -> Result<Vec<Progress>> {
    let mut sql =
        Sql::new("SELECT subject, state, units_done, units_total, error FROM jobs WHERE kind = ");
    sql.bind(kind)
        .push(" AND state IN ('QUEUED', 'RUNNING') AND subject ");
    sql.bind_in(subjects);
    let rows = tx.query(sql.text(), sql.params()).await?;
    Ok(rows
        .into_iter()
        .map(row_progress)
        .collect::<Result<_, _>>()?)
}

fn row_progress(mut row: Row) -> Result<Progress, DbError> {
    Ok(Progress {
        subject: row.next()?,
        state: row.next()?,
        done: row.next()?,
        total: row.next()?,
        error: row.next()?,
    })
}

/// When the latest job of a kind ended.
pub async fn last_finished(tx: &mut Tx, kind: &str) -> Result<Option<Timestamp>> {
    let row = tx
        .query_one(
            "SELECT finished_at FROM jobs WHERE kind = $1 AND finished_at IS NOT NULL \
             ORDER BY finished_at DESC LIMIT 1",
            params![kind],
        )
        .await?;
    Ok(row.map(|mut row| row.next()).transpose()?)
}

/// Forgets jobs that ended before `then`.
pub async fn delete_finished(tx: &mut Tx, then: Timestamp) -> Result<u64> {
    let sql = "DELETE FROM jobs WHERE finished_at < $1";
    Ok(tx.execute(sql, params![then]).await?)
}
