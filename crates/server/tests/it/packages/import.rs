//! A package comes in: the same things are there, or nothing has changed.

use serde_json::{Value, json};

use crate::harness::{Library, Pack};

/// An application with a video that has a cover and an image, and a task.
pub struct Sample {
    pub app: String,
    pub task: String,
    pub video: String,
    pub image: String,
    pub bytes: Vec<u8>,
}

pub async fn sample(library: &Library) -> Sample {
    let body = json!({"asset_name": "clip", "asset_type": "VIDEO", "tags": ["a", "b"],
        "asset_description": "two\nlines", "asset_order": 7,
        "system_properties": [{"key": "STYLE_ID", "value": "s"}],
        "asset_extra_meta": {"voice_model_meta": {"language": "de"}}});
    let video = library.create_asset_with(&body).await;
    library.upload(&video, "MAIN", b"moving pictures").await;
    library.upload(&video, "COVER", b"a cover").await;
    library.set_state(&video, "ACTIVED").await.ok();
    let image = library.ready_asset("IMAGE", b"a picture").await;
    let app = library.create_app("first").await;
    library.attach(&app, &[&video, &image]).await.ok();
    let task = library.create_task("nightly").await;
    let archive = library.exported(&[&app], &[&task]).await;
    let bytes = library.whole_archive(&archive).await;
    Sample {
        app,
        task,
        video,
        image,
        bytes,
    }
}

/// An asset as it is shown, without what a move changes.
pub fn essence(mut shown: Value) -> Value {
    let asset = shown.as_object_mut().unwrap();
    for key in [
        "asset_id",
        "project_id",
        "cover_url",
        "thumbnail_url",
        "entrepot_version",
    ] {
        asset.remove(key);
    }
    for file in asset["files"].as_array_mut().unwrap() {
        for key in ["file_id", "download_url"] {
            file.as_object_mut().unwrap().remove(key);
        }
    }
    shown
}

#[tokio::test]
async fn what_was_exported_is_the_same_in_another_library() {
    let (from, to) = (Library::start().await, Library::start().await);
    let sample = sample(&from).await;
    let report = to.imported(&sample.bytes, "").await;
    let added = [
        "application added",
        "task added",
        "asset added",
        "file added",
    ];
    assert_eq!(report.outcomes()[..4], added);
    assert_eq!(report.0.len(), 7);
    for asset in [&sample.video, &sample.image] {
        // free ids are kept
        assert_eq!(report.new_id(asset), *asset);
        assert_eq!(
            essence(to.show(asset).await),
            essence(from.show(asset).await)
        );
    }
    let url = to.show(&sample.video).await["files"][0]["download_url"].clone();
    assert_eq!(
        to.fetch(url.as_str().unwrap()).await.text(),
        "moving pictures"
    );
    assert_eq!(to.attached(&sample.app).await.1, 2);
    let shown = |l: &Library| l.apps(&format!("/{}", sample.app));
    let (there, here) = (
        from.get(&shown(&from)).await.ok(),
        to.get(&shown(&to)).await.ok(),
    );
    assert_eq!(there["name"], here["name"]);
    assert_ne!(there["key"], here["key"]);
    let task = format!("/{}", sample.task);
    let there = from.get(&from.tasks(&task)).await.ok();
    let here = to.get(&to.tasks(&task)).await.ok();
    assert_eq!(there["task"]["task_name"], here["task"]["task_name"]);
    assert_eq!(there["task_detail"], here["task_detail"]);
    // nothing of the package is left beside its three files
    assert_eq!(to.rows("package_entries").await, 0);
    assert_eq!(to.rows("package_uploads").await, 0);
    assert_eq!(to.stored().await, 3);
    to.assert_counts_are_right().await;

    // and out again: the same package, but for where and when it was made
    let archive = to.exported(&[&sample.app], &[&sample.task]).await;
    let again = Pack::of(&to.whole_archive(&archive).await);
    let first = Pack::of(&sample.bytes);
    for (path, content, method) in &first.entries {
        if path == "data/package.json" || !path.starts_with("data/") {
            continue;
        }
        let at = again.position(path);
        assert_eq!(
            &again.entries[at],
            &(path.clone(), content.clone(), *method)
        );
    }
}

#[tokio::test]
async fn names_that_are_taken_are_all_named_before_anything_changes() {
    let library = Library::start().await;
    let sample = sample(&library).await;
    let before = library.census().await;
    let job = library.run_import(&sample.bytes, "").await;
    assert_eq!(job["status"], "FAILED");
    let reasons = job["reasons"].as_array().unwrap();
    let kinds: Vec<_> = reasons
        .iter()
        .map(|r| r["resource_type"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["application", "task"]);
    assert_eq!(reasons[0]["resource_name"], "first");
    assert_eq!(reasons[0]["error_code"], "ROMA.19013");
    let report = library.report(job["id"].as_str().unwrap()).await;
    assert_eq!(report.outcomes(), ["application failed", "task failed"]);
    let mut after = library.census().await;
    for counted in ["asset_jobs", "import_items"] {
        after.insert(counted, before[counted]);
    }
    assert_eq!(after, before);
}

#[tokio::test]
async fn with_a_prefix_there_is_a_second_copy_under_new_ids() {
    let library = Library::start().await;
    let sample = sample(&library).await;
    let before = library.stored().await;
    let report = library.imported(&sample.bytes, "?prefix=copy-").await;
    assert_eq!(report.0[0]["name"], "copy-first");
    let (app, video) = (report.new_id(&sample.app), report.new_id(&sample.video));
    assert_ne!(app, sample.app);
    assert_ne!(video, sample.video);
    let copy = library.show(&video).await;
    assert_eq!(essence(copy), essence(library.show(&sample.video).await));
    assert_eq!(library.attached(&app).await.1, 2);
    // the bytes are there once
    assert_eq!(library.stored().await, before);
    library.assert_counts_are_right().await;

    let job = library.run_import(&sample.bytes, "?prefix=copy-").await;
    assert_eq!(job["status"], "FAILED");
}

#[tokio::test]
async fn an_id_that_another_project_has_is_replaced_in_silence() {
    let (from, to) = (Library::start().await, Library::start().await);
    let sample = sample(&from).await;
    to.imported(&sample.bytes, "").await;
    // the same package for somebody else of that library
    let stranger = to.stranger().await;
    let instance = stranger.instance_id.clone().unwrap();
    let path = format!("/v2/{}/instances/{instance}/assets", stranger.project_id);
    let call = to
        .import_call("package.zip", &sample.bytes, "")
        .at_path(&format!("{path}/import"));
    let begun = call.by(&stranger).send().await.ok();
    to.run_due_jobs().await;
    let items = format!(
        "{path}/jobs/{}/entrepot/items",
        begun["job_id"].as_str().unwrap()
    );
    let page = to.call("GET", &items).by(&stranger).send().await.ok();
    for item in page["items"].as_array().unwrap() {
        assert_eq!(item["outcome"], "added");
        assert_ne!(item["old_id"], item["new_id"]);
    }
    assert_eq!(to.stored().await, 3);
    to.assert_counts_are_right().await;
}

#[tokio::test]
async fn a_job_at_a_time_and_the_forms_own_errors() {
    let library = Library::start().await;
    let sample = sample(&library).await;
    let before = library.census().await;
    for (name, query, code) in [
        ("package.tar", "", "400 ROMA.10013"),
        ("-package.zip", "", "400 ROMA.10013"),
        ("package.zip", "?type=Replace", "400 ROMA.13000"),
        ("package.zip", "?overwrite=true", "400 ROMA.13000"),
        ("package.zip", "?prefix=%2F", "400 ROMA.13000"),
        ("package.zip", "?prefix=(", "400 ROMA.13000"),
    ] {
        let answer = library.import_call(name, &sample.bytes, query).send().await;
        assert_eq!(answer.code(), code, "{name} {query}: {}", answer.line());
    }
    let path = library.packages("/import");
    let no_form = library
        .call("POST", &path)
        .header("x-sdk-content-sha256", "UNSIGNED-PAYLOAD")
        .body("{}");
    assert_eq!(no_form.send().await.code(), "400 ROMA.13000");
    assert_eq!(library.census().await, before);

    library.import(&sample.bytes, "?prefix=a").await.ok();
    let second = library.import(&sample.bytes, "?prefix=b").await;
    assert_eq!(second.code(), "400 ROMA.10012");
    library.run_due_jobs().await;
}

#[tokio::test]
async fn a_signature_that_covers_the_body_is_refused_with_a_hint() {
    let library = Library::start().await;
    let path = library.packages("/import");
    for call in [
        library.call("POST", &path).body("x"),
        library
            .call("POST", &path)
            .header("x-sdk-content-sha256", "00")
            .body("x"),
    ] {
        let answer = call.send().await;
        assert_eq!(answer.code(), "401 APIGW.0301");
        assert!(
            answer
                .line()
                .contains("X-Sdk-Content-Sha256: UNSIGNED-PAYLOAD")
        );
    }
    let anonymous = library.call("POST", &path).anonymous().send().await;
    assert_eq!(anonymous.status, 401);
}

#[tokio::test]
async fn a_package_may_be_larger_than_other_bodies() {
    let (from, to) = (Library::start().await, Library::start().await);
    let large = vec![7; 13 * 1024 * 1024];
    let asset = from.ready_asset("VIDEO", &large).await;
    let app = from.create_app("large").await;
    from.attach(&app, &[&asset]).await.ok();
    let archive = from.exported(&[&app], &[]).await;
    let bytes = from.whole_archive(&archive).await;
    to.imported(&bytes, "").await;
    let shown = to.show(&asset).await;
    assert_eq!(shown["files"][0]["file_size"], large.len());
}

#[tokio::test]
async fn a_package_that_does_not_fit_is_refused_before_it_is_read() {
    let from = Library::start().await;
    let sample = sample(&from).await;
    let to = Library::with(|setup| {
        setup.blobs = entrepot_blob::Blobs::memory_of(64 * 1024 * 1024 + 100);
    })
    .await;
    let before = to.census().await;
    let answer = to.import(&sample.bytes, "").await;
    assert_eq!(answer.code(), "507 ROMA.19020");
    let body = json!({"file_name": "p.zip", "size": 101});
    let answer = to.post(&to.packages("/entrepot/uploads"), &body).await;
    assert_eq!(answer.code(), "507 ROMA.19020");
    assert_eq!(to.census().await, before);
}
