//! Unknown paths and methods, request ids, health.

use std::collections::HashSet;

use crate::harness::Library;

#[tokio::test]
async fn what_is_not_there_is_said_in_the_form_of_its_family() {
    let library = Library::start().await;
    for (method, path, expected) in [
        ("GET", "nothing", "400 MSS.00010003"),
        ("PATCH", "digital-assets", "400 MSS.00010004"),
        ("PUT", "files", "400 MSS.00010004"),
        ("GET", "/v1", "400 MSS.00010003"),
        ("GET", "/v3/nothing", "404 Not Found"),
        ("GET", "/nothing/here", "404 APIGW.0101"),
        ("GET", "/", "404 APIGW.0101"),
        ("POST", "/healthz", "404 APIGW.0101"),
        ("GET", "/objects", "404 NoSuchKey"),
    ] {
        let answer = library.call(method, path).send().await;
        assert_eq!(answer.code(), expected, "{method} {path}");
        assert!(!answer.header("x-request-id").is_empty(), "{path}");
    }
}

#[tokio::test]
async fn every_answer_has_a_request_id_of_its_own() {
    let library = Library::start().await;
    let mut ids = HashSet::new();
    for path in [
        "digital-assets",
        "digital-assets/x",
        "/healthz",
        "/readyz",
        "/metrics",
        "/x",
        "/openapi.json",
    ] {
        let answer = library.get(path).await;
        assert_eq!(answer.header("x-request-id").len(), 32, "{path}");
        assert!(ids.insert(answer.header("x-request-id").to_owned()));
    }
}

#[tokio::test]
async fn health_is_open_to_all() {
    let library = Library::start().await;
    for (path, text) in [("/healthz", "ok\n"), ("/readyz", "ready\n")] {
        let answer = library.call("GET", path).anonymous().send().await;
        assert_eq!((answer.status, answer.text().as_str()), (200, text));
    }
    let page = library.call("GET", "/docs/").anonymous().send().await;
    assert_eq!(page.status, 200);
}
