//! Events that wait to be written together.

use std::time::Duration;

use entrepot_server::app::App;
use entrepot_server::audit::buffer::{ROOM, keep_writing};
use entrepot_server::audit::{Event, Outcome};
use serde_json::json;
use tokio::task::JoinSet;

use crate::harness::Library;

fn event(app: &App) -> Event {
    Event::new(app, "a:b:c", "x/1".into(), Outcome::Done, json!({}))
}

async fn written(library: &Library) -> i64 {
    library.rows("audit WHERE action = 'a:b:c'").await
}

#[tokio::test]
async fn none_is_lost_where_more_come_than_there_is_room_for() {
    const TASKS: usize = 20;
    let library = Library::start().await;
    let each = (ROOM + 2000) / TASKS;
    let mut tasks = JoinSet::new();
    for _ in 0..TASKS {
        let app = library.app.clone();
        tasks.spawn(async move {
            for _ in 0..each {
                app.audit.note(event(&app)).await;
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    // whoever found no room has written what was there
    assert!(written(&library).await >= 2000);
    library.app.audit.flush().await.unwrap();
    let all = i64::try_from(each * TASKS).unwrap();
    assert_eq!(written(&library).await, all);
}

#[tokio::test]
async fn room_that_is_kept_is_waited_for() {
    let library = Library::start().await;
    let audit = &library.app.audit;
    let mut kept = Vec::new();
    for _ in 0..ROOM {
        kept.push(audit.room().await);
    }
    let (app, noted) = (library.app.clone(), event(&library.app));
    let waits = tokio::spawn(async move { app.audit.note(noted).await });
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(!waits.is_finished());
    kept.pop().unwrap().send(event(&library.app));
    drop(kept);
    waits.await.unwrap();
    audit.flush().await.unwrap();
    assert_eq!(written(&library).await, 2);
}

#[tokio::test]
async fn what_could_not_be_written_is_written_later_and_once() {
    let library = Library::start().await;
    let audit = &library.app.audit;
    library.execute("ALTER TABLE audit RENAME TO away").await;
    for _ in 0..3 {
        audit.note(event(&library.app)).await;
    }
    assert!(audit.flush().await.is_err());
    audit.note(event(&library.app)).await;
    assert!(audit.flush().await.is_err());
    library.execute("ALTER TABLE away RENAME TO audit").await;
    audit.flush().await.unwrap();
    assert_eq!(written(&library).await, 4);
    audit.flush().await.unwrap();
    assert_eq!(written(&library).await, 4);
}

#[tokio::test]
async fn a_server_writes_twice_a_second_and_when_it_stops() {
    let library = Library::start().await;
    let audit = &library.app.audit;
    let writing = tokio::spawn(keep_writing(library.app.clone()));
    audit.note(event(&library.app)).await;
    let until = std::time::Instant::now() + Duration::from_secs(10);
    while written(&library).await == 0 {
        assert!(std::time::Instant::now() < until, "nothing was written");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    writing.abort();
    let _ = writing.await;
    audit.note(event(&library.app)).await;
    audit.close().await;
    assert_eq!(written(&library).await, 2);
}
