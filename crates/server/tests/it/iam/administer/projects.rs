//! What an administrator does with projects.

use entrepot_server::error::ErrorCode;
use entrepot_server::iam::administer::projects::{Change, create, delete, list, show, update};
use entrepot_server::instances;
use futures_util::future::join_all;
use serde_json::json;

use crate::harness::Library;

fn renamed(name: &str) -> Change {
    Change {
        name: Some(name.into()),
        ..Change::default()
    }
}

#[tokio::test]
async fn a_project_lives_from_its_creation_to_its_deletion() {
    let library = Library::start().await;
    let app = &library.app;
    let made = create(app, "studio", "of 夏").await.unwrap();
    let id = made.project_id.as_str();
    library.forget().await;
    let path = format!("/v1/{id}/digital-assets");
    library.get(&path).await.ok();
    let found = show(app, "studio").await.unwrap();
    assert_eq!(
        (found.project_id.as_str(), &*found.description),
        (id, "of 夏")
    );
    let found = update(app, id, renamed("atelier")).await.unwrap();
    assert_eq!((&*found.name, &*found.description), ("atelier", "of 夏"));
    assert!(show(app, "studio").await.is_err());
    let names: Vec<_> = list(app)
        .await
        .unwrap()
        .into_iter()
        .map(|p| p.name)
        .collect();
    assert_eq!(names, ["local-1", "atelier"]);
    delete(app, "atelier").await.unwrap();
    assert_eq!(
        show(app, id).await.unwrap_err().code,
        ErrorCode::IamNotFound
    );
    library.forget().await;
    assert_eq!(library.get(&path).await.code(), "400 MSS.00010009");
    // the name is free again
    create(app, "atelier", "").await.unwrap();
    let resource = format!("project/{id}");
    let done = library.administered().await.into_iter();
    let done: Vec<_> = done
        .filter(|(_, of)| *of == resource)
        .map(|(what, _)| what)
        .collect();
    assert_eq!(done, ["project-delete", "project-update", "project-create"]);
}

#[tokio::test]
async fn a_project_that_holds_something_stays() {
    let library = Library::start().await;
    let app = &library.app;
    let made = create(app, "studio", "").await.unwrap();
    let id = made.project_id.as_str();
    let path = format!("/v1/{id}/digital-assets");
    let body = json!({"asset_name": "n", "asset_type": "IMAGE"});
    let asset = library.call("POST", &path).json(&body).send().await.ok();
    let instance = instances::administer::create(app, "i", Some(id.to_owned()), "").await;
    let instance = instance.unwrap().instance_id;
    let apps = format!("/v2/{id}/instances/{instance}/apps");
    let made = library.post(&apps, &json!({"name": "an app"})).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let refused = delete(app, "studio").await.unwrap_err();
    insta::assert_snapshot!(refused.message, @"The project studio still has assets, applications.");
    let application = made.json()["id"].as_str().unwrap().to_owned();
    library.delete(&format!("{apps}/{application}")).await;
    let asset = asset["asset_id"].as_str().unwrap();
    library.delete(&format!("{path}/{asset}")).await;
    // the recycle bin is something too
    assert!(delete(app, "studio").await.is_err());
    library.delete(&format!("{path}/{asset}?mode=force")).await;
    delete(app, "studio").await.unwrap();
    let instances = instances::administer::list(app).await.unwrap();
    assert!(instances.iter().all(|other| other.instance_id != instance));
    let last = delete(app, "local-1").await.unwrap_err();
    assert!(last.message.contains("only project"), "{last}");
}

#[tokio::test]
async fn bad_names_and_names_that_are_taken_are_refused() {
    let library = Library::start().await;
    let app = &library.app;
    for (name, description, code) in [
        ("", "", ErrorCode::InvalidParameter),
        (" a", "", ErrorCode::InvalidParameter),
        ("a\nb", "", ErrorCode::InvalidParameter),
        (&*"x".repeat(65), "", ErrorCode::InvalidParameter),
        ("a", &*"x".repeat(256), ErrorCode::InvalidParameter),
        ("local-1", "", ErrorCode::NameTaken),
    ] {
        let refused = create(app, name, description).await.unwrap_err();
        assert_eq!(refused.code, code, "{name:?}");
    }
    create(app, "studio", "").await.unwrap();
    let taken = update(app, "studio", renamed("local-1")).await.unwrap_err();
    assert_eq!(taken.code, ErrorCode::NameTaken);
    update(app, "studio", renamed("studio")).await.unwrap();
    let unknown = update(app, "nothing", renamed("x")).await.unwrap_err();
    insta::assert_snapshot!(unknown.message, @"There is no project with the name or id nothing.");
}

#[tokio::test]
async fn other_accounts_are_not_the_administrator_s() {
    let library = Library::start().await;
    let stranger = library.stranger().await;
    assert_eq!(list(&library.app).await.unwrap().len(), 1);
    assert!(show(&library.app, &stranger.project_id).await.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_name_goes_to_one_of_many() {
    let library = Library::start().await;
    let made = join_all((0..8).map(|_| create(&library.app, "n", ""))).await;
    let (good, bad): (Vec<_>, Vec<_>) = made.into_iter().partition(Result::is_ok);
    assert_eq!(good.len(), 1);
    for refused in bad {
        assert_eq!(refused.unwrap_err().code, ErrorCode::NameTaken);
    }
}
