//! What an administrator does with instances.

use entrepot_server::error::ErrorCode;
use entrepot_server::instances::administer::{create, list};
use futures_util::future::join_all;

use crate::harness::Library;

#[tokio::test]
async fn an_instance_is_created_in_the_project_named() {
    let library = Library::start().await;
    let stranger = library.stranger().await;
    let project = Some(stranger.project_id.clone());
    let created = create(&library.app, "second", project, "of 夏").await;
    let created = created.unwrap();
    assert_eq!(created.project_id.as_str(), stranger.project_id);
    assert_eq!((&*created.name, &*created.description), ("second", "of 夏"));
    let all = list(&library.app).await.unwrap();
    assert_eq!(all.len(), 3);
    assert!(all.iter().any(|i| i.instance_id == created.instance_id));
}

#[tokio::test]
async fn a_project_must_be_named_where_there_are_several() {
    let library = Library::start().await;
    create(&library.app, "only", None, "").await.unwrap();
    let stranger = library.stranger().await;
    let error = create(&library.app, "n", None, "").await.unwrap_err();
    assert!(error.message.contains(&stranger.project_id), "{error}");
    let unknown = Some("0123".to_owned());
    let error = create(&library.app, "n", unknown, "").await.unwrap_err();
    assert!(error.message.contains("project"), "{error}");
}

#[tokio::test]
async fn names_are_labels_of_64_characters() {
    let library = Library::start().await;
    let app = &library.app;
    create(app, &"夏".repeat(64), None, &"d".repeat(255))
        .await
        .unwrap();
    for (name, description) in [
        ("夏".repeat(65), String::new()),
        (String::new(), String::new()),
        ("a\nb".into(), String::new()),
        ("n".into(), "d".repeat(256)),
    ] {
        let refused = create(app, &name, None, &description).await;
        assert_eq!(refused.unwrap_err().code, ErrorCode::InvalidParameter);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_name_goes_to_one_of_many() {
    let library = Library::start().await;
    let created = join_all((0..8).map(|_| create(&library.app, "n", None, ""))).await;
    let (good, bad): (Vec<_>, Vec<_>) = created.into_iter().partition(Result::is_ok);
    assert_eq!(good.len(), 1);
    for refused in bad {
        assert_eq!(refused.unwrap_err().code, ErrorCode::NameTaken);
    }
}
