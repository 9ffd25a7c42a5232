//! `GET /v3/auth/projects`

use entrepot_server::iam::administer::{projects, users};

use crate::harness::{Call, Library};

async fn names(call: Call<'_>) -> Vec<String> {
    let answer = call.send().await.ok();
    let projects = answer["projects"].as_array().unwrap().iter();
    let names = projects.map(|project| project["name"].as_str().unwrap().to_owned());
    names.collect()
}

#[tokio::test]
async fn each_caller_sees_where_they_may_call() {
    let library = Library::start().await;
    projects::create(&library.app, "second", "of 夏")
        .await
        .unwrap();
    projects::create(&library.app, "third", "").await.unwrap();
    let user = library.user("u").await;
    let call = || library.call("GET", "/v3/auth/projects");
    assert_eq!(names(call()).await, ["local-1", "second", "third"]);
    assert_eq!(names(call().by(&user)).await, ["local-1"]);
    let change = users::Change {
        add_projects: vec!["third".into()],
        ..users::Change::default()
    };
    users::update(&library.app, "u", change).await.unwrap();
    // whatever the token is for
    let token = library.create_token_of(&user).await;
    assert_eq!(names(call().token(&token)).await, ["local-1", "third"]);
    assert_eq!(call().anonymous().send().await.code(), "401 APIGW.0301");
}
