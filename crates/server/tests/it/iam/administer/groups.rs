//! What an administrator does with groups.

use entrepot_server::error::ErrorCode;
use entrepot_server::iam::administer::attachments::{Holder, Wanted, attach};
use entrepot_server::iam::administer::groups::{
    Change, add_user, create, delete, list, remove_user, show, update,
};

use crate::harness::Library;

#[tokio::test]
async fn members_of_a_group_have_its_policies_while_they_are_members() {
    let library = Library::start().await;
    let app = &library.app;
    let user = library.user("anna").await;
    create(app, "viewers", "who look").await.unwrap();
    let (group, policy) = (
        Holder::Group("viewers".into()),
        Wanted::Named("read-only".into()),
    );
    attach(app, group, policy, None).await.unwrap();
    let found = add_user(app, "viewers", "anna").await.unwrap();
    assert_eq!(
        found.members,
        [(
            entrepot_server::ids::UserId::new(&user.user_id),
            "anna".into()
        )]
    );
    assert_eq!(found.attachments[0].policy_name, "read-only");
    // twice is fine
    add_user(app, "viewers", &user.user_id).await.unwrap();
    let call = || library.call("GET", "digital-assets").by(&user).send();
    assert_eq!(call().await.status, 200);
    remove_user(app, "viewers", "anna").await.unwrap();
    library.forget().await;
    assert_eq!(call().await.code(), "403 MSS.00024001");
    let refused = remove_user(app, "viewers", "anna").await.unwrap_err();
    insta::assert_snapshot!(refused.message, @"anna is no member of viewers.");
}

#[tokio::test]
async fn a_deleted_group_takes_its_policies_with_it() {
    let library = Library::start().await;
    let app = &library.app;
    let user = library.user("anna").await;
    let made = create(app, "viewers", "").await.unwrap();
    let (group, policy) = (
        Holder::Group("viewers".into()),
        Wanted::Named("read-only".into()),
    );
    attach(app, group, policy, None).await.unwrap();
    add_user(app, "viewers", "anna").await.unwrap();
    delete(app, made.group.group_id.as_str()).await.unwrap();
    assert!(list(app).await.unwrap().is_empty());
    let call = library.call("GET", "digital-assets").by(&user);
    assert_eq!(call.send().await.code(), "403 MSS.00024001");
    let done: Vec<_> = library
        .administered()
        .await
        .into_iter()
        .map(|(what, _)| what)
        .collect();
    assert_eq!(
        done,
        [
            "group-delete",
            "group-add-user",
            "policy-attach",
            "group-create"
        ]
    );
}

#[tokio::test]
async fn names_are_unique_and_can_be_changed() {
    let library = Library::start().await;
    let app = &library.app;
    create(app, "a", "").await.unwrap();
    create(app, "b", "").await.unwrap();
    let renamed = |name: &str| Change {
        name: Some(name.into()),
        ..Change::default()
    };
    assert_eq!(
        create(app, "a", "").await.unwrap_err().code,
        ErrorCode::NameTaken
    );
    assert_eq!(
        update(app, "b", renamed("a")).await.unwrap_err().code,
        ErrorCode::NameTaken
    );
    let long = update(app, "b", renamed(&"x".repeat(65))).await;
    assert_eq!(long.unwrap_err().code, ErrorCode::InvalidParameter);
    assert_eq!(
        update(app, "b", renamed("c")).await.unwrap().group.name,
        "c"
    );
    assert_eq!(
        show(app, "b").await.unwrap_err().code,
        ErrorCode::IamNotFound
    );
    assert_eq!(
        add_user(app, "a", "nobody").await.unwrap_err().code,
        ErrorCode::IamNotFound
    );
}
