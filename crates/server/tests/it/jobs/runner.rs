//! Running jobs: retry or fail is the job's own decision, and whatever happens is written down.

use std::time::Duration;

use entrepot_server::jobs::{self, Context, Job, JobError, Registry, Runner};
use serde::{Deserialize, Serialize};

use crate::harness::Library;

/// Does what its payload says until an attempt's number is reached, then succeeds.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Probe {
    does: String,
    until: i64,
}

impl Job for Probe {
    const KIND: &'static str = "probe";

    fn subject(&self) -> &str {
        &self.does
    }

    async fn run(&self, context: &Context) -> Result<(), JobError> {
        if context.job.attempt > self.until {
            return Ok(());
        }
        match self.does.as_str() {
            "retry" => Err(JobError::Retry("not yet".into())),
            "fail" => Err(JobError::Fail {
                code: "Hopeless",
                reason: "it never will".into(),
            }),
            "panic" => panic!("a job of the tests panics"),
            _ => Err(JobError::Lost),
        }
    }
}

async fn enqueue(library: &Library, does: &str, until: i64) {
    let (app, does) = (library.app.clone(), does.to_owned());
    let queued = library.app.db.write(async move |tx| {
        let job = Probe {
            does: does.clone(),
            until,
        };
        jobs::enqueue(tx, &app, &job, app.clock.now()).await
    });
    assert!(queued.await.unwrap());
    library.app.bell.ring();
}

fn registry() -> Registry {
    Registry::default().with::<Probe>()
}

async fn run(library: &Library) -> usize {
    jobs::run_due(&library.app, &registry()).await.unwrap()
}

#[tokio::test]
async fn a_retry_waits_twice_as_long_each_time() {
    let library = Library::start().await;
    enqueue(&library, "retry", 3).await;
    for wait in [1, 2, 4] {
        assert_eq!(run(&library).await, 1);
        library.pass(Duration::from_millis(wait * 1000 - 1));
        assert_eq!(run(&library).await, 0);
        library.pass(Duration::from_millis(1));
    }
    assert_eq!(run(&library).await, 1);
    assert_eq!(
        library
            .rows("jobs WHERE state = 'SUCCEEDED' AND attempt = 4")
            .await,
        1
    );
}

#[tokio::test]
async fn a_failure_is_final_with_a_code_and_a_sentence() {
    let library = Library::start().await;
    enqueue(&library, "fail", 9).await;
    assert_eq!(run(&library).await, 1);
    assert_eq!(run(&library).await, 0);
    let failed =
        "jobs WHERE state = 'FAILED' AND error_code = 'Hopeless' AND error = 'it never will'";
    assert_eq!(library.rows(failed).await, 1);
}

#[tokio::test]
async fn a_panic_ends_the_attempt_and_not_the_worker() {
    let library = Library::start().await;
    enqueue(&library, "panic", 1).await;
    assert_eq!(run(&library).await, 1);
    library.pass(Duration::from_secs(1));
    assert_eq!(run(&library).await, 1);
    assert_eq!(library.rows("jobs WHERE state = 'SUCCEEDED'").await, 1);
}

#[tokio::test]
async fn kinds_of_a_newer_program_wait_and_payloads_that_are_wrong_fail() {
    let library = Library::start().await;
    enqueue(&library, "fail", 0).await;
    assert_eq!(library.run_due_jobs().await, 1);
    assert_eq!(library.rows("jobs WHERE state = 'QUEUED'").await, 1);
    let spoilt = library
        .app
        .db
        .write(async |tx| Ok(tx.execute("UPDATE jobs SET payload = '[]'", &[]).await?));
    spoilt.await.unwrap();
    library.pass(Duration::from_secs(1));
    assert_eq!(run(&library).await, 1);
    assert_eq!(
        library
            .rows("jobs WHERE state = 'FAILED' AND error_code = 'BadPayload'")
            .await,
        1
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn workers_take_what_the_bell_announces_and_stop_in_order() {
    let library = Library::start().await;
    let runner = Runner::start(&library.app, &registry());
    for n in 0..5 {
        enqueue(&library, &format!("n{n}"), 0).await;
    }
    let done = async {
        while library.rows("jobs WHERE state = 'SUCCEEDED'").await < 5 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), done)
        .await
        .unwrap();
    runner.stop().await;
}
