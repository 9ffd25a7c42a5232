//! `POST /v3/auth/tokens` by the method `token`: another scope, and the same end.

use entrepot_server::iam::administer::{projects, users};
use serde_json::{Value, json};

use crate::harness::{Answer, HOUR, Library};

async fn exchange(library: &Library, token: &str, scope: &Value) -> Answer {
    let identity = json!({"methods": ["token"], "token": {"id": token}});
    let body = json!({"auth": {"identity": identity, "scope": scope}});
    library.ask_for_token(&body).await
}

#[tokio::test]
async fn a_token_is_exchanged_for_another_scope_and_ends_when_it_does() {
    let library = Library::start().await;
    let second = projects::create(&library.app, "second", "").await.unwrap();
    let token = library.create_token().await;
    library.pass(HOUR);
    let scope = json!({"project": {"name": "second"}});
    let answer = exchange(&library, &token, &scope).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    let body = answer.json();
    assert_eq!(body["token"]["methods"], json!(["token", "password"]));
    assert_eq!(body["token"]["project"]["id"], second.project_id.as_str());
    assert_eq!(body["token"]["issued_at"], "2027-01-15T09:00:00.000000Z");
    assert_eq!(body["token"]["expires_at"], "2027-01-16T08:00:00.000000Z");
    let fresh = answer.header("x-subject-token").to_owned();
    let path = format!("/v1/{}/digital-assets", second.project_id);
    let call = || library.call("GET", &path).token(&fresh).send();
    assert_eq!(call().await.status, 200);
    // an exchange of what was exchanged does not make it last either
    let again = exchange(&library, &fresh, &json!({"domain": {"name": "entrepot"}})).await;
    let again = again.json();
    assert_eq!(again["token"]["methods"], json!(["token", "password"]));
    assert_eq!(again["token"]["expires_at"], "2027-01-16T08:00:00.000000Z");
    library.pass(23 * HOUR);
    assert_eq!(call().await.code(), "401 APIGW.0301");
    let late = exchange(&library, &fresh, &Value::Null).await;
    insta::assert_snapshot!(late.text(), @r#"{"error":{"code":401,"message":"The token is unknown or has expired.","title":"Unauthorized"}}"#);
}

#[tokio::test]
async fn a_token_goes_no_further_than_its_user() {
    let library = Library::start().await;
    let stranger = library.stranger().await;
    projects::create(&library.app, "second", "").await.unwrap();
    let user = library.user("u").await;
    let token = library.create_token_of(&user).await;
    for scope in [
        json!({"project": {"name": "second"}}),
        json!({"project": {"id": stranger.project_id}}),
        json!({"domain": {"id": stranger.domain_id}}),
    ] {
        let answer = exchange(&library, &token, &scope).await;
        assert_eq!(answer.status, 400, "{scope}: {}", answer.text());
    }
    assert_eq!(exchange(&library, "x", &Value::Null).await.status, 401);
    assert_eq!(exchange(&library, "", &Value::Null).await.status, 401);
    let change = users::Change {
        enabled: Some(false),
        ..users::Change::default()
    };
    users::update(&library.app, "u", change).await.unwrap();
    assert_eq!(exchange(&library, &token, &Value::Null).await.status, 401);
}
