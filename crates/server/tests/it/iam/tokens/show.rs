//! `GET` and `HEAD /v3/auth/tokens`

use serde_json::{Value, json};

use crate::harness::{Call, DAY, Library};

fn look<'a>(library: &'a Library, method: &str, subject: &str) -> Call<'a> {
    let call = library.call(method, "/v3/auth/tokens");
    call.header("x-subject-token", subject)
}

#[tokio::test]
async fn a_token_is_shown_as_it_was_made() {
    let library = Library::start().await;
    let mut body = library.password_body();
    body["auth"]["scope"] = json!({"project": {"name": "local-1"}});
    let made = library.ask_for_token(&body).await;
    let token = made.header("x-subject-token");
    let shown = look(&library, "GET", token).token(token).send().await;
    assert_eq!(shown.ok(), made.json());
    assert_eq!(shown.header("x-subject-token"), token);
    // by a signature too, and without the catalog
    let path = "/v3/auth/tokens?nocatalog=1";
    let signed = look(&library, "GET", token).at_path(path).send().await;
    assert_eq!(signed.ok()["token"]["catalog"], json!([]));
    let head = look(&library, "HEAD", token).token(token).send().await;
    assert_eq!((head.status, head.body.len()), (200, 0));
    assert_eq!(head.header("x-subject-token"), token);
}

#[tokio::test]
async fn what_is_unknown_expired_or_foreign_is_not_found() {
    let library = Library::start().await;
    let stranger = library.stranger().await;
    let token = library.create_token().await;
    let foreign = look(&library, "GET", &token).by(&stranger).send().await;
    insta::assert_snapshot!(foreign.text(), @r#"{"error":{"code":404,"message":"Could not find the token: it is unknown, has expired, or is not of this account.","title":"Not Found"}}"#);
    let unknown = look(&library, "GET", "x").send().await;
    assert_eq!(unknown.text(), foreign.text());
    let missing = library.get("/v3/auth/tokens").await;
    assert_eq!(missing.code(), "400 Bad Request");
    let nobody = look(&library, "GET", &token).anonymous().send().await;
    assert_eq!(nobody.code(), "401 APIGW.0301");
    library.pass(DAY);
    let expired = look(&library, "GET", &token).send().await;
    assert_eq!(expired.text(), foreign.text());
}

#[tokio::test]
async fn another_user_s_token_needs_a_permission() {
    let library = Library::start().await;
    let may = json!([{"Effect": "Allow", "Action": ["iam:tokens:get"]}]);
    let (plain, admin) = (
        library.user("plain").await,
        library.user_who_may("admin", may).await,
    );
    let token = library.create_token_of(&plain).await;
    let theirs = library.create_token_of(&admin).await;
    look(&library, "GET", &token).by(&plain).send().await.ok();
    look(&library, "GET", &token).by(&admin).send().await.ok();
    let refused = look(&library, "GET", &theirs).by(&plain).send().await;
    assert_eq!(refused.code(), "403 Forbidden", "{}", refused.text());
    assert!(refused.text().contains("iam:tokens:get"));
    assert_ne!(refused.json(), Value::Null);
}
