//! `POST /v3.0/OS-CREDENTIAL/securitytokens`

use entrepot_server::iam::bootstrap::Credentials;
use serde_json::{Value, json};
use std::time::Duration;

use crate::harness::{Answer, Call, DAY, HOUR, Library, MINUTE};

const PATH: &str = "/v3.0/OS-CREDENTIAL/securitytokens";

fn body(token: &Value, policy: Value) -> Value {
    let mut identity = json!({"methods": ["token"], "token": token});
    if !policy.is_null() {
        identity["policy"] = policy;
    }
    json!({"auth": {"identity": identity}})
}

async fn ask(library: &Library, token: &str, body: &Value) -> Answer {
    library
        .call("POST", PATH)
        .token(token)
        .json(body)
        .send()
        .await
}

/// Somebody who signs with a temporary key.
struct Temporary {
    credentials: Credentials,
    security_token: String,
}

impl Temporary {
    fn new(user: &Credentials, answer: &Answer) -> Self {
        assert_eq!(answer.status, 201, "{}", answer.text());
        let credential = answer.json()["credential"].clone();
        let text = |name: &str| credential[name].as_str().unwrap().to_owned();
        Self {
            credentials: Credentials {
                access_key: text("access"),
                secret_key: text("secret"),
                ..user.clone()
            },
            security_token: text("securitytoken"),
        }
    }

    fn sign<'a>(&self, call: Call<'a>) -> Call<'a> {
        let call = call.header("x-security-token", &self.security_token);
        call.by(&self.credentials)
    }
}

#[tokio::test]
async fn a_temporary_key_calls_until_its_end() {
    let library = Library::start().await;
    let token = library.create_token().await;
    let wanted = body(&json!({"duration_seconds": 3600}), Value::Null);
    let answer = ask(&library, &token, &wanted).await;
    let credential = &answer.json()["credential"];
    assert_eq!(credential["expires_at"], "2027-01-15T09:00:00.000000Z");
    assert_eq!(credential.as_object().unwrap().len(), 4);
    let key = Temporary::new(&library.owner, &answer);
    let call = || key.sign(library.call("GET", "digital-assets"));
    assert_eq!(call().send().await.status, 200);
    let without = library.call("GET", "digital-assets").by(&key.credentials);
    assert_eq!(without.send().await.code(), "401 APIGW.0301");
    library.pass_almost(HOUR);
    assert_eq!(call().send().await.status, 200);
    library.pass(Duration::from_millis(1));
    let late = call().send().await;
    insta::assert_snapshot!(late.line(), @"401 APIGW.0301 Incorrect IAM authentication information: token expires, expires_at: 2027-01-15T09:00:00.000000Z");
}

#[tokio::test]
async fn it_lives_15_minutes_by_default_and_never_longer_than_its_token() {
    let library = Library::start().await;
    let token = library.create_token().await;
    let end = |answer: Answer| answer.json()["credential"]["expires_at"].clone();
    let plain = json!({"auth": {"identity": {"methods": ["token"]}}});
    let short = end(ask(&library, &token, &plain).await);
    assert_eq!(short, "2027-01-15T08:15:00.000000Z");
    library.pass(23 * HOUR);
    let long = body(&json!({"duration_seconds": 86400}), Value::Null);
    let bounded = end(ask(&library, &token, &long).await);
    assert_eq!(bounded, "2027-01-16T08:00:00.000000Z");
    // by the token of the body, signed by a key
    let named = body(&json!({"id": token}), Value::Null);
    let signed = library.call("POST", PATH).json(&named).send().await;
    assert_eq!(end(signed), "2027-01-16T07:15:00.000000Z");
}

#[tokio::test]
async fn it_has_the_scope_of_its_token() {
    let library = Library::start().await;
    let second = entrepot_server::iam::administer::projects::create(&library.app, "second", "");
    let second = second.await.unwrap().project_id;
    let token = library.create_token().await;
    let answer = ask(&library, &token, &body(&json!({}), Value::Null)).await;
    let key = Temporary::new(&library.owner, &answer);
    let elsewhere = format!("/v1/{second}/digital-assets");
    let refused = key.sign(library.call("GET", &elsewhere)).send().await;
    assert_eq!(refused.code(), "400 MSS.00010009");
}

#[tokio::test]
async fn a_policy_narrows_it_down_and_never_gives_more() {
    let library = Library::start().await;
    let session = |action: &str| json!({"Version": "1.1", "Statement": [{"Effect": "Allow", "Action": [action]}]});
    let token = library.create_token().await;
    let policy = session("metastudio:asset:list");
    let answer = ask(&library, &token, &body(&json!({}), policy)).await;
    let key = Temporary::new(&library.owner, &answer);
    let list = key.sign(library.call("GET", "digital-assets")).send().await;
    assert_eq!(list.status, 200, "{}", list.text());
    let create = json!({"asset_name": "n", "asset_type": "IMAGE"});
    let create = key.sign(library.call("POST", "digital-assets").json(&create));
    assert_eq!(create.send().await.code(), "403 MSS.00024001");

    let user = library.user("u").await;
    let token = library.create_token_of(&user).await;
    let answer = ask(&library, &token, &body(&json!({}), session("*:*:*"))).await;
    let key = Temporary::new(&user, &answer);
    let list = key.sign(library.call("GET", "digital-assets")).send().await;
    assert_eq!(list.code(), "403 MSS.00024001");
}

#[tokio::test]
async fn it_makes_nothing_that_outlives_it() {
    let library = Library::start().await;
    let token = library.create_token().await;
    let answer = ask(&library, &token, &body(&json!({}), Value::Null)).await;
    let key = Temporary::new(&library.owner, &answer);
    let own = format!(
        "/v3.0/OS-CREDENTIAL/credentials/{}",
        library.owner.access_key
    );
    let off = json!({"credential": {"status": "inactive"}});
    let another = json!({"credential": {}});
    let named = body(&json!({"id": token}), Value::Null);
    for (method, path, body) in [
        ("POST", "/v3.0/OS-CREDENTIAL/credentials", &another),
        ("PUT", own.as_str(), &off),
        ("DELETE", own.as_str(), &another),
        ("POST", PATH, &named),
    ] {
        let refused = key.sign(library.call(method, path).json(body)).send().await;
        assert_eq!(refused.code(), "403 Forbidden", "{method} {path}");
        assert!(refused.text().contains("Temporary credentials"));
    }
    // it is managed by nobody
    let path = format!(
        "/v3.0/OS-CREDENTIAL/credentials/{}",
        key.credentials.access_key
    );
    assert_eq!(library.get(&path).await.code(), "404 Not Found");
    let listed = library.get("/v3.0/OS-CREDENTIAL/credentials").await.ok();
    assert_eq!(listed["credentials"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn bad_input_is_explained() {
    let library = Library::start().await;
    let token = library.create_token().await;
    let agency = json!({"auth": {"identity": {"methods": ["assume_role"]}}});
    let seconds = |n: i64| body(&json!({"duration_seconds": n}), Value::Null);
    let coarse = json!({"Version": "1.0", "Statement": []});
    for (wanted, why) in [
        (agency, "no agencies"),
        (
            json!({"auth": {"identity": {"methods": ["password"]}}}),
            "methods",
        ),
        (seconds(899), "900 to 86400"),
        (seconds(86401), "900 to 86400"),
        (body(&json!({}), coarse), "Version"),
        (body(&json!({}), json!("x")), "policy"),
    ] {
        let answer = ask(&library, &token, &wanted).await;
        assert_eq!(answer.code(), "400 Bad Request", "{wanted}");
        assert!(answer.text().contains(why), "{}", answer.text());
    }
    for good in [900, 86400] {
        assert_eq!(ask(&library, &token, &seconds(good)).await.status, 201);
    }
    let no_token = library.post(PATH, &body(&json!({}), Value::Null)).await;
    assert!(
        no_token.text().contains("X-Auth-Token"),
        "{}",
        no_token.text()
    );
    let wrong = body(&json!({"id": "x"}), Value::Null);
    assert_eq!(
        ask(&library, &token, &wrong).await.code(),
        "401 Unauthorized"
    );
    let stranger = library.stranger().await;
    let named = body(&json!({"id": token}), Value::Null);
    let foreign = library.call("POST", PATH).by(&stranger).json(&named);
    assert_eq!(foreign.send().await.code(), "401 Unauthorized");
}

#[tokio::test]
async fn keys_and_tokens_that_ended_are_swept_a_day_later() {
    let library = Library::start().await;
    let token = library.create_token().await;
    ask(&library, &token, &body(&json!({}), Value::Null)).await;
    let left = async || {
        let counted = library.app.db.read(async |tx| {
            let sql = "SELECT (SELECT COUNT(*) FROM tokens), \
                (SELECT COUNT(*) FROM access_keys WHERE expires_at IS NOT NULL)";
            let mut row = tx.query_one(sql, &[]).await?.unwrap();
            Ok((row.next::<i64>()?, row.next::<i64>()?))
        });
        counted.await.unwrap()
    };
    library.pass(DAY + HOUR);
    library.sweep().await;
    assert_eq!(left().await, (1, 0));
    library.pass(23 * HOUR + MINUTE);
    library.sweep().await;
    assert_eq!(left().await, (0, 0));
    assert_eq!(library.get("/v3/auth/domains").await.status, 200);
}
