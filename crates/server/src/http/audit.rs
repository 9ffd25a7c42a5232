//! Calls that change or hand out something and came to nothing leave an event too. Those of callers
//! who could not say who they are do not: a stranger could fill the disk with them.

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::{Method, Uri};
use percent_encoding::percent_decode_str;

use super::render::{Family, of_roma, published};
use crate::app::App;
use crate::audit::{About, Event};
use crate::error::Error;
use crate::iam::Caller;
use crate::ids::ProjectId;

/// Calls by POST that only look.
const LOOKING: [&str; 2] = [
    "/v1/{project_id}/digital-assets/summarys",
    "/v1/{project_id}/entrepot/tickets/inspect",
];

/// Calls by GET that hand out what opens something, or what can be had only once.
const HANDING_OUT: [&str; 3] = [
    "/v1/{project_id}/digital-assets/{asset_id}/replication-info",
    "/v2/{project_id}/instances/{instance_id}/apps/{app_id}/secret",
    "/v2/{project_id}/instances/{instance_id}/assets/archives/{archive_id}",
];

/// What a call is about: the first of these that its path has.
const KINDS: [(&str, &str); 10] = [
    ("archive_id", "archive"),
    ("upload_id", "upload"),
    ("job_id", "job"),
    ("task_id", "task"),
    ("app_id", "application"),
    ("asset_id", "asset"),
    ("file_id", "file"),
    ("access_key", "credential"),
    ("instance_id", "instance"),
    ("project_id", "project"),
];

/// Whether a call changes or hands out something; `path` is the router's.
pub fn is_audited(method: &str, path: &str) -> bool {
    match method {
        "GET" => HANDING_OUT.contains(&path),
        "HEAD" | "OPTIONS" => false,
        _ => !LOOKING.contains(&path),
    }
}

/// Stands behind [`super::authenticate`], so that it is known who calls.
pub async fn audit(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let Some(call) = Call::of(&request) else {
        return next.run(request).await;
    };
    let about = About::default();
    request.extensions_mut().insert(about.clone());
    // before anything is done: the event of a call whose caller goes away is not lost
    let room = app.audit.room().await;
    let response = next.run(request).await;
    if let Some(error) = response.extensions().get::<Error>() {
        room.send(about.apply(call.failed(&app, error)));
    }
    response
}

struct Call {
    caller: Caller,
    template: MatchedPath,
    uri: Uri,
}

impl Call {
    fn of(request: &Request) -> Option<Self> {
        let template = request.extensions().get::<MatchedPath>()?;
        let method: &Method = request.method();
        if !is_audited(method.as_str(), template.as_str()) {
            return None;
        }
        Some(Self {
            caller: request.extensions().get::<Caller>()?.clone(),
            template: template.clone(),
            uri: request.uri().clone(),
        })
    }

    fn failed(&self, app: &App, error: &Error) -> Event {
        let path = self.uri.path();
        let ids = ids(self.template.as_str(), path);
        let id = |name: &str| {
            ids.iter()
                .find(|(known, _)| known == name)
                .map(|(_, id)| id)
        };
        let kinds = KINDS.iter();
        let mut named = kinds.filter_map(|(name, kind)| Some((kind, id(name)?)));
        let who = &self.caller.principal;
        let resource = match named.next() {
            Some((kind, id)) => format!("{kind}/{id}"),
            None => format!("user/{}", who.user_id),
        };
        let (_, code) = match Family::of(path) {
            Family::Roma => of_roma(error.code),
            _ => published(error.code),
        };
        let event = Event::of_call(app, &self.caller, resource).failed(error, code);
        // what strangers try is not the project's to see
        let own = |project: &ProjectId| who.projects.iter().any(|(id, _)| id == project);
        match id("project_id").map(ProjectId::new) {
            Some(project) if own(&project) => event.in_project(&project),
            _ => event,
        }
    }
}

/// The values in a path of the names in its template.
fn ids(template: &str, path: &str) -> Vec<(String, String)> {
    let pairs = template.split('/').zip(path.split('/'));
    let ids = pairs.filter_map(|(name, value)| {
        let name = name.strip_prefix('{')?.strip_suffix('}')?;
        let value = percent_decode_str(value).decode_utf8_lossy();
        Some((name.to_owned(), value.into_owned()))
    });
    ids.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ids_of_a_path_are_named_by_its_template() {
        let found = ids(
            "/v1/{project_id}/files/{file_id}/complete",
            "/v1/p/files/a%20b/complete",
        );
        let expected = [("project_id", "p"), ("file_id", "a b")];
        let expected = expected.map(|(name, id)| (name.to_owned(), id.to_owned()));
        assert_eq!(found, expected);
    }

    #[test]
    fn what_only_looks_is_not_audited() {
        assert!(!is_audited("GET", "/v1/{project_id}/digital-assets"));
        assert!(!is_audited("HEAD", HANDING_OUT[2]));
        assert!(!is_audited("POST", LOOKING[0]));
        assert!(is_audited("POST", "/v1/{project_id}/digital-assets"));
        assert!(is_audited("GET", HANDING_OUT[0]));
    }
}
