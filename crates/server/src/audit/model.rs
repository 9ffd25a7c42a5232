//! One event of the audit.

use serde_json::Value;

use crate::app::App;
use crate::clock::Timestamp;
use crate::iam::Caller;
use crate::ids::ProjectId;

/// What happened. Never holds a secret.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Sorts by time.
    pub event_id: String,
    pub at: Timestamp,
    pub request_id: Option<String>,
    pub project_id: Option<ProjectId>,
    pub user_id: Option<String>,
    pub user_name: Option<String>,
    pub access_key: Option<String>,
    pub address: Option<String>,
    /// `service:resource:operation`, as policies have it where a policy decides.
    pub action: String,
    /// What it was done to, such as `asset/0123…`.
    pub resource: String,
    pub outcome: Outcome,
    /// A JSON object.
    pub detail: Value,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Done,
    Refused,
    Failed,
}

impl Outcome {
    pub const ALL: [Outcome; 3] = [Outcome::Done, Outcome::Refused, Outcome::Failed];

    pub fn as_str(self) -> &'static str {
        match self {
            Outcome::Done => "DONE",
            Outcome::Refused => "REFUSED",
            Outcome::Failed => "FAILED",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|o| o.as_str() == text)
    }
}

impl Event {
    /// Something that the server does by itself, or for a peer.
    pub fn new(app: &App, action: &str, resource: String, outcome: Outcome, detail: Value) -> Self {
        Self {
            event_id: app.ids.next(),
            at: app.clock.now(),
            request_id: None,
            project_id: None,
            user_id: None,
            user_name: None,
            access_key: None,
            address: None,
            action: action.to_owned(),
            resource,
            outcome,
            detail,
        }
    }

    #[must_use]
    pub fn by(mut self, caller: &Caller) -> Self {
        self.request_id = Some(caller.request_id.clone());
        self.user_id = Some(caller.principal.user_id.to_string());
        self.user_name = Some(caller.principal.user_name.clone());
        self.access_key.clone_from(&caller.access_key);
        self.address = caller.address.map(|address| address.to_string());
        self
    }

    #[must_use]
    pub fn in_project(mut self, project: &ProjectId) -> Self {
        self.project_id = Some(project.clone());
        self
    }

    #[must_use]
    pub fn from_address(mut self, address: Option<std::net::IpAddr>) -> Self {
        self.address = address.map(|address| address.to_string());
        self
    }
}
