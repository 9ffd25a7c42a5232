//! Every call that a test makes is a test of the audit: one that changed or handed out something, and
//! was answered well, must have left an event.

use entrepot_server::audit::{Event, Filter};
use entrepot_server::http::audit::is_audited;
use entrepot_server::iam::Needs;
use entrepot_server::iam::endpoints::{ENDPOINTS, Endpoint};

use super::{Answer, Library};

/// The endpoint of a path: the one with the fewest names, as the router has it.
fn endpoint(method: &str, path: &str) -> Option<&'static Endpoint> {
    let parts = |path: &'static str| path.split('/').filter(|part| !part.is_empty());
    let path = path.split('?').next().unwrap_or_default();
    let sent: Vec<_> = path.split('/').filter(|part| !part.is_empty()).collect();
    let fits = |endpoint: &&Endpoint| {
        let template: Vec<_> = parts(endpoint.path).collect();
        let same = |(t, s): (&&str, &&str)| t.starts_with('{') || t == s;
        template.len() == sent.len() && template.iter().zip(&sent).all(same)
    };
    let of_method = ENDPOINTS.iter().filter(|e| e.method == method);
    of_method
        .filter(fits)
        .min_by_key(|e| e.path.matches('{').count())
}

/// Calls that only look are in the list of `http::audit`.
fn must_leave_an_event(method: &str, path: &str) -> bool {
    let Some(endpoint) = endpoint(method, path) else {
        return false;
    };
    let of_a_caller = !matches!(endpoint.needs, Needs::Link | Needs::Peer | Needs::Nothing);
    of_a_caller && is_audited(method, endpoint.path)
}

impl Library {
    pub async fn assert_audited(&self, method: &str, path: &str, answer: &Answer) {
        if !(200..300).contains(&answer.status) || !must_leave_an_event(method, path) {
            return;
        }
        let id = answer.header("x-request-id");
        let from = format!("audit WHERE request_id = '{id}' AND outcome = 'DONE'");
        let failed = format!("audit WHERE request_id = '{id}'");
        if self.rows(&from).await == 0 {
            self.app.audit.flush().await.unwrap();
            assert!(
                self.rows(&failed).await > 0,
                "{method} {path} was answered with {} and left no event",
                answer.status
            );
        }
    }

    /// All events that fit, the newest first.
    pub async fn events(&self, filter: Filter) -> Vec<Event> {
        self.app.audit.flush().await.unwrap();
        let filter = Filter {
            limit: 10_000,
            ..filter
        };
        let listed = self
            .app
            .db
            .read(async move |tx| entrepot_server::audit::list(tx, &filter).await);
        listed.await.unwrap()
    }

    /// Those of an answer's request, in their order.
    pub async fn events_of(&self, answer: &Answer) -> Vec<Event> {
        let id = answer.header("x-request-id").to_owned();
        let mut events = self.events(Filter::default()).await;
        events.retain(|event| event.request_id.as_ref() == Some(&id));
        events.reverse();
        events
    }
}
