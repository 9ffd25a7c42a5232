//! Who has which policy.

use entrepot_server::error::ErrorCode;
use entrepot_server::iam::administer::attachments::{Holder, Target, Wanted, attach, detach};
use entrepot_server::iam::administer::policies::{Change, list, update};
use entrepot_server::iam::administer::{groups, projects, users};

use super::LIST;
use crate::harness::Library;

fn anna() -> Holder {
    Holder::User("anna".into())
}

fn named(name: &str) -> Wanted {
    Wanted::Named(name.into())
}

fn document(stem: &str) -> Wanted {
    Wanted::Document {
        stem: stem.into(),
        text: LIST.into(),
    }
}

#[tokio::test]
async fn a_policy_counts_in_its_project_only() {
    let library = Library::start().await;
    let app = &library.app;
    let user = library.user("anna").await;
    let second = projects::create(app, "second", "")
        .await
        .unwrap()
        .project_id;
    let change = users::Change {
        add_projects: vec!["second".into()],
        ..users::Change::default()
    };
    users::update(app, "anna", change).await.unwrap();
    let done = attach(app, anna(), named("read-only"), Some("second".into()))
        .await
        .unwrap();
    assert_eq!(done.project_id.as_ref(), Some(&second));
    let there = format!("/v1/{second}/digital-assets");
    let call = |path: &str| library.call("GET", path).by(&user).send();
    assert_eq!(call(&there).await.status, 200);
    assert_eq!(call("digital-assets").await.code(), "403 MSS.00024001");
    // it is another attachment than that of all projects
    let other = detach(app, anna(), named("read-only"), None)
        .await
        .unwrap_err();
    insta::assert_snapshot!(other.message, @"The policy read-only is not attached to anna for all projects.");
    attach(app, anna(), named("read-only"), None).await.unwrap();
    library.forget().await;
    assert_eq!(call("digital-assets").await.status, 200);
    detach(app, anna(), named("read-only"), None).await.unwrap();
    detach(app, anna(), named("read-only"), Some("second".into()))
        .await
        .unwrap();
    library.forget().await;
    assert_eq!(call(&there).await.code(), "403 MSS.00024001");
}

#[tokio::test]
async fn attaching_twice_is_fine_and_written_down_once() {
    let library = Library::start().await;
    let app = &library.app;
    let user = library.user("anna").await;
    for _ in 0..2 {
        let done = attach(app, anna(), named("uploader"), None).await.unwrap();
        assert_eq!(done.policy.policy_id, "uploader");
        assert!(matches!(&done.to, Target::User(id, _) if id.as_str() == user.user_id));
    }
    let resource = format!("user/{}", user.user_id);
    assert_eq!(
        library.administered().await,
        [("policy-attach".to_owned(), resource)]
    );
    assert_eq!(users::show(app, "anna").await.unwrap().attachments.len(), 1);
}

#[tokio::test]
async fn a_document_is_stored_once_under_a_name_of_its_own() {
    let library = Library::start().await;
    let app = &library.app;
    library.user("anna").await;
    groups::create(app, "g", "").await.unwrap();
    let done = attach(app, anna(), document("lookers"), None)
        .await
        .unwrap();
    let name = &done.policy.name;
    assert!(
        name.starts_with("lookers-") && name.len() == "lookers-".len() + 8,
        "{name}"
    );
    let group = Holder::Group("g".into());
    let again = attach(app, group, document("lookers"), None).await.unwrap();
    assert_eq!(again.policy.policy_id, done.policy.policy_id);
    assert_eq!(list(app).await.unwrap().len(), 5);
    detach(app, anna(), document("lookers"), None)
        .await
        .unwrap();
    // one that was changed since is another one
    let change = Change {
        document: Some(LIST.replace("list", "get")),
        ..Change::default()
    };
    update(app, name, change).await.unwrap();
    let refused = attach(app, anna(), document("lookers"), None)
        .await
        .unwrap_err();
    assert_eq!(refused.code, ErrorCode::NameTaken);
    let long = attach(app, anna(), document(&"夏".repeat(80)), None)
        .await
        .unwrap();
    assert_eq!(long.policy.name.chars().count(), 64);
}

#[tokio::test]
async fn what_is_not_there_is_named() {
    let library = Library::start().await;
    let app = &library.app;
    library.user("anna").await;
    let bad = Wanted::Document {
        stem: "bad".into(),
        text: "{".into(),
    };
    for (holder, wanted, project, code) in [
        (
            Holder::User("bob".into()),
            named("uploader"),
            None,
            ErrorCode::IamNotFound,
        ),
        (
            Holder::Group("g".into()),
            named("uploader"),
            None,
            ErrorCode::IamNotFound,
        ),
        (anna(), named("nothing"), None, ErrorCode::IamNotFound),
        (
            anna(),
            named("uploader"),
            Some("nowhere"),
            ErrorCode::IamNotFound,
        ),
        (anna(), bad, None, ErrorCode::InvalidParameter),
    ] {
        let project = project.map(str::to_owned);
        let refused = attach(app, holder.clone(), wanted.clone(), project.clone()).await;
        assert_eq!(refused.unwrap_err().code, code, "{wanted:?}");
        let refused = detach(app, holder, wanted, project).await;
        assert_eq!(refused.unwrap_err().code, code);
    }
    assert!(library.administered().await.is_empty());
}
