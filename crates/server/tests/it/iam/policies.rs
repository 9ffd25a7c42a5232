//! What policies permit, through the router: by action, resource, project, address and app user.

use entrepot_server::iam::bootstrap::Credentials;
use serde_json::{Value, json};

use crate::harness::{Answer, Library};

async fn call(library: &Library, user: &Credentials, method: &str, path: &str) -> Answer {
    library.call(method, path).by(user).send().await
}

/// An asset of an app user of the owner's platform, with its main file.
async fn asset_of(library: &Library, app_user: &str) -> String {
    let call = library.call("POST", "digital-assets");
    let body = json!({"asset_name": app_user, "asset_type": "IMAGE"});
    let call = call.json(&body).header("x-app-userid", app_user);
    let created = call.send().await.ok();
    let asset = created["asset_id"].as_str().unwrap().to_owned();
    library.upload(&asset, "MAIN", app_user.as_bytes()).await;
    asset
}

async fn listed(library: &Library, user: &Credentials, query: &str) -> (i64, Vec<String>) {
    let answer = call(library, user, "GET", &format!("digital-assets?{query}")).await;
    let body = answer.ok();
    let assets = body["assets"].as_array().unwrap().iter();
    let ids = assets.map(|asset| asset["asset_id"].as_str().unwrap().to_owned());
    (body["count"].as_i64().unwrap(), ids.collect())
}

fn confined(operator: &str, value: &str) -> Value {
    json!([{"Effect": "Allow", "Action": ["metastudio:*:*"],
        "Condition": {operator: {"metastudio:AppUserId": [value]}}}])
}

#[tokio::test]
async fn a_deny_beats_every_allow() {
    let library = Library::start().await;
    let asset = library.create_asset("IMAGE").await;
    let path = format!("digital-assets/{asset}");
    let user = library
        .user_who_may(
            "u",
            json!([{"Effect": "Allow", "Action": ["metastudio:*:*"]}]),
        )
        .await;
    library
        .grant(&user, json!([{"Effect": "Deny", "Action": ["*:*:delete"]}]))
        .await;
    assert_eq!(call(&library, &user, "GET", &path).await.status, 200);
    let refused = call(&library, &user, "DELETE", &path).await;
    insta::assert_snapshot!(refused.line(), @"403 MSS.00024001 privilege not found: the user u needs metastudio:asset:delete here.");
}

#[tokio::test]
async fn a_resource_names_one_asset() {
    let library = Library::start().await;
    let (one, other) = (
        library.create_asset("IMAGE").await,
        library.create_asset("IMAGE").await,
    );
    let resource = format!("metastudio:local-1:{}:asset:{one}", library.owner.domain_id);
    let statement =
        json!([{"Effect": "Allow", "Action": ["metastudio:*:*"], "Resource": [resource]}]);
    let user = library.user_who_may("u", statement).await;
    let get = async |id: &str| call(&library, &user, "GET", &format!("digital-assets/{id}")).await;
    assert_eq!(get(&one).await.status, 200);
    assert_eq!(get(&other).await.code(), "403 MSS.00024001");
    assert_eq!(listed(&library, &user, "").await, (1, vec![one.clone()]));
    let body = json!({"asset_name": "n", "asset_type": "IMAGE"});
    let create = library.call("POST", "digital-assets").by(&user).json(&body);
    assert_eq!(create.send().await.code(), "403 MSS.00024001");
    let batch = library
        .call("POST", "digital-assets/batch-action")
        .by(&user);
    let body = json!({"action": "DELETE", "asset_ids": [&one, &other]});
    let results = batch.json(&body).send().await.ok();
    assert_eq!(results["results"][0]["asset_ids"], json!([one]));
    assert_eq!(
        results["results"][1]["error_info"]["error_code"],
        "MSS.00024001"
    );
    assert_eq!(library.state(&other).await, "CREATING");
}

#[tokio::test]
async fn a_condition_confines_a_user_to_the_assets_of_one_app_user() {
    let library = Library::start().await;
    let (mine, theirs) = (asset_of(&library, "7").await, asset_of(&library, "8").await);
    let nobodys = library.ready_asset("IMAGE", b"nobody's").await;
    let user = library
        .user_who_may("u", confined("StringEquals", "7"))
        .await;
    for (id, status) in [(&mine, 200), (&theirs, 403), (&nobodys, 403)] {
        let second_main = json!({"file_name": "n", "file_md5": "1B2M2Y8AsgTpgAmY7PhCfg==", "file_size": 1,
            "file_type": "png", "asset_id": id, "asset_file_category": "MAIN"});
        for (method, path, body, permitted) in [
            ("GET", format!("digital-assets/{id}"), json!({}), 200),
            (
                "PUT",
                format!("digital-assets/{id}"),
                json!({"asset_name": "n"}),
                200,
            ),
            ("POST", "files".to_owned(), second_main, 400),
        ] {
            let call = library.call(method, &path).by(&user).json(&body);
            let answer = call.send().await;
            let expected = if status == 200 { permitted } else { status };
            assert_eq!(
                answer.status,
                expected,
                "{method} {path}: {}",
                answer.text()
            );
        }
        let file = library.show(id).await["files"][0]["file_id"].clone();
        let path = format!("files/{}", file.as_str().unwrap());
        assert_eq!(call(&library, &user, "DELETE", &path).await.status, status);
    }
    assert_eq!(listed(&library, &user, "").await, (1, vec![mine.clone()]));
    assert_eq!(listed(&library, &user, "app_user_id=8").await.0, 0);
    let summarys = library.call("POST", "digital-assets/summarys").by(&user);
    let body = json!({"asset_ids": [&mine, &theirs, &nobodys]});
    let found = summarys.json(&body).send().await.ok();
    assert_eq!(found["asset_list"].as_array().unwrap().len(), 1);

    let body = json!({"asset_name": "n", "asset_type": "IMAGE"});
    for (app_user, status) in [(Some("7"), 200), (Some("8"), 403), (None, 403)] {
        let mut create = library.call("POST", "digital-assets").by(&user).json(&body);
        if let Some(app_user) = app_user {
            create = create.header("x-app-userid", app_user);
        }
        assert_eq!(create.send().await.status, status, "{app_user:?}");
    }
    // what can't tell one asset from another is for those who may with all of them
    let copies = call(&library, &user, "GET", "entrepot/copies").await;
    assert_eq!(copies.code(), "403 MSS.00024001");
}

#[tokio::test]
async fn lists_have_what_patterns_permit_and_nothing_that_is_denied() {
    let library = Library::start().await;
    let mut assets = Vec::new();
    for app_user in ["a1", "a2", "b1", "A1", "a%"] {
        assets.push(asset_of(&library, app_user).await);
    }
    let nobodys = library.create_asset("IMAGE").await;
    let like = library
        .user_who_may("like", confined("StringLike", "a*"))
        .await;
    let (count, found) = listed(&library, &like, "limit=2&offset=1").await;
    assert_eq!(
        (count, found),
        (3, vec![assets[1].clone(), assets[4].clone()])
    );
    library
        .grant(
            &like,
            json!([{"Effect": "Deny", "Action": ["*:*:*"],
            "Condition": {"StringEquals": {"metastudio:AppUserId": ["a2"]}}}]),
        )
        .await;
    library.forget().await;
    assert_eq!(listed(&library, &like, "").await.0, 2);

    let all = json!([{"Effect": "Allow", "Action": ["metastudio:*:*"]},
        {"Effect": "Deny", "Action": ["metastudio:*:*"], "Resource": [format!("metastudio:*:*:asset:{}", assets[0])]},
        {"Effect": "Deny", "Action": ["metastudio:*:*"],
            "Condition": {"StringLike": {"metastudio:AppUserId": ["b?", "a%"]}}}]);
    let most = library.user_who_may("most", all).await;
    let (count, found) = listed(&library, &most, "").await;
    assert_eq!(count, 3, "{found:?}");
    assert!(found.contains(&nobodys) && !found.contains(&assets[0]));
    let get = call(
        &library,
        &most,
        "GET",
        &format!("digital-assets/{}", assets[2]),
    )
    .await;
    assert_eq!(get.code(), "403 MSS.00024001");
}

#[tokio::test]
async fn a_list_takes_as_many_conditions_as_policies_have() {
    let library = Library::start().await;
    let mine = asset_of(&library, "mine").await;
    asset_of(&library, "theirs").await;
    let user = library
        .user_who_may("u", confined("StringLike", "min*"))
        .await;
    for policy in 0..12 {
        let values = |n: usize| {
            (0..100)
                .map(|i| format!("{policy}-{n}-{i}"))
                .collect::<Vec<_>>()
        };
        let statements = (0..3).map(|n| {
            json!({"Effect": "Allow", "Action": ["metastudio:*:*"],
                "Condition": {"StringEquals": {"metastudio:AppUserId": values(n)}}})
        });
        library.grant(&user, statements.collect()).await;
    }
    library.forget().await;
    assert_eq!(listed(&library, &user, "").await, (1, vec![mine]));
}

#[tokio::test]
async fn an_address_is_a_condition() {
    let library = Library::start().await;
    let from = |range: &str| {
        json!([{"Effect": "Allow", "Action": ["metastudio:*:*"],
            "Condition": {"IpAddress": {"g:SourceIp": [range]}}}])
    };
    // the harness calls without a socket: no address fits
    let user = library.user_who_may("u", from("0.0.0.0/0")).await;
    let answer = call(&library, &user, "GET", "digital-assets").await;
    assert_eq!(answer.code(), "403 MSS.00024001");
}

#[tokio::test]
async fn what_is_attached_to_an_application_must_be_readable() {
    let library = Library::start().await;
    let asset = library.ready_asset("IMAGE", b"bytes").await;
    let user = library
        .user_who_may("u", json!([{"Effect": "Allow", "Action": ["roma:*:*"]}]))
        .await;
    let base = format!(
        "/v2/{}/instances/{}/apps",
        library.owner.project_id,
        library.owner.instance_id.as_deref().unwrap()
    );
    let created = library
        .call("POST", &base)
        .by(&user)
        .json(&json!({"name": "app"}));
    let app = created.send().await;
    let app = app.json()["id"].as_str().unwrap().to_owned();
    let path = format!("{base}/{app}/entrepot/digital-assets");
    let put = || {
        library
            .call("PUT", &path)
            .by(&user)
            .json(&json!({"asset_ids": [&asset]}))
    };
    let refused = put().send().await;
    assert_eq!(refused.code(), "403 ROMA.1006", "{}", refused.text());
    library
        .grant(
            &user,
            json!([{"Effect": "Allow", "Action": ["metastudio:asset:get"]}]),
        )
        .await;
    library.forget().await;
    assert_eq!(put().send().await.status, 200);
}
