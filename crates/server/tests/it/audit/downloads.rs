//! Bytes that are handed out.

use entrepot_server::audit::{Event, Filter};
use serde_json::json;

use crate::harness::{Library, Regions};

async fn downloads(library: &Library) -> Vec<Event> {
    let filter = Filter {
        action: Some("entrepot:object:get".into()),
        ..Filter::default()
    };
    library.events(filter).await
}

async fn a_url(library: &Library) -> (String, String) {
    let asset = library.create_asset("IMAGE").await;
    let file = library.upload(&asset, "MAIN", b"0123456789").await;
    let url = library.download_url(&asset, &file).await.unwrap();
    (file, url)
}

#[tokio::test]
async fn each_get_is_an_event_and_a_range_says_so() {
    let library = Library::start().await;
    let (file, url) = a_url(&library).await;
    let whole = library.fetch(&url).await;
    assert_eq!(whole.status, 200);
    let part = library.object("GET", &url).header("range", "bytes=2-4");
    let part = part.send().await;
    assert_eq!(part.status, 206);
    let event = library.events_of(&whole).await.remove(0);
    assert_eq!(event.resource, format!("file/{file}"));
    assert_eq!(event.detail["bytes"], 10);
    assert_eq!(event.detail["range"], json!(null));
    assert_eq!(event.project_id.unwrap().as_str(), library.owner.project_id);
    let event = library.events_of(&part).await.remove(0);
    assert_eq!(event.detail["bytes"], 3);
    assert_eq!(event.detail["range"], "bytes=2-4");
    assert_eq!(downloads(&library).await.len(), 2);
}

#[tokio::test]
async fn what_sends_no_bytes_is_no_event() {
    let library = Library::start().await;
    let (_, url) = a_url(&library).await;
    let head = library.object("HEAD", &url).send().await;
    assert_eq!(head.status, 200);
    let etag = head.header("etag").to_owned();
    let known = library.object("GET", &url).header("if-none-match", &etag);
    assert_eq!(known.send().await.status, 304);
    let beyond = library.object("GET", &url).header("range", "bytes=10-");
    assert_eq!(beyond.send().await.status, 416);
    assert_eq!(library.fetch(&format!("{url}0")).await.status, 403);
    assert!(downloads(&library).await.is_empty());
}

#[tokio::test]
async fn a_setting_leaves_downloads_out_and_nothing_else() {
    let library = Library::with(|setup| setup.config.audit_downloads = false).await;
    let (_, url) = a_url(&library).await;
    assert_eq!(library.fetch(&url).await.status, 200);
    assert!(downloads(&library).await.is_empty());
    assert!(!library.events(Filter::default()).await.is_empty());
}

#[tokio::test]
async fn it_says_from_where() {
    let library = Library::start().await;
    let (_, url) = a_url(&library).await;
    let path = url.strip_prefix(crate::harness::ENDPOINT).unwrap();
    let served = library.serve().await;
    let request = format!("GET {path} HTTP/1.1\r\nhost: library.test\r\nconnection: close\r\n\r\n");
    let answer = served.exchange(request.as_bytes()).await;
    assert!(answer.ends_with("0123456789"), "{answer}");
    served.stop().await;
    let events = downloads(&library).await;
    assert_eq!(events[0].address.as_deref(), Some("127.0.0.1"));
    assert!(answer.contains(events[0].request_id.as_ref().unwrap()));
}

#[tokio::test]
async fn what_a_peer_fetches_is_an_event_at_the_source() {
    let regions = Regions::start().await;
    let asset = regions.a.ready_asset("IMAGE", b"some bytes").await;
    regions.copy(&asset).await;
    assert_eq!(regions.copy_state(&asset).await, "DONE");
    let events = regions.a.events(Filter::default()).await;
    let find = |action: &str| events.iter().find(|event| event.action == action);
    let manifest = find("entrepot:ticket:serve").unwrap();
    assert_eq!(manifest.resource, format!("asset/{asset}"));
    let file = find("entrepot:peer:file").unwrap();
    assert_eq!(file.detail["peer"], "b");
    assert_eq!(file.detail["to"], 10);
    assert!(file.address.is_some() && file.request_id.is_some());
    regions.stop().await;
}
