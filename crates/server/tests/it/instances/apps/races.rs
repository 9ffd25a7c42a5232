//! Rules of applications and tasks that hold when many ask at once.

use futures_util::future::join_all;
use serde_json::json;

use crate::harness::{Answer, Library, task};

fn tally(answers: &[Answer]) -> std::collections::BTreeMap<String, usize> {
    let mut tally = std::collections::BTreeMap::new();
    for answer in answers {
        *tally.entry(answer.code()).or_default() += 1;
    }
    tally
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_name_goes_to_one_of_many() {
    let library = Library::start().await;
    let body = json!({"name": "n"});
    let answers = join_all((0..12).map(|_| library.create_app_with(&body))).await;
    let expected = [("201".into(), 1), ("400 ROMA.19013".into(), 11)];
    assert_eq!(tally(&answers), expected.into());
    assert_eq!(library.rows("apps").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_key_goes_to_one_of_many() {
    let library = Library::start().await;
    let bodies: Vec<_> = (0..12)
        .map(|n| json!({"name": n.to_string(), "key": "one-key"}))
        .collect();
    let answers = join_all(bodies.iter().map(|body| library.create_app_with(body))).await;
    let expected = [("201".into(), 1), ("400 ROMA.19014".into(), 11)];
    assert_eq!(tally(&answers), expected.into());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_tasks_name_goes_to_one_of_many() {
    let library = Library::start().await;
    let (path, body) = (library.tasks(""), task("n"));
    let answers = join_all((0..12).map(|_| library.post(&path, &body))).await;
    let expected = [("200".into(), 1), ("400 ROMA.19013".into(), 11)];
    assert_eq!(tally(&answers), expected.into());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_of_many_deletes_deletes() {
    let library = Library::start().await;
    let path = library.apps(&format!("/{}", library.create_app("n").await));
    let answers = join_all((0..8).map(|_| library.delete(&path))).await;
    let expected = [("200".into(), 1), ("404 APIG.3019".into(), 7)];
    assert_eq!(tally(&answers), expected.into());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_stays_attached_to_an_application_that_is_deleted_meanwhile() {
    let library = Library::start().await;
    let asset = library.create_asset("IMAGE").await;
    for n in 0..4 {
        let app = library.create_app(&n.to_string()).await;
        let path = library.apps(&format!("/{app}"));
        let assets = [&*asset];
        let attaching = join_all((0..4).map(|_| library.attach(&app, &assets)));
        let (attached, deleted) = tokio::join!(attaching, library.delete(&path));
        assert_eq!(deleted.status, 200, "{}", deleted.line());
        for answer in attached {
            let code = answer.code();
            assert!(matches!(&*code, "200" | "404 APIG.3019"), "{code}");
        }
    }
    assert_eq!(library.rows("app_assets").await, 0);
}
