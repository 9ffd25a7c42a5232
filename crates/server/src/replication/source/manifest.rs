//! `GET /entrepot/peer/v1/tickets/{ticket_id}/manifest`

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use entrepot_api::assets::ErrorResponse;
use http::header;
use serde_json::json;

use super::serve;
use crate::app::App;
use crate::audit::{self, Event, Outcome};
use crate::error::{Error, Result};
use crate::http::path::PathIds;
use crate::replication::model::Ticket;
use crate::replication::store;

/// Sends the manifest of a ticket to the region it was issued to
#[utoipa::path(get, path = "/entrepot/peer/v1/tickets/{ticket_id}/manifest", tag = "Peers",
    params(("ticket_id" = String, Path),
        ("Authorization" = String, Header, description = "ENTREPOT-PEER-HMAC-SHA256 …")),
    responses((status = 200, description = "the manifest, application/json"),
        (status = 400, body = ErrorResponse), (status = 401)))]
pub async fn get(
    State(app): State<App>,
    PathIds(ticket): PathIds<String>,
    request: Request,
) -> Result<Response> {
    let (parts, _) = request.into_parts();
    let peer = super::authenticate(&app, &parts, b"").await?;
    let extensions = parts.extensions;
    let (owned, from) = (app.clone(), peer.clone());
    let (served, body) = app
        .db
        .snapshot(async move |tx| {
            let served = serve(tx, &owned, &from, &ticket).await?;
            let body = store::tickets::find_manifest(tx, &served.ticket).await?;
            Ok((served, body))
        })
        .await?;
    let body = body.ok_or_else(|| Error::internal("the manifest of a ticket is gone"))?;
    let event = event(&app, &peer, &served.ticket).of_request(&extensions);
    if served.is_due {
        note_use(&app, served.ticket, event).await?;
    } else {
        app.audit.note(event).await;
    }
    Ok(([(header::CONTENT_TYPE, "application/json")], body).into_response())
}

fn event(app: &App, peer: &super::Peer, ticket: &Ticket) -> Event {
    let detail = json!({
        "ticket_id": ticket.ticket_id, "version": ticket.version, "peer": peer.region,
    });
    let resource = format!("asset/{}", ticket.asset_id);
    let action = "entrepot:ticket:serve";
    Event::new(app, action, resource, Outcome::Done, detail).in_project(&ticket.project_id)
}

async fn note_use(app: &App, ticket: Ticket, event: Event) -> Result<()> {
    let now = app.clock.now();
    app.db
        .write(async move |tx| {
            store::tickets::set_used(tx, &ticket.ticket_id, now).await?;
            audit::record(tx, &event).await
        })
        .await
}
