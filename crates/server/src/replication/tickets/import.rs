//! `POST /v1/{project_id}/entrepot/tickets/import`: a ticket whose bytes come by hand, where no network
//! joins the regions.

use axum::extract::State;
use entrepot_api::assets::ErrorResponse;
use entrepot_api::replication::{TicketImport, WantedFiles};

use crate::app::App;
use crate::audit;
use crate::error::{Error, ErrorCode, Result};
use crate::http::caller::Caller;
use crate::http::json::Json;
use crate::http::path::PathIds;
use crate::iam::Assets;
use crate::ids::ProjectId;
use crate::replication::by_replication_info::{event, record_refusal};
use crate::replication::copies::files;
use crate::replication::manifest;
use crate::replication::model::CopyState;
use crate::replication::present::{self, Opened, Order};
use crate::replication::ticket;

/// Begins a copy whose bytes come by hand
///
/// Answers which bytes are wanted. The same ticket again answers what is still wanted.
#[utoipa::path(post, path = "/v1/{project_id}/entrepot/tickets/import", tag = "Copies",
    params(("project_id" = String, Path)),
    request_body = TicketImport,
    responses((status = 200, body = WantedFiles), (status = 400, body = ErrorResponse)))]
pub async fn post(
    State(app): State<App>,
    caller: Caller,
    PathIds(project): PathIds<ProjectId>,
    Json(body): Json<TicketImport>,
) -> Result<Json<WantedFiles>> {
    let _new = caller.permit(Assets::New(&project, None))?;
    let asset_id = body.ticket.asset_id.clone().unwrap_or_default();
    let outcome = begin(&app, &caller, &project, body).await;
    if let Err(error) = &outcome {
        record_refusal(&app, &caller, &project, &asset_id, error).await;
    }
    outcome.map(Json)
}

/// Holds it to the ticket; answers the bytes of all its files.
fn check(opened: &Opened, text: &str) -> Result<u64> {
    if manifest::digest(text) != opened.contents.manifest {
        return Err(ticket::invalid("the manifest is not the one that it names"));
    }
    let invalid = |problem: String| Error::new(ErrorCode::TicketInvalid, problem);
    let manifest = manifest::parse(text).map_err(invalid)?;
    let names = &opened.contents;
    if manifest.asset.asset_id != names.asset_id || manifest.version != names.version {
        return Err(ticket::invalid("the manifest is of another asset"));
    }
    Ok(manifest.size())
}

async fn begin(
    app: &App,
    caller: &Caller,
    project: &ProjectId,
    body: TicketImport,
) -> Result<WantedFiles> {
    let opened = present::open(app, body.ticket).await?;
    if let Some(refusal) = present::refusals(app, project, &opened, true)
        .into_iter()
        .next()
    {
        return Err(refusal);
    }
    let size = check(&opened, &body.manifest)?;
    let ticket_id = opened.contents.ticket_id.clone();
    let order = Order {
        project: project.clone(),
        opened,
        manifest: Some(body.manifest),
        size,
    };
    let (owned, caller) = (app.clone(), caller.clone());
    let standing = app
        .db
        .write(async move |tx| {
            let (effect, copy) = present::accept(tx, &owned, &caller, &order).await?;
            let event = event(&owned, &caller, &order.project, &order.opened, &effect);
            audit::record(tx, &event).await?;
            Ok(copy)
        })
        .await?;
    match standing {
        Some(copy) => files::wanted(app, &copy).await,
        None => Ok(WantedFiles {
            copy_id: ticket_id,
            state: CopyState::Done.as_str().to_owned(),
            files: Vec::new(),
        }),
    }
}
