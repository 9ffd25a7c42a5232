//! `POST /entrepot/peer/v1/reports`: a peer tells how far its copies are.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use entrepot_api::assets::ErrorResponse;
use http_body_util::{BodyExt, Limited};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::App;
use crate::clock::Timestamp;
use crate::error::{Error, ErrorCode, Result};
use crate::http::json;
use crate::replication::model::{CopyState, Progress};
use crate::replication::store;

/// Reports of one request.
pub const MOST: usize = 500;
const MAX_BODY: usize = 1024 * 1024;
const BODY_TIME: Duration = Duration::from_secs(30);
/// Characters of an error that are kept.
const MAX_ERROR: usize = 1024;

#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct Reports {
    /// At most 500.
    pub reports: Vec<Report>,
}

/// How far a copy is.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct Report {
    pub ticket_id: String,
    /// Grows; an older one than is known changes nothing.
    pub revision: i64,
    pub state: String,
    pub bytes_done: u64,
    pub bytes_total: u64,
    pub bytes_held: u64,
    pub rate: u64,
    pub attempts: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_code: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Unix milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_try_at: Option<i64>,
}

/// Takes a peer's word on how far its copies are
#[utoipa::path(post, path = "/entrepot/peer/v1/reports", tag = "Peers",
    params(("Authorization" = String, Header, description = "ENTREPOT-PEER-HMAC-SHA256 …")),
    request_body = Reports,
    responses((status = 200), (status = 400, body = ErrorResponse), (status = 401)))]
pub async fn post(State(app): State<App>, request: Request<Body>) -> Result<()> {
    let (parts, body) = request.into_parts();
    let body = read(body).await?;
    let peer = super::authenticate(&app, &parts, &body).await?;
    let told: Reports = json::parse(&body)?;
    if told.reports.len() > MOST {
        return Err(Error::parameter(
            "reports",
            format!("may have at most {MOST} entries"),
        ));
    }
    let now = app.clock.now();
    app.db
        .write(async move |tx| {
            for report in &told.reports {
                let Some(state) = CopyState::parse(&report.state) else {
                    continue;
                };
                let progress = progress(report);
                let id = &report.ticket_id;
                let revision = report.revision;
                store::tickets::set_reported(tx, id, &peer.region, revision, state, &progress, now)
                    .await?;
            }
            Ok(())
        })
        .await
}

async fn read(body: Body) -> Result<Bytes> {
    let problem = |why: String| {
        let message = format!("The reports could not be read: {why}");
        Error::new(ErrorCode::BadRequest, message)
    };
    let limited = Limited::new(body, MAX_BODY).collect();
    let read = tokio::time::timeout(BODY_TIME, limited).await;
    let read = read.map_err(|_| problem("they did not come in time".into()))?;
    Ok(read.map_err(|e| problem(e.to_string()))?.to_bytes())
}

fn cut(text: Option<&String>) -> Option<String> {
    Some(
        text?
            .chars()
            .filter(|c| !c.is_control())
            .take(MAX_ERROR)
            .collect(),
    )
}

fn progress(report: &Report) -> Progress {
    Progress {
        bytes_done: report.bytes_done,
        bytes_total: report.bytes_total,
        bytes_held: report.bytes_held,
        rate: report.rate,
        attempts: report.attempts,
        error_code: cut(report.error_code.as_ref()),
        error: cut(report.error.as_ref()),
        next_try_at: report.next_try_at.map(Timestamp::from_millis),
    }
}
