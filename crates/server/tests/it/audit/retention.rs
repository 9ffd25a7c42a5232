//! Events are forgotten when they are old, and by nothing else.

use entrepot_server::audit::{Event, Filter, Outcome, TidyAudit, record_all};
use entrepot_server::jobs;
use serde_json::json;

use crate::harness::{DAY, Library};

async fn tidy(library: &Library) {
    let app = library.app.clone();
    let queued = library.app.db.write(async move |tx| {
        let now = app.clock.now();
        jobs::enqueue(tx, &app, &TidyAudit::default(), now).await
    });
    assert!(queued.await.unwrap());
    library.run_due_jobs().await;
}

async fn add(library: &Library, n: usize) {
    let app = library.app.clone();
    let added = library.app.db.write(async move |tx| {
        let event = || Event::new(&app, "a:b:c", "x/1".into(), Outcome::Done, json!({}));
        let events: Vec<_> = (0..n).map(|_| event()).collect();
        record_all(tx, &events).await
    });
    added.await.unwrap();
}

async fn count(library: &Library) -> usize {
    library.events(Filter::default()).await.len()
}

#[tokio::test]
async fn events_are_kept_as_long_as_the_setting_says() {
    let library = Library::with(|setup| setup.config.audit_days = 30).await;
    // more than one transaction takes
    add(&library, 2300).await;
    library.pass(DAY);
    add(&library, 7).await;
    library.pass(DAY * 29);
    tidy(&library).await;
    assert_eq!(count(&library).await, 2307);
    library.pass(DAY / 2);
    tidy(&library).await;
    assert_eq!(count(&library).await, 7);
    library.pass(DAY);
    tidy(&library).await;
    assert_eq!(count(&library).await, 0);
}

#[tokio::test]
async fn zero_days_keep_them_for_ever() {
    let library = Library::with(|setup| setup.config.audit_days = 0).await;
    add(&library, 3).await;
    library.pass(DAY * 4000);
    tidy(&library).await;
    assert_eq!(count(&library).await, 3);
}

#[tokio::test]
async fn an_event_that_is_there_is_not_changed_by_one_of_its_id() {
    let library = Library::start().await;
    let app = library.app.clone();
    let event = Event::new(&app, "a:b:c", "x/1".into(), Outcome::Done, json!({}));
    let mut other = event.clone();
    other.resource = "x/2".into();
    let events = [event, other.clone()];
    let added = app.db.write(async move |tx| record_all(tx, &events).await);
    added.await.unwrap();
    let added = app
        .db
        .write(async move |tx| record_all(tx, &[other.clone()]).await);
    added.await.unwrap();
    let events = library.events(Filter::default()).await;
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].resource, "x/1");
}
