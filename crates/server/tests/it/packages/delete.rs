//! Deleting applications and tasks; digital assets stay.

use serde_json::json;

use crate::harness::Library;

#[tokio::test]
async fn applications_and_tasks_go_and_assets_stay() {
    let library = Library::start().await;
    let asset = library.ready_asset("IMAGE", b"a picture").await;
    let app = library.create_app("an app").await;
    let kept = library.create_app("another").await;
    let task = library.create_task("a task").await;
    library.attach(&app, &[&asset]).await.ok();
    library.attach(&kept, &[&asset]).await.ok();
    let job = library.run_asset_job("/delete", &[&app], &[&task]).await;
    assert_eq!(job["type"], "deleteAsset");
    assert_eq!(job["status"], "SUCCEEDED");
    assert_eq!(job["reasons"], json!([]));
    assert_eq!(
        library.get(&library.apps(&format!("/{app}"))).await.status,
        404
    );
    assert_eq!(
        library
            .get(&library.tasks(&format!("/{task}")))
            .await
            .status,
        404
    );
    assert_eq!(library.state(&asset).await, "UNACTIVED");
    assert_eq!(library.attached(&kept).await.0, [asset]);
}

#[tokio::test]
async fn what_is_not_there_has_a_reason_and_the_rest_goes() {
    let library = Library::start().await;
    let app = library.create_app("an app").await;
    let task = library.create_task("a task").await;
    let job = library
        .run_asset_job("/delete", &["aaaa", &app, "zzzz"], &["none", &task])
        .await;
    assert_eq!(job["status"], "FAILED");
    let names: Vec<_> = job["reasons"].as_array().unwrap().iter().collect();
    let names: Vec<_> = names
        .iter()
        .map(|reason| &reason["resource_name"])
        .collect();
    assert_eq!(names, ["aaaa", "zzzz", "none"]);
    assert_eq!(job["reasons"][0]["error_code"], "APIG.3019");
    assert_eq!(job["reasons"][2]["resource_type"], "task");
    assert_eq!(library.rows("apps").await, 0);
    assert_eq!(library.rows("tasks").await, 0);
}

#[tokio::test]
async fn an_attempt_goes_on_where_the_one_before_died() {
    let library = Library::start().await;
    let mut apps = Vec::new();
    for name in ["a", "b", "c"] {
        apps.push(library.create_app(name).await);
    }
    let ids: Vec<&str> = apps.iter().map(String::as_str).collect();
    let body = json!({"apps": ids});
    let begun = library.post(&library.packages("/delete"), &body).await.ok();
    // the first is gone, and counted in the same transaction; then the process died
    library.delete(&library.apps(&format!("/{}", ids[0]))).await;
    library
        .sql("UPDATE jobs SET attempt = 1, units_done = 1")
        .await;
    library.run_due_jobs().await;
    let job = library.asset_job(begun["job_id"].as_str().unwrap()).await;
    assert_eq!(job["status"], "SUCCEEDED", "{job:#}");
    assert_eq!(library.rows("apps").await, 0);
}

#[tokio::test]
async fn reasons_outlive_the_attempt_that_found_them() {
    let library = Library::start().await;
    let app = library.create_app("an app").await;
    let body = json!({"apps": ["00nobody", app]});
    let begun = library.post(&library.packages("/delete"), &body).await.ok();
    let reasons = r#"[{"resource_type":"application","resource_name":"00nobody","error_code":"E","error_msg":"m"}]"#;
    library
        .sql(&format!("UPDATE asset_jobs SET reasons = '{reasons}'"))
        .await;
    library
        .sql("UPDATE jobs SET attempt = 1, units_done = 1")
        .await;
    library.run_due_jobs().await;
    let job = library.asset_job(begun["job_id"].as_str().unwrap()).await;
    assert_eq!(job["status"], "FAILED");
    assert_eq!(job["reasons"].as_array().unwrap().len(), 1);
    assert_eq!(library.rows("apps").await, 0);
}

#[tokio::test]
async fn what_the_body_may_say() {
    let library = Library::start().await;
    let path = library.packages("/delete");
    for body in [json!({}), json!({"apps": [1]}), json!({"tasks": [""]})] {
        assert_eq!(
            library.post(&path, &body).await.code(),
            "400 ROMA.13000",
            "{body}"
        );
    }
}
