//! `/v3.0/OS-CREDENTIAL/credentials`

use entrepot_server::iam::bootstrap::Credentials;
use serde_json::{Value, json};

use crate::harness::{Answer, Library};

const PATH: &str = "/v3.0/OS-CREDENTIAL/credentials";

async fn send(
    library: &Library,
    by: &Credentials,
    method: &str,
    path: &str,
    body: &Value,
) -> Answer {
    let call = library.call(method, path).by(by);
    let call = if body.is_null() {
        call
    } else {
        call.json(body)
    };
    call.send().await
}

async fn create(library: &Library, by: &Credentials, credential: Value) -> Answer {
    let body = json!({ "credential": credential });
    send(library, by, "POST", PATH, &body).await
}

/// The key as somebody who signs with it.
fn signer(user: &Credentials, created: &Value) -> Credentials {
    Credentials {
        access_key: created["access"].as_str().unwrap().to_owned(),
        secret_key: created["secret"].as_str().unwrap().to_owned(),
        ..user.clone()
    }
}

#[tokio::test]
async fn a_key_lives_from_its_creation_to_its_deletion() {
    let library = Library::start().await;
    let user = library.user("u").await;
    let wanted = json!({"user_id": user.user_id, "description": "of 夏"});
    let created = create(&library, &user, wanted).await;
    assert_eq!(created.status, 201, "{}", created.text());
    let created = created.json()["credential"].clone();
    let access = created["access"].as_str().unwrap().to_owned();
    assert_eq!(
        created,
        json!({"user_id": user.user_id, "access": access, "secret": created["secret"],
            "status": "active", "create_time": "2027-01-15T08:00:00.000000Z", "description": "of 夏"})
    );
    let fresh = signer(&user, &created);
    send(&library, &fresh, "GET", "/v3/auth/domains", &Value::Null)
        .await
        .ok();

    let listed = send(&library, &user, "GET", PATH, &Value::Null).await.ok();
    let listed = listed["credentials"].as_array().unwrap();
    assert_eq!(listed.len(), 2);
    let shown = json!({"user_id": user.user_id, "access": access, "status": "active",
        "create_time": "2027-01-15T08:00:00.000000Z", "description": "of 夏"});
    assert!(listed.contains(&shown), "{listed:?}");
    let path = format!("{PATH}/{access}");
    let one = send(&library, &user, "GET", &path, &Value::Null).await.ok();
    assert_eq!(one["credential"]["access"], access.as_str());
    assert!(one["credential"].get("secret").is_none());

    let body = json!({"credential": {"status": "inactive", "description": "off"}});
    let changed = send(&library, &user, "PUT", &path, &body).await.ok();
    assert_eq!(changed["credential"]["status"], "inactive");
    assert_eq!(changed["credential"]["description"], "off");
    library.forget().await;
    let refused = send(&library, &fresh, "GET", "/v3/auth/domains", &Value::Null).await;
    assert!(refused.line().ends_with("err:ak not exist"));
    let body = json!({"credential": {"status": "active"}});
    let changed = send(&library, &user, "PUT", &path, &body).await.ok();
    assert_eq!(changed["credential"]["description"], "off");
    send(&library, &fresh, "GET", "/v3/auth/domains", &Value::Null)
        .await
        .ok();

    let deleted = send(&library, &user, "DELETE", &path, &Value::Null).await;
    assert_eq!((deleted.status, deleted.body.len()), (204, 0));
    // a key that is not there is nobody's own: only who may look at all keys is told
    let gone = send(&library, &user, "GET", &path, &Value::Null).await;
    assert_eq!(gone.code(), "403 Forbidden");
    let owner = library.owner.clone();
    let gone = send(&library, &owner, "GET", &path, &Value::Null).await;
    assert_eq!(gone.code(), "404 Not Found");
}

#[tokio::test]
async fn others_keys_need_a_permission_and_foreign_ones_are_not_there() {
    let library = Library::start().await;
    let may = json!([{"Effect": "Allow", "Action": ["iam:credentials:*"]}]);
    let admin = library.user_who_may("admin", may).await;
    let (plain, stranger) = (library.user("plain").await, library.stranger().await);
    for (by, status) in [(&admin, 201), (&library.owner, 201), (&stranger, 404)] {
        let created = create(&library, by, json!({"user_id": plain.user_id})).await;
        assert_eq!(created.status, status, "{}", created.text());
    }
    let refused = create(&library, &plain, json!({"user_id": admin.user_id})).await;
    assert_eq!(refused.code(), "403 Forbidden");
    assert!(refused.text().contains("iam:credentials:create"));
    let nobody = create(&library, &admin, json!({"user_id": "nobody"})).await;
    assert_eq!(nobody.code(), "404 Not Found");

    let path = format!("{PATH}/{}", admin.access_key);
    let off = json!({"credential": {"status": "inactive"}});
    for (by, code) in [(&plain, "403 Forbidden"), (&stranger, "404 Not Found")] {
        for (method, body) in [
            ("GET", &Value::Null),
            ("PUT", &off),
            ("DELETE", &Value::Null),
        ] {
            let answer = send(&library, by, method, &path, body).await;
            assert_eq!(answer.code(), code, "{method}");
        }
        let listed = format!("{PATH}?user_id={}", admin.user_id);
        let answer = send(&library, by, "GET", &listed, &Value::Null).await;
        assert_eq!(answer.code(), code);
    }
    let listed = format!("{PATH}?user_id={}", plain.user_id);
    let answer = send(&library, &admin, "GET", &listed, &Value::Null)
        .await
        .ok();
    assert_eq!(answer["credentials"].as_array().unwrap().len(), 3);
    let path = format!("{PATH}/{}", plain.access_key);
    let deleted = send(&library, &admin, "DELETE", &path, &Value::Null).await;
    assert_eq!(deleted.status, 204);
}

#[tokio::test]
async fn a_deny_takes_away_even_one_s_own() {
    let library = Library::start().await;
    let deny = json!([{"Effect": "Deny", "Action": ["iam:credentials:create"]}]);
    let user = library.user_who_may("u", deny).await;
    assert_eq!(
        create(&library, &user, json!({})).await.code(),
        "403 Forbidden"
    );
    send(&library, &user, "GET", PATH, &Value::Null).await.ok();
}

#[tokio::test]
async fn a_user_has_20_keys_at_most() {
    let library = Library::start().await;
    let user = library.user("u").await;
    for _ in 1..20 {
        assert_eq!(create(&library, &user, json!({})).await.status, 201);
    }
    let refused = create(&library, &user, json!({})).await;
    assert_eq!(refused.code(), "400 Bad Request");
    assert!(
        refused.text().contains("20 access keys"),
        "{}",
        refused.text()
    );
}

#[tokio::test]
async fn bad_input_is_explained() {
    let library = Library::start().await;
    let owner = &library.owner;
    for wanted in [
        json!({"description": "d".repeat(256)}),
        json!({"description": "a\nb"}),
        json!({"user_id": 1}),
        json!(null),
    ] {
        let answer = create(&library, owner, wanted.clone()).await;
        assert_eq!(answer.code(), "400 Bad Request", "{wanted}");
    }
    let path = format!("{PATH}/{}", owner.access_key);
    for wanted in [
        json!({"status": "ACTIVE"}),
        json!({"status": ""}),
        json!({"description": "d".repeat(256)}),
    ] {
        let body = json!({ "credential": wanted });
        let answer = send(&library, owner, "PUT", &path, &body).await;
        assert_eq!(answer.code(), "400 Bad Request", "{wanted}");
    }
    let misspelt = library.get(&format!("{PATH}?user=x")).await;
    assert_eq!(misspelt.code(), "400 Bad Request");
    let body = json!({"credential": {}});
    for (method, body) in [
        ("GET", &Value::Null),
        ("PUT", &body),
        ("DELETE", &Value::Null),
    ] {
        let answer = send(&library, owner, method, &format!("{PATH}/NOBODY"), body).await;
        assert_eq!(answer.code(), "404 Not Found", "{method}");
    }
}
