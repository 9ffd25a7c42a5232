//! `GET /v3/projects`

use crate::harness::Library;

#[tokio::test]
async fn projects_are_the_caller_s_and_can_be_asked_for_by_name() {
    let library = Library::start().await;
    library.stranger().await;
    for (query, found) in [
        ("", 1),
        ("?name=local-1", 1),
        ("?name=local", 0),
        ("?name=", 0),
    ] {
        let answer = library.get(&format!("/v3/projects{query}")).await.ok();
        assert_eq!(
            answer["projects"].as_array().unwrap().len(),
            found,
            "{query}"
        );
    }
    let answer = library.get("/v3/projects").await.ok();
    let project = &answer["projects"][0];
    assert_eq!(project["id"], library.owner.project_id.as_str());
    assert_eq!(project["domain_id"], library.owner.domain_id.as_str());
    assert_eq!(project["name"], "local-1");
}

#[tokio::test]
async fn a_token_of_the_domain_sees_all_its_projects() {
    let library = Library::start().await;
    let body = library.password_body();
    let answer = library.ask_for_token(&body).await;
    let token = answer.header("x-subject-token");
    let listed = library
        .call("GET", "/v3/projects")
        .token(token)
        .send()
        .await
        .ok();
    assert_eq!(listed["projects"].as_array().unwrap().len(), 1);
}
