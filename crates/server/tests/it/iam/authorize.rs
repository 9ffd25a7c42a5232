//! Who may do what: the project of the URL, and users who are not the owner.

use serde_json::json;

use crate::harness::Library;

/// Every call with a project in its path.
const CALLS: [(&str, &str); 12] = [
    ("GET", "digital-assets"),
    ("POST", "digital-assets"),
    ("POST", "digital-assets/batch-action"),
    ("POST", "digital-assets/summarys"),
    ("GET", "digital-assets/x"),
    ("PUT", "digital-assets/x"),
    ("DELETE", "digital-assets/x"),
    ("POST", "digital-assets/x/restore"),
    ("POST", "files"),
    ("POST", "large-files"),
    ("DELETE", "files/x"),
    ("POST", "files/x/complete"),
];

/// A body that each of the calls understands.
fn body() -> serde_json::Value {
    json!({"asset_name": "n", "asset_type": "IMAGE", "action": "DELETE", "asset_ids": ["x"],
        "file_name": "n", "file_md5": "1B2M2Y8AsgTpgAmY7PhCfg==", "file_size": 1, "file_type": "png",
        "asset_id": "x", "asset_file_category": "MAIN", "state": "CREATED"})
}

#[tokio::test]
async fn a_project_that_is_not_the_caller_s_is_refused_by_every_call() {
    let library = Library::start().await;
    let stranger = library.stranger().await;
    for (method, path) in CALLS {
        let answer = library
            .call(method, path)
            .by(&stranger)
            .json(&body())
            .send()
            .await;
        assert_eq!(answer.code(), "400 MSS.00010009", "{method} {path}");
    }
}

#[tokio::test]
async fn a_user_without_a_policy_may_do_nothing() {
    let library = Library::start().await;
    let user = library.user("nobody").await;
    for (method, path) in CALLS {
        let call = library.call(method, path).by(&user).json(&body());
        let answer = call.send().await;
        assert_eq!(answer.code(), "403 MSS.00024001", "{method} {path}");
    }
    let answer = library.call("GET", "/v3/projects").by(&user).send().await;
    assert_eq!(answer.code(), "403 Forbidden");
    // one's own account is no secret
    let own = library.call("GET", "/v3/auth/domains").by(&user);
    assert_eq!(own.send().await.status, 200);
}

#[tokio::test]
async fn a_disabled_user_or_key_is_unknown() {
    let library = Library::start().await;
    let disabled = library.app.db.write(async |tx| {
        let sql = "UPDATE access_keys SET enabled = $1";
        Ok(tx.execute(sql, entrepot_server::params![false]).await?)
    });
    disabled.await.unwrap();
    let answer = library.get("digital-assets").await;
    assert!(
        answer.line().ends_with("err:ak not exist"),
        "{}",
        answer.line()
    );
}
