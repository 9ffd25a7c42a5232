//! The description of the calls against the router, and against the file in the repository.

use std::collections::BTreeSet;
use std::fmt::Write;

use entrepot_server::iam::endpoints::{ENDPOINTS, Endpoint};
use entrepot_server::iam::{Action, Needs};
use entrepot_server::openapi;
use serde_json::Value;

use super::{read, root};

const METHODS: [&str; 4] = ["get", "post", "put", "delete"];

fn description() -> Value {
    serde_json::from_str(&openapi::json()).unwrap()
}

/// `GET /path` of every operation described.
fn described() -> BTreeSet<String> {
    let description = description();
    let paths = description["paths"].as_object().unwrap();
    let all = paths.iter().flat_map(|(path, item)| {
        let methods = METHODS.iter().filter(|method| item.get(**method).is_some());
        methods.map(move |method| format!("{method} {path}"))
    });
    all.collect()
}

/// The same of every line of the router.
fn routed() -> BTreeSet<String> {
    let router = read("crates/server/src/router.rs");
    let mut all = BTreeSet::new();
    for route in router.split(".route(").skip(1) {
        let path = route.split('"').nth(1).unwrap();
        let handlers = route.split(".layer(").next().unwrap();
        for method in METHODS {
            let calls = [
                format!(" {method}("),
                format!(".{method}("),
                format!("\n{method}("),
            ];
            if calls.iter().any(|call| handlers.contains(call)) {
                all.insert(format!("{method} {path}"));
            }
        }
    }
    all
}

#[test]
fn every_route_is_described_and_everything_described_is_routed() {
    assert!(routed().len() > 15);
    assert_eq!(routed(), described());
}

/// The same of the table of what endpoints need.
fn tabled() -> BTreeSet<String> {
    let all = ENDPOINTS.iter();
    all.map(|e| format!("{} {}", e.method.to_lowercase(), e.path))
        .collect()
}

#[test]
fn every_endpoint_says_what_it_needs() {
    assert_eq!(tabled().len(), ENDPOINTS.len(), "a line is there twice");
    let (routed, tabled) = (routed(), tabled());
    let odd: Vec<_> = routed.symmetric_difference(&tabled).collect();
    assert!(
        odd.is_empty(),
        "only in the router or only in the table: {odd:?}"
    );
}

#[test]
fn calls_of_the_families_need_a_permission_or_say_why_not() {
    let without = ["POST /v3/auth/tokens", "GET /v3"];
    for endpoint in ENDPOINTS {
        let name = format!("{} {}", endpoint.method, endpoint.path);
        let of_family = ["/v1/", "/v2/", "/v3"]
            .iter()
            .any(|f| endpoint.path.starts_with(f));
        if of_family && !without.contains(&name.as_str()) {
            let needs = endpoint.needs;
            assert!(
                needs.action().is_some() || needs == Needs::Batch,
                "{name}: {needs:?}"
            );
        }
    }
}

#[test]
fn every_action_is_needed_somewhere() {
    for action in Action::ALL {
        let needed = ENDPOINTS.iter().any(|e| e.needs.action() == Some(*action));
        // what only a batch does
        assert!(needed || *action == Action::AssetShare, "{action:?}");
    }
}

#[test]
fn the_permissions_in_the_documents_are_the_tables() {
    let mut table = String::from("| call | needs |\n|---|---|\n");
    for endpoint in ENDPOINTS {
        let Endpoint {
            method,
            path,
            needs,
        } = endpoint;
        writeln!(table, "| `{method} {path}` | {} |", needs.text()).unwrap();
    }
    let (begin, end) = (
        "<!-- permissions: made by a test -->\n",
        "<!-- end of permissions -->",
    );
    let path = root().join("docs/API.md");
    let text = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = text.split_once(begin).expect("docs/API.md has the mark");
    let (kept, after) = rest
        .split_once(end)
        .expect("docs/API.md has the mark of the end");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, format!("{before}{begin}{table}{end}{after}")).unwrap();
        return;
    }
    assert!(
        kept == table,
        "docs/API.md is out of date: run `UPDATE=1 cargo test -p entrepot-server --test it openapi`"
    );
}

#[test]
fn the_file_in_the_repository_is_current() {
    let path = root().join("openapi.json");
    let current = openapi::json();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &current).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == current,
        "openapi.json is out of date: run `UPDATE=1 cargo test -p entrepot-server --test it openapi`"
    );
}
