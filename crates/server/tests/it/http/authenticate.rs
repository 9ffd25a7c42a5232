//! Signatures and tokens at the door, with the gateway's messages.

use crate::harness::{Library, MINUTE};

async fn line(library: &Library, headers: &[(&str, &str)]) -> String {
    let mut call = library.call("GET", "digital-assets").anonymous();
    for (name, value) in headers {
        call = call.header(name, value);
    }
    let answer = call.send().await;
    assert_eq!(answer.status, 401);
    let json = answer.json();
    assert_eq!(json["error_code"], "APIGW.0301");
    assert_eq!(json["request_id"], answer.header("x-request-id"));
    let message = json["error_msg"].as_str().unwrap();
    message
        .strip_prefix("Incorrect IAM authentication information: ")
        .unwrap()
        .to_owned()
}

#[tokio::test]
async fn what_is_missing_or_not_understood_is_said() {
    let library = Library::start().await;
    assert_eq!(line(&library, &[]).await, "x-auth-token not found");
    let token = line(&library, &[("x-auth-token", "nonsense")]).await;
    assert_eq!(token, "decrypt token fail");
    let empty = line(&library, &[("x-auth-token", "")]).await;
    assert_eq!(empty, "decrypt token fail");
    let basic = line(&library, &[("authorization", "Basic abc")]).await;
    assert!(
        basic.contains("only algorithm accepted is SDK-HMAC-SHA256"),
        "{basic}"
    );
    let undated = "SDK-HMAC-SHA256 Access=a, SignedHeaders=host, Signature=0";
    let undated = line(&library, &[("authorization", undated)]).await;
    assert!(
        undated.contains("X-Sdk-Date header must be sent and signed"),
        "{undated}"
    );
    let unknown = "SDK-HMAC-SHA256 Access=AKX, SignedHeaders=x-sdk-date, Signature=0";
    let date = "20270115T080000Z";
    let unknown = line(
        &library,
        &[("authorization", unknown), ("x-sdk-date", date)],
    )
    .await;
    assert_eq!(unknown, "Get secretKey failed,ak:AKX,err:ak not exist");
}

#[tokio::test]
async fn a_wrong_signature_shows_what_the_server_calculated_over() {
    let library = Library::start().await;
    let mut thief = library.owner.clone();
    thief.secret_key = "another".into();
    let answer = library
        .call("GET", "digital-assets?limit=5")
        .by(&thief)
        .send()
        .await;
    let project = &library.owner.project_id;
    let expected = format!(
        "verify aksk signature fail,canonicalRequest:GET|/v1/{project}/digital-assets/|limit=5|\
        host:library.test|x-sdk-date:20270115T080000Z||host;x-sdk-date|\
        e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    );
    assert!(answer.line().ends_with(&expected), "{}", answer.line());
}

#[tokio::test]
async fn a_clock_may_be_wrong_by_15_minutes() {
    let library = Library::start().await;
    let now = library.app.clock.now();
    for (at, good) in [
        (now.plus(15 * MINUTE), true),
        (now.minus(15 * MINUTE), true),
        (
            now.plus(15 * MINUTE + std::time::Duration::from_secs(1)),
            false,
        ),
        (
            now.minus(15 * MINUTE + std::time::Duration::from_secs(1)),
            false,
        ),
    ] {
        let answer = library.call("GET", "digital-assets").at(at).send().await;
        assert_eq!(answer.status == 200, good, "{}", answer.line());
    }
    let late = library
        .call("GET", "digital-assets")
        .at(now.minus(60 * MINUTE))
        .send()
        .await;
    let line = late.line();
    assert!(line.contains("signed at 2027-01-15T07:00:00Z"), "{line}");
    assert!(
        line.contains("server's time is 2027-01-15T08:00:00Z") && line.contains("15 minutes"),
        "{line}"
    );
}

#[tokio::test]
async fn a_signed_body_can_not_be_another() {
    let library = Library::start().await;
    let body = serde_json::json!({"asset_name": "n", "asset_type": "IMAGE"});
    let request = library.call("POST", "digital-assets").json(&body).request();
    let headers = request.headers().clone();
    let mut replayed = library.call("POST", "digital-assets").anonymous();
    for (name, value) in &headers {
        replayed = replayed.header(name.as_str(), value.to_str().unwrap());
    }
    let other = replayed
        .clone()
        .body(r#"{"asset_name":"m","asset_type":"IMAGE"}"#)
        .send()
        .await;
    assert_eq!(other.code(), "401 APIGW.0301");
    // with the same body it is the same request
    replayed.json(&body).send().await.ok();
    // a hash that is declared counts only if it is the body's
    let hash = entrepot_server::http::signature::payload_hash(b"something else");
    let declared = library
        .call("POST", "digital-assets")
        .json(&body)
        .header("x-sdk-content-sha256", &hash);
    assert_eq!(declared.send().await.code(), "401 APIGW.0301");
    let unsigned = library.call("POST", "digital-assets").json(&body);
    unsigned
        .header("x-sdk-content-sha256", "UNSIGNED-PAYLOAD")
        .send()
        .await
        .ok();
}

#[tokio::test]
async fn five_failures_in_a_row_lock_a_key_but_not_its_neighbour() {
    let library = Library::start().await;
    let stranger = library.stranger().await;
    let mut thief = library.owner.clone();
    thief.secret_key = "another".into();
    for _ in 0..5 {
        let refused = library
            .call("GET", "digital-assets")
            .by(&thief)
            .send()
            .await;
        assert!(refused.line().contains("verify aksk signature fail"));
    }
    let locked = library.get("digital-assets").await;
    insta::assert_snapshot!(locked.line(), @"401 APIGW.0301 Incorrect IAM authentication information: AK access failed to reach the limit,forbidden");
    let path = format!("/v1/{}/digital-assets", stranger.project_id);
    library.call("GET", &path).by(&stranger).send().await.ok();
}

#[tokio::test]
async fn a_body_over_12_mib_is_refused() {
    let library = Library::start().await;
    let largest = 12 * 1024 * 1024;
    let at_most = library
        .call("POST", "digital-assets")
        .body(vec![b' '; largest])
        .send()
        .await;
    assert_eq!(at_most.code(), "400 MSS.10000002");
    let larger = library
        .call("POST", "digital-assets")
        .body(vec![b' '; largest + 1])
        .send()
        .await;
    assert_eq!(larger.code(), "413 APIGW.0201");
}

#[tokio::test]
async fn paths_sign_decoded_and_queries_sorted() {
    let library = Library::start().await;
    for path in [
        "digital-assets/a%2Fb",
        "digital-assets/%E5%A4%8F",
        "digital-assets/a%20b",
    ] {
        assert_eq!(library.get(path).await.code(), "400 MSS.10001001", "{path}");
    }
    library
        .get("digital-assets?tag=b&name=a%20%2Bc&asset_id=2&asset_id=1")
        .await
        .ok();
}
