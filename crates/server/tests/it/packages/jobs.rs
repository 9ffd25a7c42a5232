//! How far a job is, and who may ask.

use entrepot_server::jobs::Lane;
use entrepot_server::jobs::queue;
use entrepot_server::packages::upkeep;
use serde_json::json;

use crate::harness::Library;

#[tokio::test]
async fn a_job_shows_where_it_is() {
    let library = Library::start().await;
    let app = library.create_app("an app").await;
    let begun = library.export(&[&app], &[]).await.ok();
    let id = begun["job_id"].as_str().unwrap();
    assert_eq!(
        library.asset_job(id).await,
        json!({"id": id, "type": "exportAsset", "status": "RUNNING", "reasons": [], "reason": [],
            "progress_percent": 0.0, "begin_time": "2027-01-15T08:00:00Z"})
    );
    let now = library.app.clock.now();
    let claimed = library.app.db.write(async move |tx| {
        let job = queue::claim(tx, Lane::Main, now).await?.unwrap();
        assert!(queue::progress(tx, &job, 35, 100, now).await?);
        Ok(job)
    });
    let claimed = claimed.await.unwrap();
    assert_eq!(library.asset_job(id).await["progress_percent"], 0.35);
    let done = library
        .app
        .db
        .write(async move |tx| queue::progress(tx, &claimed, 100, 100, now).await);
    assert!(done.await.unwrap());
    // not over before it is over
    assert_eq!(library.asset_job(id).await["progress_percent"], 0.99);

    // its worker is gone; the lease lapses, and another one goes on
    library.pass(crate::harness::HOUR);
    library.run_due_jobs().await;
    let job = library.asset_job(id).await;
    assert_eq!(job["status"], "SUCCEEDED");
    assert_eq!(job["progress_percent"], 1.0);
    assert_eq!(job["end_time"], "2027-01-15T09:00:00Z");
    assert_eq!(job["archive_id"].as_str().unwrap().len(), 32);
}

#[tokio::test]
async fn only_its_project_and_instance_know_a_job() {
    let library = Library::start().await;
    let app = library.create_app("an app").await;
    let begun = library.export(&[&app], &[]).await.ok();
    library.run_due_jobs().await;
    let path = library.packages(&format!("/jobs/{}", begun["job_id"].as_str().unwrap()));
    let stranger = library.stranger().await;
    let answer = library.call("GET", &path).by(&stranger).send().await;
    assert_eq!(answer.code(), "403 ROMA.1006");
    let unknown = library.packages("/jobs/unknown");
    assert_eq!(library.get(&unknown).await.code(), "404 ROMA.19015");
    let elsewhere = path.replace(library.owner.instance_id.as_ref().unwrap(), "elsewhere");
    assert_eq!(library.get(&elsewhere).await.code(), "404 APIG.3030");
}

#[tokio::test]
async fn a_job_that_the_queue_gave_up_ends_too() {
    let library = Library::start().await;
    let app = library.create_app("an app").await;
    let begun = library.export(&[&app], &[]).await.ok();
    upkeep::fail_abandoned(&library.app).await.unwrap();
    let id = begun["job_id"].as_str().unwrap();
    assert_eq!(library.asset_job(id).await["status"], "RUNNING");
    // as written by a version that knew more
    library.sql("UPDATE jobs SET payload = '{}'").await;
    library.run_due_jobs().await;
    upkeep::fail_abandoned(&library.app).await.unwrap();
    assert_eq!(library.asset_job(id).await["status"], "FAILED");
    library.exported(&[&app], &[]).await;
}
