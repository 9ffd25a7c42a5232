//! What calls that did something leave. That each leaves something, the harness holds in every test.

use entrepot_server::audit::{Event, Filter, Outcome};
use serde_json::json;

use crate::harness::{Answer, Library};

/// The only event of an answer's request.
async fn only(library: &Library, answer: &Answer) -> Event {
    let mut events = library.events_of(answer).await;
    assert_eq!(events.len(), 1, "{events:#?}");
    events.remove(0)
}

#[tokio::test]
async fn an_event_says_who_did_what_when_and_by_which_key() {
    let library = Library::start().await;
    let body = json!({"asset_name": "an asset", "asset_type": "IMAGE"});
    let created = library.post("digital-assets", &body).await;
    let id = created.ok()["asset_id"].as_str().unwrap().to_owned();
    let event = only(&library, &created).await;
    let owner = &library.owner;
    assert_eq!(event.at, library.app.clock.now());
    assert_eq!(event.action, "metastudio:asset:create");
    assert_eq!(event.resource, format!("asset/{id}"));
    assert_eq!(event.outcome, Outcome::Done);
    assert_eq!(event.project_id.unwrap().as_str(), owner.project_id);
    assert_eq!(event.user_id.as_ref(), Some(&owner.user_id));
    assert_eq!(event.user_name.as_deref(), Some("owner"));
    assert_eq!(event.access_key.as_ref(), Some(&owner.access_key));
    assert_eq!(event.request_id.unwrap(), created.header("x-request-id"));
}

#[tokio::test]
async fn steps_of_an_asset_and_its_files_are_told_apart() {
    let library = Library::start().await;
    let asset = library.create_asset("IMAGE").await;
    let upload = library.declare(&asset, "MAIN", b"bytes").await;
    let sent = library.send(&upload, b"bytes").await;
    let event = only(&library, &sent).await;
    assert_eq!(event.action, "entrepot:object:put");
    assert_eq!(event.resource, format!("file/{}", upload.file));
    assert_eq!(event.user_id, None);
    assert_eq!(event.detail, json!({"asset_id": asset, "bytes": 5}));
    let completed = library.complete(&upload.file, "CREATED").await;
    let event = only(&library, &completed).await;
    assert_eq!(event.action, "metastudio:file:confirm");
    assert_eq!(event.detail["state"], "CREATED");
    let activated = library.set_state(&asset, "ACTIVED").await;
    let event = only(&library, &activated).await;
    assert_eq!(event.detail, json!({"asset_state": "ACTIVED"}));
    let deleted = library.delete_asset(&asset).await;
    let event = only(&library, &deleted).await;
    assert_eq!(event.action, "metastudio:asset:delete");
    assert_eq!(event.detail, json!({"for_good": false}));
    let restored = library.restore(&asset).await;
    assert_eq!(
        only(&library, &restored).await.action,
        "metastudio:asset:restore"
    );
}

#[tokio::test]
async fn a_batch_leaves_an_event_for_each_asset() {
    let library = Library::start().await;
    let mut assets = Vec::new();
    for _ in 0..3 {
        assets.push(library.create_asset("IMAGE").await);
    }
    let unknown = "0".repeat(32);
    let ids = [&assets[0], &assets[1], &assets[2], &unknown].map(String::as_str);
    let answer = library.batch("DELETE", &ids).await;
    let events = library.events_of(&answer).await;
    assert_eq!(events.len(), 4);
    for event in &events {
        assert_eq!(event.action, "metastudio:asset:delete");
        let known = event.resource != format!("asset/{unknown}");
        let expected = if known {
            Outcome::Done
        } else {
            Outcome::Failed
        };
        assert_eq!(event.outcome, expected, "{}", event.resource);
    }
    let failed = events.iter().find(|e| e.outcome == Outcome::Failed);
    assert!(failed.unwrap().detail["error_code"].is_string());
}

#[tokio::test]
async fn a_secret_is_in_no_event() {
    let library = Library::start().await;
    let app = library.create_app("an application").await;
    let path = library.apps(&format!("/{app}/secret"));
    let shown = library.get(&path).await;
    let event = only(&library, &shown).await;
    assert_eq!(event.resource, format!("application/{app}"));
    assert_eq!(event.detail, json!({"secret": "show"}));
    let secret = "Secret-0123456789-abcdefghijklmnopqrstuvwx";
    library.put(&path, &json!({ "secret": secret })).await;
    library
        .call("PUT", &path)
        .body(format!("{{\"secret\": [\"{secret}\"]}}"))
        .send()
        .await;
    library.call("PUT", &path).body(secret).send().await;
    for event in library.events(Filter::default()).await {
        assert!(!event.detail.to_string().contains(secret), "{event:?}");
        let shown = shown.ok()["secret"].as_str().unwrap().to_owned();
        assert!(!event.detail.to_string().contains(&shown), "{event:?}");
    }
}

#[tokio::test]
async fn a_package_is_told_of_when_it_begins_and_when_it_has_arrived() {
    let library = Library::start().await;
    let package = library.package(1000).await;
    let answer = library.download(&package).send().await;
    assert_eq!(answer.status, 200);
    library.this_node().quiet().await;
    let events = library.events_of(&answer).await;
    let told: Vec<_> = events
        .iter()
        .map(|e| (e.action.as_str(), e.outcome))
        .collect();
    let expected = [
        ("roma:assets:get", Outcome::Done),
        ("entrepot:archive:deliver", Outcome::Done),
    ];
    assert_eq!(told, expected);
    assert!(
        events
            .iter()
            .all(|e| e.user_name.as_deref() == Some("owner"))
    );
    assert_eq!(events[1].detail["archive_state"], "CONSUMED");
    assert_eq!(events[1].detail["sent"], json!(package.bytes.len()));
    let again = library.download(&package).send().await;
    let event = only(&library, &again).await;
    assert_eq!(event.outcome, Outcome::Failed);
    assert_eq!(event.detail["error_code"], "ROMA.19002");
}

#[tokio::test]
async fn what_the_administrator_and_the_server_do_is_an_event_too() {
    let library = Library::start().await;
    let asset = library.ready_asset("IMAGE", b"1").await;
    assert!(library.block(&asset).await);
    assert!(library.unblock(&asset).await);
    library.delete_asset(&asset).await;
    library.pass(crate::harness::DAY * 8);
    library.sweep().await;
    let filter = Filter {
        resource: Some(format!("asset/{asset}")),
        action: Some("entrepot".into()),
        ..Filter::default()
    };
    let events = library.events(filter).await;
    let mut actions: Vec<_> = events.iter().map(|e| e.action.as_str()).collect();
    actions.sort_unstable();
    let expected = [
        "entrepot:admin:asset-block",
        "entrepot:admin:asset-unblock",
        "entrepot:asset:purge",
    ];
    assert_eq!(actions, expected);
    assert!(events.iter().all(|event| event.user_name.is_none()));
}
