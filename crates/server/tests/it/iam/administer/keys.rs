//! What an administrator does with access keys.

use entrepot_server::error::ErrorCode;
use entrepot_server::iam::administer::keys::{Change, create, delete, list, show, update};
use entrepot_server::iam::bootstrap::Credentials;

use crate::harness::Library;

#[tokio::test]
async fn a_key_works_until_it_is_switched_off_or_deleted() {
    let library = Library::start().await;
    let app = &library.app;
    let user = library.user("anna").await;
    let (found, secret) = create(app, "anna", "for the robot").await.unwrap();
    let access_key = found.key.access_key.clone();
    assert!(!found.key.sealed.contains(secret.expose()));
    let robot = Credentials {
        access_key: access_key.clone(),
        secret_key: secret.expose().into(),
        ..user
    };
    let call = || library.call("GET", "/v3/auth/domains").by(&robot).send();
    let off = Change {
        enabled: Some(false),
        ..Change::default()
    };
    assert!(!update(app, &access_key, off).await.unwrap().key.enabled);
    assert_eq!(call().await.code(), "401 APIGW.0301");
    let on = Change {
        enabled: Some(true),
        description: Some("again".into()),
    };
    assert_eq!(
        update(app, &access_key, on).await.unwrap().key.description,
        "again"
    );
    assert_eq!(call().await.status, 200);
    delete(app, &access_key).await.unwrap();
    library.forget().await;
    assert_eq!(call().await.code(), "401 APIGW.0301");
    assert_eq!(
        show(app, &access_key).await.unwrap_err().code,
        ErrorCode::IamNotFound
    );
    let done: Vec<_> = library
        .administered()
        .await
        .into_iter()
        .map(|(what, _)| what)
        .collect();
    assert_eq!(
        done,
        ["key-delete", "key-update", "key-update", "key-create"]
    );
}

#[tokio::test]
async fn keys_are_listed_by_user_and_those_of_other_accounts_never() {
    let library = Library::start().await;
    let app = &library.app;
    library.user("anna").await;
    let stranger = library.stranger().await;
    create(app, "anna", "").await.unwrap();
    assert_eq!(list(app, None).await.unwrap().len(), 3);
    let of_anna = list(app, Some("anna")).await.unwrap();
    assert_eq!(of_anna.len(), 2);
    assert!(of_anna.iter().all(|found| found.user.name == "anna"));
    for refused in [
        list(app, Some("nobody")).await.map(|_| ()),
        show(app, &stranger.access_key).await.map(|_| ()),
        delete(app, &stranger.access_key).await.map(|_| ()),
        create(app, "nobody", "").await.map(|_| ()),
    ] {
        assert_eq!(refused.unwrap_err().code, ErrorCode::IamNotFound);
    }
    let long = create(app, "anna", &"x".repeat(256)).await;
    assert_eq!(long.unwrap_err().code, ErrorCode::InvalidParameter);
}
