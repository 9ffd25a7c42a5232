//! Calls that came to nothing.

use entrepot_server::audit::{Filter, Outcome};
use entrepot_server::iam::bootstrap::Credentials;
use serde_json::json;

use crate::harness::{Answer, Library, Regions};

async fn delete_by(library: &Library, asset: &str, who: &Credentials) -> Answer {
    let path = format!("digital-assets/{asset}");
    library.call("DELETE", &path).by(who).send().await
}

#[tokio::test]
async fn a_call_without_permission_is_refused_and_says_so() {
    let library = Library::start().await;
    let asset = library.create_asset("IMAGE").await;
    let user = library.user("nobody").await;
    let answer = delete_by(&library, &asset, &user).await;
    assert_eq!(answer.code(), "403 MSS.00024001");
    let events = library.events_of(&answer).await;
    assert_eq!(events.len(), 1);
    let event = &events[0];
    assert_eq!(event.outcome, Outcome::Refused);
    assert_eq!(event.action, "metastudio:asset:delete");
    assert_eq!(event.resource, format!("asset/{asset}"));
    assert_eq!(event.user_name.as_deref(), Some("nobody"));
    assert_eq!(event.access_key.as_ref(), Some(&user.access_key));
    assert_eq!(event.detail["error_code"], "MSS.00024001");
    let project = event.project_id.as_ref().unwrap();
    assert_eq!(project.as_str(), library.owner.project_id);
}

#[tokio::test]
async fn what_the_body_names_is_known_of_a_refusal_too() {
    let library = Library::start().await;
    let asset = library.create_asset("IMAGE").await;
    let user = library.user("nobody").await;
    let body = library.file_body(&asset, "MAIN", b"1").await;
    let file = library.call("POST", "files").by(&user).json(&body);
    let event = library.events_of(&file.send().await).await.remove(0);
    assert_eq!(event.resource, format!("asset/{asset}"));
    let body = json!({"action": "RESTORE", "asset_ids": [asset]});
    let batch = library
        .call("POST", "digital-assets/batch-action")
        .by(&user);
    let event = library
        .events_of(&batch.json(&body).send().await)
        .await
        .remove(0);
    assert_eq!(event.action, "metastudio:asset:restore");
    assert_eq!(event.outcome, Outcome::Refused);
}

#[tokio::test]
async fn a_call_that_fails_says_why_and_on_one_line() {
    let library = Library::start().await;
    let body = json!({"asset_name": "n", "asset_type": "x\ny".repeat(300)});
    let answer = library.post("digital-assets", &body).await;
    assert_eq!(answer.status, 400);
    let event = library.events_of(&answer).await.remove(0);
    assert_eq!(event.outcome, Outcome::Failed);
    let sentence = event.detail["error_msg"].as_str().unwrap();
    assert!(sentence.chars().count() <= 256 && !sentence.contains('\n'));
    let strange = library.delete("digital-assets/a%00b%0Ac").await;
    assert_eq!(strange.status, 400);
    let event = library.events_of(&strange).await.remove(0);
    assert_eq!(event.resource, "asset/abc");
}

#[tokio::test]
async fn a_stranger_s_attempt_is_not_shown_in_the_project() {
    let library = Library::start().await;
    let asset = library.create_asset("IMAGE").await;
    let stranger = library.stranger().await;
    let answer = delete_by(&library, &asset, &stranger).await;
    assert_eq!(answer.code(), "400 MSS.00010009");
    let event = library.events_of(&answer).await.remove(0);
    assert_eq!(event.outcome, Outcome::Refused);
    assert_eq!(event.project_id, None);
}

#[tokio::test]
async fn who_is_not_known_and_what_only_looks_leaves_no_row() {
    let library = Library::start().await;
    let before = library.events(Filter::default()).await.len();
    let user = library.user("nobody").await;
    let post = || library.call("POST", "digital-assets");
    assert_eq!(post().anonymous().send().await.status, 401);
    let forged = Credentials {
        secret_key: "wrong".into(),
        ..library.owner.clone()
    };
    assert_eq!(post().by(&forged).send().await.status, 401);
    let look = library.call("GET", "digital-assets").by(&user).send().await;
    assert_eq!(look.status, 403);
    let body = json!({"asset_ids": ["x"]});
    let summaries = library.call("POST", "digital-assets/summarys").by(&user);
    assert_eq!(summaries.json(&body).send().await.status, 403);
    assert_eq!(library.events(Filter::default()).await.len(), before);
}

#[tokio::test]
async fn a_ticket_that_is_refused_is_an_event_of_the_asset() {
    let regions = Regions::start().await;
    let asset = regions.a.ready_asset("IMAGE", b"1").await;
    let mut ticket = regions.ticket(&asset).await;
    ticket["asset_info"] = json!("bm90aGluZw==:bm90aGluZw==");
    let answer = regions.present(&ticket).await;
    assert_eq!(answer.status, 400);
    let events = regions.b.events_of(&answer).await;
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].outcome, Outcome::Refused);
    assert_eq!(events[0].action, "metastudio:asset:replicate");
    assert_eq!(events[0].resource, format!("asset/{asset}"));
    regions.stop().await;
}
