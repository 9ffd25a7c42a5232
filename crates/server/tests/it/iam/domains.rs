//! `GET /v3/auth/domains`

use crate::harness::Library;

#[tokio::test]
async fn each_caller_sees_their_own_account() {
    let library = Library::start().await;
    let stranger = library.stranger().await;
    for caller in [&library.owner, &stranger] {
        let answer = library
            .call("GET", "/v3/auth/domains")
            .by(caller)
            .send()
            .await
            .ok();
        let domains = answer["domains"].as_array().unwrap();
        assert_eq!(domains.len(), 1);
        assert_eq!(domains[0]["id"], caller.domain_id.as_str());
        assert_eq!(domains[0]["name"], caller.domain_name.as_str());
    }
    let nobody = library
        .call("GET", "/v3/auth/domains")
        .anonymous()
        .send()
        .await;
    assert_eq!(nobody.code(), "401 APIGW.0301");
}
