//! SQL of asset jobs.

use crate::clock::Timestamp;
use crate::db::{Row, Sql, Tx};
use crate::error::{Error, Result};
use crate::ids::{AppId, ArchiveId, AssetJobId, InstanceId, ProjectId};
use crate::packages::model::{AssetJob, AssetJobStatus, AssetJobType, Reason};
use crate::params;

const COLUMNS: &str = "job_id, project_id, instance_id, user_id, job_type, status, reasons, \
     archive_id, begin_at, end_at";

fn asset_job(mut row: Row) -> Result<AssetJob> {
    Ok(AssetJob {
        job_id: row.next()?,
        project_id: row.next()?,
        instance_id: row.next()?,
        user_id: row.next()?,
        job_type: job_type(&row.next::<String>()?)?,
        status: status(&row.next::<String>()?)?,
        reasons: reasons(&row.next::<String>()?)?,
        archive_id: row.next()?,
        begin_at: row.next()?,
        end_at: row.next()?,
    })
}

fn job_type(text: &str) -> Result<AssetJobType> {
    AssetJobType::parse(text).ok_or_else(|| Error::internal(format!("asset_jobs.job_type: {text}")))
}

fn status(text: &str) -> Result<AssetJobStatus> {
    AssetJobStatus::parse(text).ok_or_else(|| Error::internal(format!("asset_jobs.status: {text}")))
}

fn reasons(text: &str) -> Result<Vec<Reason>> {
    serde_json::from_str(text).map_err(|e| Error::internal(format!("asset_jobs.reasons: {e}")))
}

/// Answers false where a job of the same user is running.
pub async fn insert(tx: &mut Tx, job: &AssetJob) -> Result<bool> {
    let inserted = tx
        .execute(
            "INSERT INTO asset_jobs (job_id, project_id, instance_id, user_id, job_type, status, \
             reasons, begin_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING",
            params![
                &job.job_id,
                &job.project_id,
                &job.instance_id,
                &job.user_id,
                job.job_type.as_str(),
                job.status.as_str(),
                "[]",
                job.begin_at
            ],
        )
        .await?;
    Ok(inserted == 1)
}

pub async fn find(
    tx: &mut Tx,
    project: &ProjectId,
    instance: &InstanceId,
    id: &AssetJobId,
) -> Result<Option<AssetJob>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM asset_jobs \
         WHERE job_id = $1 AND project_id = $2 AND instance_id = $3"
    );
    let row = tx.query_one(&sql, params![id, project, instance]).await?;
    row.map(asset_job).transpose()
}

/// Keeps the reasons that a job which is still running has so far.
pub async fn set_reasons(tx: &mut Tx, id: &AssetJobId, reasons: &[Reason]) -> Result<()> {
    let reasons = serde_json::to_string(reasons).map_err(Error::internal)?;
    let sql = "UPDATE asset_jobs SET reasons = $1 WHERE job_id = $2 AND status = 'RUNNING'";
    tx.execute(sql, params![reasons, id]).await?;
    Ok(())
}

/// How many files the assets of some applications have.
pub async fn count_files(tx: &mut Tx, apps: &[AppId]) -> Result<u64> {
    let mut sql = Sql::new(
        "SELECT COUNT(*) FROM files f WHERE f.state = 'CREATED' AND f.asset_id IN (\
         SELECT x.asset_id FROM app_assets x WHERE x.app_id ",
    );
    sql.bind_in(&apps.iter().map(AppId::as_str).collect::<Vec<_>>());
    sql.push(")");
    let row = tx.query_one(sql.text(), sql.params()).await?;
    Ok(row.map(|mut row| row.next()).transpose()?.unwrap_or(0))
}

/// Whether a job of the user is running.
pub async fn is_running(tx: &mut Tx, user: &crate::ids::UserId) -> Result<bool> {
    let sql = "SELECT job_id FROM asset_jobs WHERE user_id = $1 AND status = 'RUNNING'";
    Ok(tx.query_one(sql, params![user]).await?.is_some())
}

/// Running jobs that the queue no longer knows as unfinished: it gave them up by itself.
pub async fn list_abandoned(tx: &mut Tx, kinds: &[&str]) -> Result<Vec<AssetJob>> {
    let mut sql = Sql::new("SELECT ");
    sql.push(COLUMNS);
    sql.push(" FROM asset_jobs WHERE status = 'RUNNING' AND NOT EXISTS (");
    sql.push("SELECT 1 FROM jobs j WHERE j.subject = asset_jobs.job_id AND j.kind ");
    sql.bind_in(kinds);
    sql.push(" AND j.state IN ('QUEUED', 'RUNNING'))");
    let rows = tx.query(sql.text(), sql.params()).await?;
    rows.into_iter().map(asset_job).collect()
}

/// Ends a job that is running; what has ended stays as it is.
pub async fn finish(
    tx: &mut Tx,
    id: &AssetJobId,
    status: AssetJobStatus,
    reasons: &[Reason],
    archive: Option<&ArchiveId>,
    now: Timestamp,
) -> Result<bool> {
    let reasons = serde_json::to_string(reasons).map_err(Error::internal)?;
    let updated = tx
        .execute(
            "UPDATE asset_jobs SET status = $1, reasons = $2, archive_id = $3, end_at = $4 \
             WHERE job_id = $5 AND status = 'RUNNING'",
            params![status.as_str(), reasons, archive, now, id],
        )
        .await?;
    Ok(updated == 1)
}
