//! Calls at two nodes while a third process rotates again and again: none is refused.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use entrepot_server::vault;
use serde_json::json;

use super::{add_key, call_with, key_file, left_behind};
use crate::harness::{Library, Node};

const ROTATIONS: usize = 4;
/// Rounds of calls under each of them.
const ROUNDS: usize = 5;
const KEYS: usize = 30;

/// Signed calls with keys that are seldom remembered, secrets that are set and asked for, links of
/// one node that the other one serves.
async fn call_round(library: &Library, nodes: [&Node; 2], n: usize, worker: usize, app: &str) {
    let [here, there] = nodes;
    let key = format!("KEY{}", n % KEYS);
    assert_eq!(call_with(library, here, &key).await, 200, "{key}");
    let path = library.apps(&format!("/{app}/secret"));
    let body = json!({ "secret": format!("secret-{worker}-{n}") });
    let set = here.send(library.call("PUT", &path).json(&body)).await;
    assert_eq!(set.status, 200, "{}", set.line());
    let asked = there.send(library.call("GET", &path)).await;
    assert_eq!(asked.ok()["secret"], body["secret"]);
    let (asset, late) = (format!("late{worker}x{n}"), format!("LATE{worker}X{n}"));
    add_key(library, &here.app, &late).await;
    assert_eq!(call_with(library, there, &late).await, 200, "{asset}");
}

async fn fetch_round(library: &Library, [here, there]: [&Node; 2], asset: &str) {
    let shown = here
        .send(library.call("GET", &format!("digital-assets/{asset}")))
        .await;
    let url = shown.ok()["files"][0]["download_url"]
        .as_str()
        .unwrap()
        .to_owned();
    let fetched = there.send(library.object("GET", &url)).await;
    assert_eq!(fetched.status, 200, "{}", fetched.line());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_is_refused_while_keys_are_replaced() {
    let library = Arc::new(Library::start().await);
    for n in 0..KEYS {
        add_key(&library, &library.app, &format!("KEY{n}")).await;
    }
    let asset = library.ready_asset("IMAGE", b"x").await;
    let done = Arc::new(AtomicBool::new(false));
    let rounds = Arc::new(AtomicUsize::new(0));
    let mut workers = Vec::new();
    for worker in 0..4 {
        let app = library.create_app(&format!("app {worker}")).await;
        let (library, done, rounds) = (library.clone(), done.clone(), rounds.clone());
        let (asset, node) = (asset.clone(), library.node().await);
        let kept = tokio::spawn(node.app.vault.clone().keep_fresh());
        workers.push(tokio::spawn(async move {
            let own = library.this_node();
            for n in 0.. {
                let nodes = if n % 2 == 0 {
                    [&own, &node]
                } else {
                    [&node, &own]
                };
                call_round(&library, nodes, n, worker, &app).await;
                fetch_round(&library, nodes, &asset).await;
                rounds.fetch_add(1, Ordering::SeqCst);
                if done.load(Ordering::SeqCst) {
                    break;
                }
            }
            kept.abort();
        }));
    }
    for _ in 0..ROTATIONS {
        // an administrator's process
        let command = library.node().await;
        vault::rotate(&command.app, None).await.unwrap();
        let before = rounds.load(Ordering::SeqCst);
        while rounds.load(Ordering::SeqCst) < before + ROUNDS
            && !workers.iter().any(tokio::task::JoinHandle::is_finished)
        {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        vault::finish(&command.app).await.unwrap();
    }
    done.store(true, Ordering::SeqCst);
    for worker in workers {
        worker.await.unwrap();
    }
    assert!(rounds.load(Ordering::SeqCst) >= ROUNDS * ROTATIONS);
    vault::tidy(&library.app).await.unwrap();
    assert_eq!(left_behind(&library).await, 0);
    let again = library.node_with_key(&key_file(&library)).await;
    assert_eq!(call_with(&library, &again, "KEY0").await, 200);
}
