//! `GET /entrepot/peer/v1/tickets/{ticket_id}/files/{file_id}`: bytes, whole or a range.

use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use entrepot_api::assets::ErrorResponse;
use entrepot_blob::BlobError;
use futures_util::{StreamExt, stream};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::json;

use super::{Peer, serve};
use crate::app::App;
use crate::audit::{Event, Outcome};
use crate::db::Tx;
use crate::error::{Error, ErrorCode, Result};
use crate::files::{self, FileState};
use crate::http::path::PathIds;
use crate::ids::{FileId, ProjectId};
use crate::objects::{self, Blocks, Content, Wanted};

/// How often the asset's state is looked at while its bytes go out.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Sends bytes of a ticket's file to the region it was issued to
///
/// Takes one `Range`.
#[utoipa::path(get, path = "/entrepot/peer/v1/tickets/{ticket_id}/files/{file_id}", tag = "Peers",
    params(("ticket_id" = String, Path), ("file_id" = String, Path),
        ("Authorization" = String, Header, description = "ENTREPOT-PEER-HMAC-SHA256 …"),
        ("Range" = Option<String>, Header)),
    responses((status = 200, content_type = "application/octet-stream", body = Vec<u8>), (status = 206),
        (status = 400, body = ErrorResponse), (status = 401)))]
pub async fn get(
    State(app): State<App>,
    PathIds((ticket, file)): PathIds<(String, String)>,
    request: Request,
) -> Result<Response> {
    let (parts, _) = request.into_parts();
    let peer = super::authenticate(&app, &parts, b"").await?;
    let (project, content) = content(&app, &peer, &ticket, &file).await?;
    let range = match objects::wanted(&parts.headers, "", content.size) {
        Wanted::Whole => 0..content.size,
        Wanted::Ranges(ranges) => match ranges.as_slice() {
            [range] => range.clone(),
            _ => 0..content.size,
        },
        Wanted::Unsatisfiable => {
            return Err(Error::new(
                ErrorCode::InvalidRange,
                format!(
                    "The file has {} bytes; the range can't be sent.",
                    content.size
                ),
            ));
        }
    };
    let is_whole = range == (0..content.size);
    let mut headers = HeaderMap::new();
    let length = HeaderValue::from(range.end - range.start);
    headers.insert(header::CONTENT_LENGTH, length);
    let stands = format!(
        "bytes {}-{}/{}",
        range.start,
        range.end.saturating_sub(1),
        content.size
    );
    let octets = HeaderValue::from_static("application/octet-stream");
    headers.insert(header::CONTENT_TYPE, octets);
    let status = if is_whole {
        StatusCode::OK
    } else {
        let stands = HeaderValue::from_str(&stands).map_err(Error::internal)?;
        headers.insert(header::CONTENT_RANGE, stands);
        StatusCode::PARTIAL_CONTENT
    };
    let (from, to) = (range.start, range.end);
    let mut blocks = objects::stream(&app, &content, range);
    let first = blocks.next().await.transpose();
    let first = first.map_err(|error| unreadable(&app, &file, error))?;
    let detail = json!({"ticket_id": ticket, "peer": peer.region, "from": from, "to": to});
    let resource = format!("file/{file}");
    let event = Event::new(&app, "entrepot:peer:file", resource, Outcome::Done, detail)
        .in_project(&project)
        .of_request(&parts.extensions);
    app.audit.note(event).await;
    let sending = Sending {
        app,
        peer,
        ticket,
        blocks: Box::pin(stream::iter(first.map(Ok)).chain(blocks)),
        looked: Instant::now(),
    };
    let body = Body::from_stream(stream::try_unfold(sending, Sending::next));
    Ok((status, headers, body).into_response())
}

/// Bytes that are gone or cut short don't come back by asking again.
fn unreadable(app: &App, file: &str, error: BlobError) -> Error {
    match error {
        BlobError::NotFound(_) | BlobError::Corrupt { .. } => {
            tracing::error!(%error, file, "a file can't be read");
            let message = format!(
                "The file {file} is damaged in the region {}.",
                app.config.region
            );
            Error::new(ErrorCode::ContentMissing, message)
        }
        BlobError::Exists(_) | BlobError::StorageFull | BlobError::Io(_) => error.into(),
    }
}

/// Bytes on their way to a peer. When the asset may no longer be had they end, and the peer hears why
/// when it asks for the rest.
struct Sending {
    app: App,
    peer: Peer,
    ticket: String,
    blocks: Blocks,
    looked: Instant,
}

impl Sending {
    async fn next(mut self) -> Result<Option<(Bytes, Self)>> {
        if self.looked.elapsed() >= LOOK_AGAIN {
            let (app, peer, ticket) = (self.app.clone(), self.peer.clone(), self.ticket.clone());
            let looked = self.app.db.read(async move |tx| {
                let served = serve(tx, &app, &peer, &ticket).await;
                served.map(drop)
            });
            looked.await?;
            self.looked = Instant::now();
        }
        let block = self.blocks.next().await.transpose()?;
        Ok(block.map(|block| (block, self)))
    }
}

/// Where the bytes are of a file that the ticket names, and whose they are.
pub async fn content(
    app: &App,
    peer: &Peer,
    ticket: &str,
    file: &str,
) -> Result<(ProjectId, Content)> {
    let (owned, peer) = (app.clone(), peer.clone());
    let (ticket, file) = (ticket.to_owned(), FileId::new(file));
    app.db
        .read(async move |tx| find(tx, &owned, &peer, &ticket, &file).await)
        .await
}

async fn find(
    tx: &mut Tx,
    app: &App,
    peer: &Peer,
    ticket: &str,
    file: &FileId,
) -> Result<(ProjectId, Content)> {
    let served = serve(tx, app, peer, ticket).await?;
    let ticket = served.ticket;
    let found = files::store::find(tx, &ticket.project_id, file).await?;
    // when the ticket was issued no file was unfinished: one that came to be later is not in it
    let named = found.filter(|file| {
        file.asset_id == ticket.asset_id
            && file.state == FileState::Created
            && file.created_at <= ticket.issued_at
    });
    let blob = named.and_then(|file| file.blob_id).ok_or_else(|| {
        Error::new(
            ErrorCode::FileNotFound,
            format!(
                "The file {file} was deleted in the region {} since the ticket was issued; get a new one.",
                app.config.region
            ),
        )
    })?;
    let content = objects::require_content(tx, &blob).await?;
    Ok((ticket.project_id, content))
}
