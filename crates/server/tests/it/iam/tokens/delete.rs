//! `DELETE /v3/auth/tokens`

use crate::harness::Library;

#[tokio::test]
async fn a_revoked_token_is_worth_nothing() {
    let library = Library::start().await;
    let token = library.create_token().await;
    let revoke = || {
        let call = library.call("DELETE", "/v3/auth/tokens");
        call.header("x-subject-token", &token).send()
    };
    assert_eq!(revoke().await.status, 204);
    let call = library.call("GET", "digital-assets").token(&token);
    let refused = call.send().await;
    assert!(refused.line().ends_with("decrypt token fail"));
    assert_eq!(revoke().await.code(), "404 Not Found");
    let missing = library.delete("/v3/auth/tokens").await;
    assert_eq!(missing.code(), "400 Bad Request");
}

#[tokio::test]
async fn a_token_can_revoke_itself_and_none_of_others() {
    let library = Library::start().await;
    let (one, two) = (library.user("one").await, library.user("two").await);
    let token = library.create_token_of(&one).await;
    let revoke = || {
        let call = library.call("DELETE", "/v3/auth/tokens");
        call.header("x-subject-token", &token)
    };
    assert_eq!(revoke().by(&two).send().await.code(), "403 Forbidden");
    let stranger = library.stranger().await;
    assert_eq!(revoke().by(&stranger).send().await.code(), "404 Not Found");
    assert_eq!(revoke().token(&token).send().await.status, 204);
    library.forget().await;
    let call = library.call("GET", "digital-assets").token(&token);
    assert_eq!(call.send().await.code(), "401 APIGW.0301");
}
