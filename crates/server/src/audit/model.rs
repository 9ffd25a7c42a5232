//! One event of the audit.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};

use crate::app::App;
use crate::clock::Timestamp;
use crate::error::{Error, ErrorCode};
use crate::http::address::came_from;
use crate::http::respond::RequestId;
use crate::iam::{Action, Caller};
use crate::ids::ProjectId;

/// The longest resource and sentence that are kept.
const MOST: usize = 256;
/// Of a batch that did not get as far as saying what it wanted.
const BATCH: &str = "metastudio:asset:batch";

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
    /// Whoever asked may not.
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

    fn of(error: ErrorCode) -> Self {
        match error {
            ErrorCode::Forbidden
            | ErrorCode::ProjectMismatch
            | ErrorCode::TicketInvalid
            | ErrorCode::TicketExpired
            | ErrorCode::TicketElsewhere
            | ErrorCode::TicketUnknown
            | ErrorCode::ReplicationKeyUnknown => Outcome::Refused,
            _ => Outcome::Failed,
        }
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
            resource: plain(resource),
            outcome,
            detail,
        }
    }

    /// A call that did what its endpoint is for.
    pub fn of(app: &App, caller: &Caller, project: &ProjectId, resource: String) -> Self {
        Self::of_call(app, caller, resource).in_project(project)
    }

    /// The same where it is about no project.
    pub fn of_call(app: &App, caller: &Caller, resource: String) -> Self {
        let action = caller.needs.action().map_or(BATCH, Action::name);
        Self::new(app, action, resource, Outcome::Done, json!({})).by(caller)
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
    pub fn from_address(mut self, address: Option<IpAddr>) -> Self {
        self.address = address.map(|address| address.to_string());
        self
    }

    /// A request whose sender is not known by name.
    #[must_use]
    pub fn of_request(mut self, request: &http::Extensions) -> Self {
        let id = request.get::<RequestId>();
        self.request_id = id.map(|RequestId(id)| id.clone());
        self.from_address(came_from(request))
    }

    /// Instead of the endpoint's.
    #[must_use]
    pub fn action(mut self, action: Action) -> Self {
        action.name().clone_into(&mut self.action);
        self
    }

    /// A JSON object.
    #[must_use]
    pub fn detail(mut self, detail: Value) -> Self {
        self.detail = detail;
        self
    }

    /// It came to nothing; `code` is the published one. What can't be read of a body may be a
    /// secret, so that what is said of it is left out.
    #[must_use]
    pub fn failed(mut self, error: &Error, code: &str) -> Self {
        self.outcome = Outcome::of(error.code);
        self.detail = match error.code {
            ErrorCode::InvalidJson | ErrorCode::InvalidBody => json!({"error_code": code}),
            _ => json!({"error_code": code, "error_msg": plain(error.message.clone())}),
        };
        self
    }

    /// The same person in the same request, later.
    #[must_use]
    pub fn then(&self, app: &App, action: &str, outcome: Outcome, detail: Value) -> Self {
        Self {
            event_id: app.ids.next(),
            at: app.clock.now(),
            action: action.to_owned(),
            outcome,
            detail,
            ..self.clone()
        }
    }
}

/// On one line, and not too long: it may be what a caller sent.
fn plain(text: String) -> String {
    if text.len() <= MOST && !text.contains(char::is_control) {
        return text;
    }
    let shown = text.chars().filter(|c| !c.is_control());
    shown.take(MOST).collect()
}

/// What an endpoint tells of a call before it is known how it ends, for the event of a failure:
/// what it is about where the path does not say so. Put into the request by `http::audit`.
#[derive(Debug, Clone, Default)]
pub struct About(Arc<Mutex<(Option<Action>, Option<String>)>>);

impl About {
    pub fn resource(&self, resource: String) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.1 = Some(plain(resource));
    }

    pub fn action(&self, action: Action) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.0 = Some(action);
    }

    /// Says so in an event.
    #[must_use]
    pub fn apply(&self, mut event: Event) -> Event {
        let known = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        if let Some(resource) = known.1 {
            event.resource = resource;
        }
        match known.0 {
            Some(action) => event.action(action),
            None => event,
        }
    }
}
