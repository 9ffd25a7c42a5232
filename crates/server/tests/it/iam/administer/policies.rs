//! What an administrator does with policies.

use entrepot_server::error::ErrorCode;
use entrepot_server::iam::administer::attachments::{Holder, Wanted, attach};
use entrepot_server::iam::administer::policies::{Change, create, delete, list, show, update};

use super::LIST;
use crate::harness::Library;

const NOTHING: &str =
    r#"{"Version":"1.1","Statement":[{"Effect":"Deny","Action":["metastudio:asset:list"]}]}"#;

#[tokio::test]
async fn what_a_policy_says_counts_for_everybody_who_has_it() {
    let library = Library::start().await;
    let app = &library.app;
    let user = library.user("anna").await;
    let made = create(app, "lookers", "who look", LIST).await.unwrap();
    let (anna, policy) = (Holder::User("anna".into()), Wanted::Named("lookers".into()));
    attach(app, anna, policy, None).await.unwrap();
    let call = || library.call("GET", "digital-assets").by(&user).send();
    assert_eq!(call().await.status, 200);
    let change = Change {
        document: Some(NOTHING.into()),
        ..Change::default()
    };
    let changed = update(app, &made.policy_id, change).await.unwrap();
    assert_eq!(changed.description, "who look");
    library.forget().await;
    assert_eq!(call().await.code(), "403 MSS.00024001");
    let shown = show(app, "lookers").await.unwrap();
    assert_eq!(shown.document, NOTHING);
    assert_eq!(shown.attachments[0].user_name.as_deref(), Some("anna"));
    let refused = delete(app, "lookers", false).await.unwrap_err();
    insta::assert_snapshot!(refused.message, @"The policy lookers is attached to the user anna: detach it first, or detach and delete it with --force.");
    delete(app, "lookers", true).await.unwrap();
    assert_eq!(
        show(app, "lookers").await.unwrap_err().code,
        ErrorCode::IamNotFound
    );
}

#[tokio::test]
async fn built_in_policies_are_there_and_stay_as_they_are() {
    let library = Library::start().await;
    let app = &library.app;
    create(app, "mine", "", LIST).await.unwrap();
    let names: Vec<_> = list(app)
        .await
        .unwrap()
        .into_iter()
        .map(|p| p.name)
        .collect();
    assert_eq!(
        names,
        ["full-access", "packager", "read-only", "uploader", "mine"]
    );
    assert!(show(app, "uploader").await.unwrap().is_builtin);
    let refused = delete(app, "uploader", true).await.unwrap_err();
    insta::assert_snapshot!(refused.message, @"uploader is a built-in policy: it can't be changed or deleted.");
    assert!(update(app, "uploader", Change::default()).await.is_err());
    let taken = create(app, "uploader", "", LIST).await.unwrap_err();
    assert_eq!(taken.code, ErrorCode::NameTaken);
}

#[tokio::test]
async fn documents_that_are_not_valid_say_why() {
    let library = Library::start().await;
    let app = &library.app;
    create(app, "taken", "", LIST).await.unwrap();
    for (name, document, code) in [
        ("x", "", ErrorCode::InvalidParameter),
        ("x", "{}", ErrorCode::InvalidParameter),
        (
            "x",
            r#"{"Version":"1.0","Statement":[]}"#,
            ErrorCode::InvalidParameter,
        ),
        ("x.json", LIST, ErrorCode::InvalidParameter),
        ("a/b", LIST, ErrorCode::InvalidParameter),
        ("", LIST, ErrorCode::InvalidParameter),
        ("taken", LIST, ErrorCode::NameTaken),
    ] {
        let refused = create(app, name, "", document).await.unwrap_err();
        assert_eq!(refused.code, code, "{name} {document}: {refused}");
    }
    let change = Change {
        document: Some("{}".into()),
        ..Change::default()
    };
    let refused = update(app, "taken", change).await.unwrap_err();
    assert!(refused.message.contains("policy is not valid"), "{refused}");
    let odd = LIST.replace("asset:list", "asset:fly");
    let made = create(app, "odd", "", &odd).await.unwrap();
    assert_eq!(made.warnings().len(), 1);
}
