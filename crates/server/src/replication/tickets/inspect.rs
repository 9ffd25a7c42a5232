//! `POST /v1/{project_id}/entrepot/tickets/inspect`: a dry run.

use axum::extract::State;
use entrepot_api::assets::ErrorResponse;
use entrepot_api::replication::{
    PeerReport, ReplicationAssetInfo, TicketContents, TicketProblem, TicketReport,
};

use crate::app::App;
use crate::clock::Timestamp;
use crate::error::{Error, ErrorCode, Result};
use crate::http::caller::Caller;
use crate::http::json::Json;
use crate::http::path::PathIds;
use crate::http::query::Query;
use crate::http::render::published;
use crate::iam::Assets;
use crate::ids::ProjectId;
use crate::replication::present::{self, Opened};
use crate::replication::ticket::Contents;

/// Seconds that two clocks may differ before it is told as a problem.
const SKEW: u64 = 30;

/// Tells what a ticket is and whether it would work here, and if not, why
///
/// Nothing is changed. The region that it comes from is asked, if it is configured here; it need not
/// be for bytes that come by hand.
#[utoipa::path(post, path = "/v1/{project_id}/entrepot/tickets/inspect", tag = "Copies",
    params(("project_id" = String, Path),
        ("by_hand" = Option<bool>, Query, description = "Whether its bytes are to come by hand; false by default")),
    request_body = ReplicationAssetInfo,
    responses((status = 200, body = TicketReport), (status = 400, body = ErrorResponse)))]
pub async fn post(
    State(app): State<App>,
    caller: Caller,
    PathIds(project): PathIds<ProjectId>,
    mut query: Query,
    Json(info): Json<ReplicationAssetInfo>,
) -> Result<Json<TicketReport>> {
    let by_hand = query.boolean("by_hand")?.unwrap_or(false);
    query.finish()?;
    let _new = caller.permit(Assets::New(&project, None))?;
    let mut report = TicketReport::default();
    match present::open(&app, info).await {
        Err(error) => report.problems.push(problem(&error)),
        Ok(opened) => look(&app, &project, &opened, by_hand, &mut report).await?,
    }
    report.works = report.problems.is_empty();
    Ok(Json(report))
}

fn problem(error: &Error) -> TicketProblem {
    TicketProblem {
        error_code: published(error.code).1.to_owned(),
        error_msg: error.message.clone(),
    }
}

fn shown(contents: &Contents) -> TicketContents {
    TicketContents {
        ticket_id: contents.ticket_id.clone(),
        region: contents.region.clone(),
        asset_id: contents.asset_id.clone(),
        asset_name: contents.asset_name.clone(),
        asset_type: contents.asset_type.clone(),
        version: contents.version,
        manifest_digest: contents.manifest.clone(),
        issued_at: contents.issued_at.rfc3339(),
        expires_at: contents.expires_at().rfc3339(),
        to_region: contents.to_region.clone(),
        to_project_id: contents.to_project.clone(),
    }
}

async fn look(
    app: &App,
    project: &ProjectId,
    opened: &Opened,
    by_hand: bool,
    report: &mut TicketReport,
) -> Result<()> {
    let contents = &opened.contents;
    report.ticket = Some(shown(contents));
    let refusals = present::refusals(app, project, opened, by_hand);
    report.problems.extend(refusals.iter().map(problem));
    let (of, named) = (project.clone(), contents.clone());
    let found = app
        .db
        .read(
            async move |tx| match present::effect(tx, &of, &named).await {
                Ok(found) => Ok(Ok(found.effect)),
                Err(error) if error.code == ErrorCode::Internal => Err(error),
                Err(error) => Ok(Err(error)),
            },
        )
        .await?;
    match found {
        Ok(effect) if report.problems.is_empty() => {
            report.effect = Some(effect.as_str().to_owned());
        }
        Ok(_) => {}
        Err(error) => report.problems.push(problem(&error)),
    }
    if !by_hand {
        ask(app, opened, report).await;
    }
    Ok(())
}

/// Whether the source answers, and what its clock says.
async fn ask(app: &App, opened: &Opened, report: &mut TicketReport) {
    let region = &opened.contents.region;
    let known = *region == opened.key.peer;
    let Some(peer) = app.replication.peers.find(region).filter(|_| known) else {
        return;
    };
    let (hello, time) = peer.hello(app, &opened.key).await;
    let skew = time.map(|time: Timestamp| time.seconds() - app.clock.now().seconds());
    if let Some(skew) = skew.filter(|skew| skew.unsigned_abs() > SKEW) {
        report.problems.push(problem(&Error::new(
            ErrorCode::PeerUnreachable,
            format!("The clock of the region {region} differs from this one: clock skew {skew} s."),
        )));
    }
    let mut told = PeerReport {
        region: region.clone(),
        endpoint: peer.endpoint().to_owned(),
        reachable: hello.is_ok(),
        clock_skew_seconds: skew,
        error: None,
    };
    match hello {
        Ok(hello) if hello.region == *region => {}
        Ok(hello) => {
            let message = format!(
                "The region at {} calls itself {}, not {region}.",
                peer.endpoint(),
                hello.region
            );
            report
                .problems
                .push(problem(&Error::new(ErrorCode::PeerUnreachable, message)));
        }
        Err(error) => {
            told.error = Some(error.to_string());
            let error = Error::new(ErrorCode::PeerUnreachable, error.to_string());
            report.problems.push(problem(&error));
        }
    }
    report.peer = Some(told);
}
