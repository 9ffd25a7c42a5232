//! What an administrator does with users.

use entrepot_server::error::ErrorCode;
use entrepot_server::iam::administer::users::{Change, New, create, delete, list, show, update};
use entrepot_server::iam::administer::{groups, keys, projects};
use entrepot_server::iam::bootstrap::Credentials;
use entrepot_server::keys::Secret;
use serde_json::json;

use crate::harness::Library;

fn named(name: &str) -> New {
    New {
        name: name.into(),
        ..New::default()
    }
}

impl Library {
    /// Somebody who asks for tokens by this password.
    fn who(&self, name: &str, password: &Secret) -> Credentials {
        Credentials {
            user_name: name.into(),
            password: password.expose().into(),
            ..self.owner.clone()
        }
    }
}

async fn token_status(library: &Library, user: &Credentials) -> u16 {
    let body = Library::password_body_of(user);
    library.ask_for_token(&body).await.status
}

#[tokio::test]
async fn a_user_is_a_member_of_the_only_project_and_may_do_nothing_yet() {
    let library = Library::start().await;
    let (found, password) = create(&library.app, named("anna")).await.unwrap();
    assert_eq!(found.projects.len(), 1);
    assert_eq!(found.user.domain_name, "entrepot");
    assert_eq!(password.expose().len(), 24);
    let token = library
        .create_token_of(&library.who("anna", &password))
        .await;
    let call = library.call("GET", "digital-assets").token(&token);
    assert_eq!(call.send().await.code(), "403 MSS.00024001");
}

#[tokio::test]
async fn where_there_are_several_projects_they_are_named() {
    let library = Library::start().await;
    let app = &library.app;
    projects::create(app, "second", "").await.unwrap();
    let (nowhere, _) = create(app, named("nowhere")).await.unwrap();
    assert!(nowhere.projects.is_empty());
    let new = New {
        projects: vec!["second".into(), library.owner.project_id.clone()],
        ..named("both")
    };
    assert_eq!(create(app, new).await.unwrap().0.projects.len(), 2);
    let new = New {
        projects: vec!["third".into()],
        ..named("lost")
    };
    assert_eq!(
        create(app, new).await.unwrap_err().code,
        ErrorCode::IamNotFound
    );
    assert!(show(app, "lost").await.is_err());
    let change = Change {
        add_projects: vec!["second".into()],
        ..Change::default()
    };
    let found = update(app, "nowhere", change).await.unwrap();
    assert_eq!(found.projects[0].name, "second");
    let change = Change {
        remove_projects: vec!["second".into()],
        ..Change::default()
    };
    let found = update(app, "nowhere", change).await.unwrap();
    assert!(found.projects.is_empty());
}

#[tokio::test]
async fn a_new_password_ends_the_tokens_and_temporary_keys_of_a_user() {
    let library = Library::start().await;
    let user = library.user("u").await;
    let token = library.create_token_of(&user).await;
    let temporary = json!({"auth": {"identity": {"methods": ["token"]}}});
    let path = "/v3.0/OS-CREDENTIAL/securitytokens";
    let made = library.call("POST", path).token(&token).json(&temporary);
    assert_eq!(made.send().await.status, 201);
    let password = Secret::new("another password");
    let change = Change {
        password: Some(password.clone()),
        ..Change::default()
    };
    update(&library.app, "u", change).await.unwrap();
    assert_eq!(token_status(&library, &user).await, 401);
    assert_eq!(
        token_status(&library, &library.who("u", &password)).await,
        201
    );
    library.forget().await;
    let call = library.call("GET", "/v3/auth/domains").token(&token);
    assert_eq!(call.send().await.code(), "401 APIGW.0301");
    let left = library.app.db.read(async |tx| {
        let sql = "SELECT access_key FROM access_keys WHERE expires_at IS NOT NULL";
        Ok(tx.query(sql, &[]).await?.len())
    });
    assert_eq!(left.await.unwrap(), 0);
    // permanent keys are not affected
    let call = library.call("GET", "/v3/auth/domains").by(&user);
    assert_eq!(call.send().await.status, 200);
}

#[tokio::test]
async fn a_disabled_user_comes_in_by_no_way_until_enabled_again() {
    let library = Library::start().await;
    let user = library.user("u").await;
    let token = library.create_token_of(&user).await;
    let set = async |enabled| {
        let change = Change {
            enabled: Some(enabled),
            ..Change::default()
        };
        update(&library.app, "u", change).await.unwrap()
    };
    assert!(!set(false).await.user.enabled);
    assert_eq!(token_status(&library, &user).await, 401);
    let by_key = || library.call("GET", "/v3/auth/domains").by(&user).send();
    let by_token = || library.call("GET", "/v3/auth/domains").token(&token).send();
    assert_eq!(by_key().await.code(), "401 APIGW.0301");
    assert_eq!(by_token().await.code(), "401 APIGW.0301");
    assert!(set(true).await.user.enabled);
    assert_eq!(by_key().await.status, 200);
    assert_eq!(by_token().await.code(), "401 APIGW.0301");
    assert_eq!(token_status(&library, &user).await, 201);
}

#[tokio::test]
async fn a_deleted_user_leaves_what_they_made_and_their_name() {
    let library = Library::start().await;
    let app = &library.app;
    let may = json!([{"Effect": "Allow", "Action": ["*:*:*"]}]);
    let user = library.user_who_may("anna", may).await;
    groups::create(app, "g", "").await.unwrap();
    groups::add_user(app, "g", "anna").await.unwrap();
    let owner = &library.owner;
    let instance = owner.instance_id.clone().unwrap();
    let apps = format!("/v2/{}/instances/{instance}/apps", owner.project_id);
    let body = json!({"name": "an app"});
    let made = library
        .call("POST", &apps)
        .by(&user)
        .json(&body)
        .send()
        .await;
    assert_eq!(made.status, 201, "{}", made.text());
    delete(app, "anna").await.unwrap();
    assert_eq!(token_status(&library, &user).await, 401);
    assert!(
        keys::list(app, None)
            .await
            .unwrap()
            .iter()
            .all(|k| k.user.name != "anna")
    );
    assert!(groups::show(app, "g").await.unwrap().members.is_empty());
    assert_eq!(list(app).await.unwrap().len(), 1);
    let path = format!("{apps}/{}", made.json()["id"].as_str().unwrap());
    let shown = library.get(&path).await.ok();
    let by = &shown["created_user"];
    assert_eq!(by["user_id"], user.user_id.as_str());
    let name = format!("anna (deleted {})", user.user_id);
    assert_eq!(by["user_name"], name.as_str());
    let (again, _) = create(app, named("anna")).await.unwrap();
    assert_ne!(again.user.user_id.as_str(), user.user_id);
    library.forget().await;
    let call = library.call("GET", "/v3/auth/domains").by(&user);
    assert_eq!(call.send().await.code(), "401 APIGW.0301");
    delete(app, "anna").await.unwrap();
}

#[tokio::test]
async fn nobody_disables_or_deletes_the_owner() {
    let library = Library::start().await;
    let app = &library.app;
    let disabled = Change {
        enabled: Some(false),
        ..Change::default()
    };
    let refused = update(app, "owner", disabled).await.unwrap_err();
    insta::assert_snapshot!(refused.message, @"The owner of the account can't be disabled.");
    let refused = delete(app, &library.owner.user_id).await.unwrap_err();
    insta::assert_snapshot!(refused.message, @"The owner of the account can't be deleted.");
    let removed = Change {
        remove_projects: vec!["local-1".into()],
        ..Change::default()
    };
    let refused = update(app, "owner", removed).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::InvalidParameter);
    library.get("digital-assets").await.ok();
}

#[tokio::test]
async fn bad_input_is_refused_and_changes_nothing() {
    let library = Library::start().await;
    let app = &library.app;
    create(app, named("anna")).await.unwrap();
    let short = New {
        password: Some(Secret::new("1234567")),
        ..named("b")
    };
    for (new, code) in [
        (named(""), ErrorCode::InvalidParameter),
        (named("a\u{7}"), ErrorCode::InvalidParameter),
        (named(&"x".repeat(65)), ErrorCode::InvalidParameter),
        (named("anna"), ErrorCode::NameTaken),
        (short, ErrorCode::InvalidParameter),
    ] {
        let name = new.name.clone();
        assert_eq!(create(app, new).await.unwrap_err().code, code, "{name:?}");
    }
    let change = Change {
        name: Some("berta".into()),
        add_projects: vec!["nowhere".into()],
        ..Change::default()
    };
    assert!(update(app, "anna", change).await.is_err());
    assert_eq!(show(app, "anna").await.unwrap().user.name, "anna");
    assert_eq!(list(app).await.unwrap().len(), 2);
    let done: Vec<_> = library
        .administered()
        .await
        .into_iter()
        .map(|(what, _)| what)
        .collect();
    assert_eq!(done, ["user-create"]);
}
