//! The description of the calls against the router, and against the file in the repository.

use std::collections::BTreeSet;

use entrepot_server::iam::Action;
use entrepot_server::openapi;
use serde_json::Value;

use super::{read, root};

const METHODS: [&str; 4] = ["get", "post", "put", "delete"];
/// Acts on assets by what its body says.
const BATCH: &str = "the action of what is done, for each asset";

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

#[test]
fn every_operation_names_the_action_it_needs() {
    let description = description();
    for (path, item) in description["paths"].as_object().unwrap() {
        let families = ["/v1/", "/v2/", "/v3/"];
        let needs_one = families.iter().any(|family| path.starts_with(family));
        if !needs_one || path == "/v3/auth/tokens" {
            continue;
        }
        for (method, operation) in item.as_object().unwrap() {
            let action = operation["x-action"].as_str().unwrap_or_default();
            let known = Action::ALL.iter().any(|known| known.name() == action);
            assert!(known || action == BATCH, "{method} {path}: {action:?}");
        }
    }
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
