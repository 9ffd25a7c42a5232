//! Copies between regions: tickets, and how far copies are.

use serde::{Deserialize, Serialize};
#[cfg(feature = "openapi")]
use utoipa::ToSchema;

/// A replication ticket: the answer of `replication-info` in one region, and unchanged the body of
/// `digital-assets-by-replication-info` in another.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct ReplicationAssetInfo {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asset_id: Option<String>,
    /// `base64(iv) ":" base64(ciphertext and tag)`; 1 to 100000 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asset_info: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encryption_info: Option<ReplicationEncInfo>,
    /// Unix seconds. It may be left out of a request; another one than the ticket's is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expire_time: Option<i64>,
}

/// How a ticket is encrypted.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct ReplicationEncInfo {
    /// `AES128_GCM`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub algorithm: Option<String>,
    /// Answered as a string; a number is taken too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_id: Option<KeyId>,
    /// The 12 bytes before the colon of `asset_info`, in base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iv: Option<String>,
}

/// The id of a replication key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[serde(untagged)]
pub enum KeyId {
    Text(String),
    Number(u64),
}

impl std::fmt::Display for KeyId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            KeyId::Text(text) => f.write_str(text),
            KeyId::Number(number) => number.fmt(f),
        }
    }
}

/// Answer of `GET …/digital-assets/{asset_id}/entrepot/copies`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct AssetCopies {
    /// To this asset, the newest first.
    pub incoming: Vec<CopyInfo>,
    /// Tickets issued of this asset and what became of them, the newest first.
    pub outgoing: Vec<CopyInfo>,
}

/// Answer of `GET /v1/{project_id}/entrepot/copies`: a page of a project's incoming copies.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct CopyList {
    pub copies: Vec<CopyInfo>,
    /// The `marker` of the next page; absent on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_marker: Option<String>,
}

/// How far a copy is. On the outgoing side it is what the other region has told, and what was asked
/// for here.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct CopyInfo {
    /// The ticket's id: the same in both regions.
    pub copy_id: String,
    pub asset_id: String,
    pub asset_name: String,
    /// The region that the asset comes from.
    pub from_region: String,
    /// The region that it goes to.
    pub to_region: String,
    /// The version of the asset in the region it comes from.
    pub version: i64,
    /// Incoming: `WAITING` (for its turn, its next try, or its files), `COPYING`, `DONE`, `FAILED`,
    /// `CANCELLED`, `REPLACED` (by a newer one). Outgoing also `ISSUED` (not presented yet, as far
    /// as is known) and `EXPIRED`.
    pub state: String,
    /// Bytes that are here.
    pub bytes_done: u64,
    /// Bytes of all files together; 0 until the manifest has come.
    pub bytes_total: u64,
    /// Of those, bytes that were not transferred because the project has them already.
    pub bytes_held: u64,
    /// Bytes a second, lately; 0 while nothing moves.
    pub rate: u64,
    pub attempts: u64,
    /// Why it failed, or what the last attempt met with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_code: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Times are RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_try_at: Option<String>,
    /// Incoming: when the ticket was presented. Outgoing: when it was issued.
    pub created_at: String,
    pub updated_at: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<String>,
    /// Of a ticket, until when it can be presented.
    pub expires_at: String,
    /// The bytes come by hand, not over the network.
    pub by_hand: bool,
}

/// Answer of `POST /v1/{project_id}/entrepot/tickets/inspect`: what a ticket is, and whether it would
/// work here. Nothing is changed.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct TicketReport {
    /// Whether presenting it now would be accepted, and the peer answers.
    pub works: bool,
    /// Why not; empty where it works.
    pub problems: Vec<TicketProblem>,
    /// What is in it; absent where it does not open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<TicketContents>,
    /// What presenting it would do: `CREATE`, `UPDATE`, `RESTART`, `NOTHING`; absent where it would
    /// be refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effect: Option<String>,
    /// The region that it comes from, if it is configured here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peer: Option<PeerReport>,
}

/// A reason why a ticket would not work.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct TicketProblem {
    pub error_code: String,
    pub error_msg: String,
}

/// What is in a ticket.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct TicketContents {
    pub ticket_id: String,
    pub region: String,
    pub asset_id: String,
    pub asset_name: String,
    pub asset_type: String,
    pub version: i64,
    /// SHA-256 of the manifest, in hexadecimal digits.
    pub manifest_digest: String,
    pub issued_at: String,
    pub expires_at: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_region: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_project_id: Option<String>,
}

/// How the source region answers.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct PeerReport {
    pub region: String,
    pub endpoint: String,
    pub reachable: bool,
    /// How much its clock is ahead of this one, in seconds; absent where it did not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock_skew_seconds: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// Body of `POST /v1/{project_id}/entrepot/tickets/import`: a copy whose bytes come by hand.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct TicketImport {
    pub ticket: ReplicationAssetInfo,
    /// The manifest, byte for byte as `GET …/entrepot/manifest` answered it.
    pub manifest: String,
}

/// Answer of it, and of `GET …/entrepot/copies/{copy_id}/files`: which bytes are wanted.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct WantedFiles {
    pub copy_id: String,
    /// As of [`CopyInfo::state`]; nothing is wanted of one that is not `WAITING`.
    pub state: String,
    /// Files that the project has already are not listed.
    pub files: Vec<WantedFile>,
}

/// A file whose bytes are wanted: `PUT …/entrepot/copies/{copy_id}/files/{file_id}?offset=…`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct WantedFile {
    pub file_id: String,
    /// In bytes.
    pub size: u64,
    /// Where to go on from: so many bytes are here.
    pub offset: u64,
}
