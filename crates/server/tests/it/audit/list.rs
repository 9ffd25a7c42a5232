//! `GET /v1/{project_id}/entrepot/audit`

use serde_json::{Value, json};

use crate::harness::{Library, MINUTE};

async fn list(library: &Library, query: &str) -> Vec<Value> {
    library.app.audit.flush().await.unwrap();
    let listed = library.get(&format!("entrepot/audit{query}")).await.ok();
    listed["events"].as_array().unwrap().clone()
}

fn texts(events: &[Value], field: &str) -> Vec<String> {
    let all = events.iter().map(|event| event[field].as_str());
    all.map(|text| text.unwrap_or("-").to_owned()).collect()
}

#[tokio::test]
async fn the_newest_comes_first_with_every_field() {
    let library = Library::start().await;
    let first = library.create_asset("IMAGE").await;
    library.pass(MINUTE);
    let second = library.create_asset("IMAGE").await;
    let events = list(&library, "").await;
    let expected = [format!("asset/{second}"), format!("asset/{first}")];
    assert_eq!(texts(&events, "resource"), expected);
    let event = events[0].as_object().unwrap();
    let fields = [
        "access_key",
        "action",
        "address",
        "at",
        "detail",
        "event_id",
        "outcome",
        "project_id",
        "request_id",
        "resource",
        "user_id",
        "user_name",
    ];
    assert_eq!(event.keys().collect::<Vec<_>>(), fields);
    assert_eq!(event["address"], Value::Null);
    assert_eq!(event["detail"], json!({}));
}

#[tokio::test]
async fn filters_narrow_it_down() {
    let library = Library::start().await;
    let asset = library.create_asset("IMAGE").await;
    let user = library.user("nobody").await;
    let refused = library.call("DELETE", &format!("digital-assets/{asset}"));
    assert_eq!(refused.by(&user).send().await.status, 403);
    library.pass(MINUTE);
    let before = library.app.clock.now().rfc3339();
    library.delete_asset(&asset).await;
    let owner = &library.owner;
    for (query, outcomes) in [
        ("action=metastudio:asset:delete".to_owned(), "DONE REFUSED"),
        ("action=metastudio:asset".into(), "DONE REFUSED DONE"),
        ("action=metastudio:ass".into(), ""),
        ("action=metastudio:asset:%25".into(), ""),
        (format!("resource=asset/{asset}&outcome=DONE"), "DONE DONE"),
        ("resource=asset/other".into(), ""),
        ("user_name=nobody".into(), "REFUSED"),
        (format!("user_id={}", owner.user_id), "DONE DONE"),
        (format!("access_key={}", user.access_key), "REFUSED"),
        (format!("since={before}"), "DONE"),
        (format!("until={before}"), "REFUSED DONE"),
        (format!("since={before}&until={before}"), ""),
        ("limit=1".into(), "DONE"),
    ] {
        let events = list(&library, &format!("?{query}")).await;
        assert_eq!(texts(&events, "outcome").join(" "), outcomes, "{query}");
    }
}

#[tokio::test]
async fn a_page_goes_on_where_the_last_one_ended() {
    let library = Library::start().await;
    for _ in 0..5 {
        // all at the same time
        library.create_asset("IMAGE").await;
    }
    let all = texts(&list(&library, "").await, "event_id");
    let (mut paged, mut marker) = (Vec::new(), String::new());
    loop {
        let path = format!("entrepot/audit?limit=2{marker}");
        let page = library.get(&path).await.ok();
        paged.extend(texts(page["events"].as_array().unwrap(), "event_id"));
        // what comes meanwhile is not in the pages that follow
        library.create_asset("IMAGE").await;
        match page["next_marker"].as_str() {
            Some(next) => marker = format!("&marker={next}"),
            None => break,
        }
    }
    assert_eq!(paged, all);
}

#[tokio::test]
async fn what_is_not_right_is_told() {
    let library = Library::start().await;
    for query in [
        "limit=0",
        "limit=1001",
        "outcome=done",
        "since=yesterday",
        "until=1",
        "marker=unknown",
        "action=",
        "actoin=x",
        "limit=1&limit=2",
    ] {
        let answer = library.get(&format!("entrepot/audit?{query}")).await;
        assert_eq!(answer.code(), "400 MSS.00000003", "{query}");
        let name = query.split('=').next().unwrap();
        assert!(answer.line().contains(name), "{}", answer.line());
    }
}

#[tokio::test]
async fn a_project_sees_its_own_events_only() {
    let library = Library::start().await;
    library.create_asset("IMAGE").await;
    let stranger = library.stranger().await;
    let foreign = library.get("entrepot/audit").await.ok();
    let marker = foreign["events"][0]["event_id"].as_str().unwrap();
    let own = format!("/v1/{}/entrepot/audit", stranger.project_id);
    let answer = library.call("GET", &own).by(&stranger).send().await;
    assert_eq!(answer.ok(), json!({"events": []}));
    let path = format!("{own}?marker={marker}");
    let answer = library.call("GET", &path).by(&stranger).send().await;
    assert_eq!(answer.status, 400);
    let other = library.call("GET", "entrepot/audit").by(&stranger);
    assert_eq!(other.send().await.code(), "400 MSS.00010009");
}

#[tokio::test]
async fn it_needs_its_own_permission() {
    let library = Library::start().await;
    let user = library.user("nobody").await;
    let call = || library.call("GET", "entrepot/audit").by(&user);
    assert_eq!(call().send().await.code(), "403 MSS.00024001");
    let may = json!([{"Effect": "Allow", "Action": ["entrepot:audit:list"]}]);
    let auditor = library.user_who_may("auditor", may).await;
    let answer = library.call("GET", "entrepot/audit").by(&auditor);
    assert_eq!(answer.send().await.status, 200);
}
