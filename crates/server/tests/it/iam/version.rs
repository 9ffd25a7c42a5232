//! `GET /v3`

use crate::harness::Library;

#[tokio::test]
async fn clients_that_look_first_find_version_3() {
    let library = Library::start().await;
    let answer = library.call("GET", "/v3").anonymous().send().await.ok();
    let version = &answer["version"];
    assert!(version["id"].as_str().unwrap().starts_with("v3."));
    assert_eq!(version["status"], "stable");
    assert_eq!(version["links"][0]["rel"], "self");
    assert_eq!(version["links"][0]["href"], "http://library.test/v3/");
}
