//! The instance of the first start.

use entrepot_server::iam::bootstrap::{Credentials, FILE};
use entrepot_server::instances::{administer, bootstrap};

use crate::harness::Library;

/// Writes the owner's file, naming this instance, and starts again.
async fn start_with(library: &Library, instance_id: Option<String>) -> Option<String> {
    let mut credentials = library.owner.clone();
    credentials.instance_id = instance_id;
    let path = library.data().join(FILE);
    credentials.write(&path).unwrap();
    bootstrap::bootstrap(&library.app).await.unwrap();
    Credentials::read(&path).unwrap().unwrap().instance_id
}

#[tokio::test]
async fn a_file_that_names_none_gets_the_one_that_is_there() {
    let library = Library::start().await;
    assert_eq!(start_with(&library, None).await, library.owner.instance_id);
    assert_eq!(library.rows("instances").await, 1);
}

#[tokio::test]
async fn a_library_without_one_gets_it_at_its_next_start() {
    let library = Library::start().await;
    library.execute("DELETE FROM instances").await;
    let made = start_with(&library, None).await.unwrap();
    let all = administer::list(&library.app).await.unwrap();
    assert_eq!(all.len(), 1);
    assert_eq!(all[0].instance_id.as_str(), made);
    assert_eq!((&*all[0].name, &*all[0].description), ("default", ""));
    // and keeps it
    assert_eq!(start_with(&library, Some(made.clone())).await, Some(made));
    assert_eq!(library.rows("instances").await, 1);
}

#[tokio::test]
async fn an_id_that_a_crash_left_in_the_file_is_taken_up() {
    let library = Library::start().await;
    library.execute("DELETE FROM instances").await;
    let left = Some("abc".to_owned());
    assert_eq!(start_with(&library, left.clone()).await, left);
    let all = administer::list(&library.app).await.unwrap();
    assert_eq!(all[0].instance_id.as_str(), "abc");
}

#[tokio::test]
async fn a_node_without_the_file_makes_none() {
    let library = Library::start().await;
    library.execute("DELETE FROM instances").await;
    bootstrap::bootstrap(&library.app).await.unwrap();
    assert_eq!(library.rows("instances").await, 0);
}

#[test]
fn files_of_earlier_versions_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(FILE);
    let text = r#"{"endpoint": "http://x", "region": "r", "domain_id": "d", "domain_name": "n",
        "project_id": "p", "project_name": "r", "user_id": "u", "user_name": "owner",
        "password": "s", "access_key": "a", "secret_key": "k"}"#;
    std::fs::write(&path, text).unwrap();
    let read = Credentials::read(&path).unwrap().unwrap();
    assert_eq!(read.instance_id, None);
}
