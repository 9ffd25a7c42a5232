//! The calls that copies between regions need: tickets, copies, and bytes that come by hand.

use bytes::Bytes;
use entrepot_api::replication::{
    AssetCopies, CopyInfo, CopyList, TicketImport, TicketReport, WantedFiles,
};
use http::Method;

use super::api::{Api, encode, id};
use super::failure::{Failure, Refused, Result};
use super::source::{Blocks, Sent};
use super::text::plain;
use super::transfer::{patiently, put_streamed};

/// A ticket as the source gave it, and what the source has noted of it.
pub struct Issued {
    /// To be handed on unchanged.
    pub ticket: Bytes,
    pub copy: CopyInfo,
}

impl Api {
    /// A fresh ticket for an asset of this library.
    pub async fn issue_ticket(
        &self,
        asset_id: &str,
        to_region: &str,
        to_project_id: Option<&str>,
    ) -> Result<Issued> {
        let tail = format!("digital-assets/{}/replication-info", id(asset_id)?);
        let mut query = format!("to_region={}", encode(to_region));
        if let Some(project_id) = to_project_id {
            query = format!("{query}&to_project_id={}", encode(project_id));
        }
        let issue = || self.send(Method::GET, &tail, &query, Vec::new());
        let ticket = patiently(issue).await?;
        let copies = patiently(|| self.get_copies(asset_id)).await?;
        let copy = copies.outgoing.into_iter().next();
        let copy = copy.ok_or_else(|| Failure::Garbled {
            server: self.endpoint().to_owned(),
            reason: "it issued a ticket and knows of none".into(),
        })?;
        Ok(Issued { ticket, copy })
    }

    /// Begins the copy of a ticket from another region; again, it changes nothing.
    pub async fn present_ticket(&self, ticket: &[u8]) -> Result<()> {
        let tail = "digital-assets-by-replication-info";
        let present = || self.send(Method::POST, tail, "", ticket.to_vec());
        patiently(present).await.map(|_| ())
    }

    pub async fn inspect_ticket(&self, ticket: &[u8], by_hand: bool) -> Result<TicketReport> {
        let tail = "entrepot/tickets/inspect";
        let query = if by_hand { "by_hand=true" } else { "" };
        self.call(Method::POST, tail, query, ticket.to_vec()).await
    }

    pub async fn get_copies(&self, asset_id: &str) -> Result<AssetCopies> {
        let tail = format!("digital-assets/{}/entrepot/copies", id(asset_id)?);
        self.call(Method::GET, &tail, "", Vec::new()).await
    }

    /// The project's incoming copies, the newest first.
    pub async fn list_copies(&self, limit: usize) -> Result<CopyList> {
        let query = format!("limit={limit}");
        self.call(Method::GET, "entrepot/copies", &query, Vec::new())
            .await
    }

    /// The manifest of a ticket issued here, byte for byte.
    pub async fn get_manifest(&self, asset_id: &str, ticket_id: &str) -> Result<Bytes> {
        let tail = format!("digital-assets/{}/entrepot/manifest", id(asset_id)?);
        let query = format!("ticket_id={}", encode(ticket_id));
        self.send(Method::GET, &tail, &query, Vec::new()).await
    }

    /// Begins a copy whose bytes come by hand; again, it changes nothing.
    pub async fn import_ticket(&self, import: &TicketImport) -> Result<WantedFiles> {
        self.post("entrepot/tickets/import", import).await
    }

    pub async fn get_wanted(&self, asset_id: &str, copy_id: &str) -> Result<WantedFiles> {
        let tail = format!("{}/files", copy_tail(asset_id, copy_id)?);
        self.call(Method::GET, &tail, "", Vec::new()).await
    }

    /// Sends the rest of a file, from `offset` on.
    pub async fn send_copied_file(
        &self,
        (asset_id, copy_id, file_id): (&str, &str, &str),
        offset: u64,
        body: (Blocks, Sent),
    ) -> Result<()> {
        let tail = format!("{}/files/{}", copy_tail(asset_id, copy_id)?, id(file_id)?);
        let url = self.url("v1", &tail, &format!("offset={offset}"))?;
        put_streamed(self, url, body).await.map(|_| ())
    }

    /// Says that every byte is there.
    pub async fn complete_copy(&self, asset_id: &str, copy_id: &str) -> Result<CopyInfo> {
        let tail = format!("{}/complete", copy_tail(asset_id, copy_id)?);
        self.call(Method::POST, &tail, "", Vec::new()).await
    }
}

fn copy_tail(asset_id: &str, copy_id: &str) -> Result<String> {
    let (asset_id, copy_id) = (id(asset_id)?, id(copy_id)?);
    Ok(format!(
        "digital-assets/{asset_id}/entrepot/copies/{copy_id}"
    ))
}

/// How a copy stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stand {
    UnderWay,
    Done,
    /// A newer one of the same asset took its place.
    Replaced,
    Failed,
}

pub fn stand(copy: &CopyInfo) -> Stand {
    match copy.state.as_str() {
        "WAITING" | "COPYING" => Stand::UnderWay,
        "DONE" => Stand::Done,
        "REPLACED" => Stand::Replaced,
        _ => Stand::Failed,
    }
}

/// Why a copy came to a bad end.
pub fn why(copy: &CopyInfo) -> Failure {
    let error = copy.error.as_deref().map(plain);
    match (&copy.error_code, error) {
        (Some(code), error) => Failure::Refused(Box::new(Refused {
            status: 400,
            code: plain(code),
            message: error.unwrap_or_default(),
            request_id: None,
        })),
        (None, Some(error)) => Failure::Job(error),
        (None, None) => Failure::Job(format!("the copy is {}", plain(&copy.state))),
    }
}
