//! The audit (extension).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What was done, by whom, and how it ended. What is not known is null.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AuditEvent {
    pub event_id: String,
    /// RFC 3339.
    pub at: String,
    /// `X-Request-Id` of the answer.
    pub request_id: Option<String>,
    pub project_id: Option<String>,
    pub user_id: Option<String>,
    pub user_name: Option<String>,
    /// The key that signed.
    pub access_key: Option<String>,
    /// Where the request came from.
    pub address: Option<String>,
    /// `service:resource:operation`, as in policies.
    pub action: String,
    /// Such as `asset/0123…`.
    pub resource: String,
    /// DONE, REFUSED (the caller may not) or FAILED.
    pub outcome: String,
    /// What else is known; of a failure `error_code` and `error_msg`.
    #[schema(value_type = Object)]
    pub detail: serde_json::Value,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ListAuditResponse {
    /// The newest first.
    pub events: Vec<AuditEvent>,
    /// The `marker` of the next page; absent where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_marker: Option<String>,
}
