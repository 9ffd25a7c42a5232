//! The queue: one unfinished job a subject, one holder a job, fences.

use std::collections::HashSet;
use std::time::Duration;

use entrepot_server::clock::Timestamp;
use entrepot_server::ids::JobId;
use entrepot_server::jobs::Lane;
use entrepot_server::jobs::queue::{self, Claimed, LEASE, NewJob};
use futures_util::future::join_all;

use crate::harness::Library;

fn job(subject: &str, run_at: Timestamp) -> NewJob {
    NewJob {
        job_id: JobId::new(entrepot_server::ids::Ids.next()),
        kind: "probe".into(),
        lane: Lane::Main,
        subject: subject.into(),
        payload: "{}".into(),
        total: 0,
        run_at,
        now: run_at,
    }
}

async fn insert(library: &Library, subject: &str, run_at: Timestamp) -> bool {
    let job = job(subject, run_at);
    let db = library.app.db.clone();
    db.write(async move |tx| queue::insert(tx, &job).await)
        .await
        .unwrap()
}

async fn claim(library: &Library) -> Option<Claimed> {
    let now = library.app.clock.now();
    let db = library.app.db.clone();
    db.write(async move |tx| queue::claim(tx, Lane::Main, now).await)
        .await
        .unwrap()
}

async fn finish(library: &Library, job: &Claimed) -> bool {
    let (now, job) = (library.app.clock.now(), job.clone());
    let db = library.app.db.clone();
    db.write(async move |tx| queue::finish(tx, &job, None, now).await)
        .await
        .unwrap()
}

#[tokio::test]
async fn one_unfinished_job_stands_for_a_subject() {
    let library = Library::start().await;
    let now = library.app.clock.now();
    assert!(insert(&library, "a", now).await);
    assert!(!insert(&library, "a", now).await);
    let held = claim(&library).await.unwrap();
    assert!(!insert(&library, "a", now).await);
    assert!(finish(&library, &held).await);
    assert!(insert(&library, "a", now).await);
    library.leave_jobs();
}

#[tokio::test]
async fn jobs_come_in_the_order_they_are_due_and_not_before() {
    let library = Library::start().await;
    let now = library.app.clock.now();
    insert(&library, "later", now.plus(Duration::from_secs(1))).await;
    insert(&library, "second", now).await;
    insert(&library, "first", now.minus(Duration::from_secs(1))).await;
    for _ in 0..2 {
        let held = claim(&library).await.unwrap();
        finish(&library, &held).await;
    }
    assert!(claim(&library).await.is_none());
    assert_eq!(
        library
            .rows("jobs WHERE subject = 'later' AND state = 'QUEUED'")
            .await,
        1
    );
    library.leave_jobs();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_job_goes_to_one_of_many_workers() {
    let library = Library::start().await;
    for n in 0..12 {
        insert(&library, &n.to_string(), library.app.clock.now()).await;
    }
    let work = (0..6).map(async |_| {
        let mut mine = Vec::new();
        while let Some(held) = claim(&library).await {
            mine.push(held.job_id.clone());
            assert!(finish(&library, &held).await);
        }
        mine
    });
    let all: Vec<JobId> = join_all(work).await.concat();
    assert_eq!(all.len(), 12);
    assert_eq!(all.into_iter().collect::<HashSet<_>>().len(), 12);
}

#[tokio::test]
async fn a_lapsed_lease_goes_to_another_and_the_first_is_fenced_off() {
    let library = Library::start().await;
    insert(&library, "a", library.app.clock.now()).await;
    let first = claim(&library).await.unwrap();
    library.pass_almost(LEASE);
    assert!(claim(&library).await.is_none());
    library.pass(Duration::from_millis(1));
    let second = claim(&library).await.unwrap();
    assert_eq!((first.attempt, second.attempt), (1, 2));
    assert_eq!(first.job_id, second.job_id);
    assert!(!finish(&library, &first).await);
    assert!(finish(&library, &second).await);
    assert!(!finish(&library, &second).await);
}

#[tokio::test]
async fn progress_renews_the_lease() {
    let library = Library::start().await;
    insert(&library, "a", library.app.clock.now()).await;
    let held = claim(&library).await.unwrap();
    for done in 1..4 {
        library.pass_almost(LEASE);
        let (now, job) = (library.app.clock.now(), held.clone());
        let renewed = library
            .app
            .db
            .write(async move |tx| queue::progress(tx, &job, done, 9, now).await);
        assert!(renewed.await.unwrap());
    }
    assert!(claim(&library).await.is_none());
    assert!(finish(&library, &held).await);
}

#[tokio::test]
async fn a_cancelled_job_can_not_be_finished() {
    let library = Library::start().await;
    insert(&library, "a", library.app.clock.now()).await;
    let held = claim(&library).await.unwrap();
    let now = library.app.clock.now();
    let cancelled = library
        .app
        .db
        .write(async move |tx| queue::cancel(tx, "probe", "a", now).await);
    cancelled.await.unwrap();
    assert!(!finish(&library, &held).await);
    assert_eq!(library.rows("jobs WHERE state = 'CANCELLED'").await, 1);
}
