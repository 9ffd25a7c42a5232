//! `GET /v2/{project_id}/instances`

use entrepot_server::instances::administer;
use serde_json::json;

use crate::harness::Library;

fn path(library: &Library, query: &str) -> String {
    format!("/v2/{}/instances{query}", library.owner.project_id)
}

#[tokio::test]
async fn an_instance_shows_what_is_true_of_it() {
    let library = Library::start().await;
    let answer = library.get(&path(&library, "")).await.ok();
    let expected = json!({"total": 1, "size": 1, "instances": [{
        "id": library.owner.instance_id, "name": "default", "description": "",
        "status": "RUNNING", "project_id": library.owner.project_id,
        "create_time": "2027-01-15T08:00:00Z", "update_time": "2027-01-15T08:00:00Z"}]});
    assert_eq!(answer, expected);
}

#[tokio::test]
async fn pages_are_cut_and_counted() {
    let library = Library::start().await;
    for name in ["b", "a"] {
        library.pass(std::time::Duration::from_millis(1));
        administer::create(&library.app, name, None, "d")
            .await
            .unwrap();
    }
    let names = async |query: &str| {
        let page = library.get(&path(&library, query)).await.ok();
        assert_eq!(
            page["size"],
            page["instances"].as_array().unwrap().len(),
            "{query}"
        );
        let names = page["instances"].as_array().unwrap().iter();
        let names: Vec<_> = names.map(|i| i["name"].as_str().unwrap()).collect();
        format!("{} of {}", names.join(" "), page["total"])
    };
    assert_eq!(names("").await, "default b a of 3");
    assert_eq!(names("?limit=2").await, "default b of 3");
    assert_eq!(names("?limit=2&offset=2").await, "a of 3");
    assert_eq!(names("?offset=3").await, " of 3");
    assert_eq!(names("?status=running").await, "default b a of 3");
    assert_eq!(names("?status=").await, "default b a of 3");
    assert_eq!(names("?status=CREATING").await, " of 0");
}

#[tokio::test]
async fn parameters_out_of_range_are_named() {
    let library = Library::start().await;
    for (query, field) in [
        ("?limit=0", "limit"),
        ("?limit=1001", "limit"),
        ("?offset=-1", "offset"),
        ("?status=ASLEEP", "status"),
        ("?state=RUNNING", "state"),
    ] {
        let answer = library.get(&path(&library, query)).await;
        assert_eq!(answer.code(), "400 ROMA.13000", "{query}");
        assert!(answer.line().contains(field), "{}", answer.line());
    }
    library.get(&path(&library, "?limit=1000")).await.ok();
}

#[tokio::test]
async fn another_project_is_refused() {
    let library = Library::start().await;
    let stranger = library.stranger().await;
    let path = path(&library, "");
    let theirs = library.call("GET", &path).by(&stranger).send().await;
    assert_eq!(theirs.code(), "403 ROMA.1006");
    let unknown = library.call("GET", &path).anonymous().send().await;
    assert_eq!(unknown.status, 401);
}
