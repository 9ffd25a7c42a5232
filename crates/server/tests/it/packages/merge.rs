//! Merge updates what is there, and an import goes on where a crash left it.

use std::time::Duration;

use data_encoding::BASE64;
use entrepot_archive::{Method, hex};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::time::timeout;

use super::import::{essence, sample};
use crate::harness::{Library, MINUTE, Pack, md5};

#[tokio::test]
async fn a_merge_of_the_same_changes_nothing() {
    let library = Library::start().await;
    let sample = sample(&library).await;
    let (stored, before) = (library.stored().await, library.show(&sample.video).await);
    let report = library.imported(&sample.bytes, "?type=Merge").await;
    assert!(
        report.outcomes().iter().all(|o| o.ends_with("unchanged")),
        "{report:?}"
    );
    assert_eq!(library.show(&sample.video).await, before);
    assert_eq!(library.stored().await, stored);
    library.assert_counts_are_right().await;
}

#[tokio::test]
async fn a_merge_updates_what_differs_and_removes_nothing() {
    let library = Library::start().await;
    let sample = sample(&library).await;
    let packed = essence(library.show(&sample.video).await);
    // here, things have gone on
    let change = json!({"asset_name": "other", "tags": ["c"], "asset_state": "UNACTIVED"});
    library.update(&sample.video, &change).await.ok();
    let cover = library.show(&sample.video).await["files"][1]["file_id"].clone();
    library.delete_file(cover.as_str().unwrap()).await.ok();
    library
        .upload(&sample.video, "COVER", b"another cover")
        .await;
    let body = json!({"name": "renamed", "remark": "a remark"});
    library
        .put(&library.apps(&format!("/{}", sample.app)), &body)
        .await
        .ok();
    library.purge(&sample.image).await.ok();
    let more = library.ready_asset("MUSIC", b"a song").await;
    library.attach(&sample.app, &[&more]).await.ok();

    let report = library.imported(&sample.bytes, "?type=Merge").await;
    let outcomes: Vec<(String, String)> = report
        .0
        .iter()
        .map(|i| {
            (
                i["old_id"].as_str().unwrap().to_owned(),
                i["outcome"].as_str().unwrap().to_owned(),
            )
        })
        .collect();
    let outcome = |id: &str| &outcomes.iter().find(|(old, _)| old == id).unwrap().1;
    assert_eq!(outcome(&sample.app), "updated");
    assert_eq!(outcome(&sample.task), "unchanged");
    assert_eq!(outcome(&sample.video), "updated");
    assert_eq!(outcome(&sample.image), "added");
    // a purged asset's id is still its own
    assert_ne!(report.new_id(&sample.image), sample.image);
    let mut merged = essence(library.show(&sample.video).await);
    let mut packed = packed;
    for shown in [&mut merged, &mut packed] {
        shown.as_object_mut().unwrap().remove("update_time");
    }
    assert_eq!(merged, packed);
    assert_eq!(library.attached(&sample.app).await.1, 3);
    library.assert_counts_are_right().await;
}

#[tokio::test]
async fn data_sources_are_taken_over_only_when_asked_for() {
    let library = Library::start().await;
    let sample = sample(&library).await;
    let mut pack = Pack::of(&sample.bytes);
    let task = format!("data/tasks/{}.json", sample.task);
    pack.replace(&task, "\"s1\"", "\"s2\"");
    pack.seal();
    let path = library.tasks(&format!("/{}", sample.task));
    for (query, source) in [
        ("", "s1"),
        ("&datasource_overwrite=false", "s1"),
        ("&datasource_overwrite=true", "s2"),
    ] {
        library
            .imported(&pack.bytes(), &format!("?type=Merge{query}"))
            .await;
        let shown = library.get(&path).await.ok();
        assert_eq!(shown["task"]["source_datasource_id"], source, "{query}");
    }
}

#[tokio::test]
async fn by_name_where_the_ids_are_others() {
    let (from, to) = (Library::start().await, Library::start().await);
    let sample = sample(&from).await;
    let app = to.create_app("first").await;
    let task = to.create_task("nightly").await;
    let body = json!({"asset_name": "clip", "asset_type": "VIDEO"});
    let video = to.create_asset_with(&body).await;
    let report = to.imported(&sample.bytes, "?type=Merge").await;
    assert_eq!(report.new_id(&sample.app), app);
    assert_eq!(report.new_id(&sample.task), task);
    assert_eq!(report.new_id(&sample.video), video);
    assert_eq!(report.new_id(&sample.image), sample.image);
    assert_eq!(to.state(&video).await, "ACTIVED");
    assert_eq!(to.attached(&app).await.1, 2);
    to.assert_counts_are_right().await;

    // the second copy is merged with itself, not with the first one
    let copy = to.imported(&sample.bytes, "?type=Merge&prefix=b-").await;
    assert_ne!(copy.new_id(&sample.video), video);
    let again = to.imported(&sample.bytes, "?type=Merge&prefix=b-").await;
    assert_eq!(again.new_id(&sample.video), copy.new_id(&sample.video));
    assert!(again.outcomes().iter().all(|o| o.ends_with("unchanged")));
    to.assert_counts_are_right().await;
}

#[tokio::test]
async fn what_is_in_the_recycle_bin_is_not_brought_back() {
    let library = Library::start().await;
    let sample = sample(&library).await;
    library.delete_asset(&sample.image).await.ok();
    let job = library.run_import(&sample.bytes, "?type=Merge").await;
    assert_eq!(job["status"], "FAILED");
    let reason = &job["reasons"][0];
    assert_eq!(reason["resource_name"], "first");
    assert!(
        reason["error_msg"].as_str().unwrap().contains("DELETING"),
        "{reason}"
    );
    assert_eq!(library.state(&sample.image).await, "DELETING");
}

/// A package of many assets, each of one small file, in one application.
async fn many(sample: &[u8], count: usize) -> Vec<u8> {
    let assets = (0..count).map(|n| (format!("{n:032x}"), 1));
    package_of(sample, &assets.collect::<Vec<_>>()).await
}

/// A package of assets with so many files each.
async fn package_of(sample: &[u8], assets: &[(String, usize)]) -> Vec<u8> {
    let mut pack = Pack::of(sample);
    pack.entries
        .retain(|(path, ..)| !path.starts_with("data/assets/"));
    let (mut lines, mut count, mut size) = (Vec::new(), 0, 0);
    let app = pack.paths("data/apps/").remove(0);
    let app = app
        .trim_start_matches("data/apps/")
        .trim_end_matches(".json")
        .to_owned();
    for (id, files) in assets {
        let mut listed = Vec::new();
        for n in 0..*files {
            let content = format!("the content of {id} {n}").into_bytes();
            let file = format!("{}{n:04x}", &id[4..]);
            let path = format!("data/assets/{id}/{file}.bin");
            listed.push(json!({"file_id": file, "name": "f", "file_type": "bin",
                "category": if n == 0 { "MAIN" } else { "OTHER" }, "size": content.len(),
                "md5": md5_hex(&content).await, "sha256": hex(&Sha256::digest(&content)),
                "path": path, "created_at": "2026-01-01T00:00:00Z"}));
            count += 1;
            size += content.len();
            pack.entries.push((path, content, Method::Stored));
        }
        let line = json!({"asset_id": id, "apps": [app], "name": format!("asset {id}"),
            "asset_type": "COMMON_FILE", "state": "ACTIVED", "tags": ["many"],
            "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z",
            "files": listed});
        lines.extend(line.to_string().into_bytes());
        lines.push(b'\n');
    }
    *pack.content("data/assets.jsonl") = lines;
    let package = pack.content("data/package.json");
    let mut json: Value = serde_json::from_slice(package).unwrap();
    json["asset_count"] = assets.len().into();
    json["file_count"] = count.into();
    json["byte_count"] = size.into();
    *package = json.to_string().into_bytes();
    pack.seal();
    pack.bytes()
}

async fn md5_hex(bytes: &[u8]) -> String {
    let base64 = md5(bytes).await;
    hex(&BASE64.decode(base64.as_bytes()).unwrap())
}

#[tokio::test]
async fn an_import_that_dies_at_any_moment_goes_on_where_it_was() {
    let (from, to) = (Library::start().await, Library::start().await);
    let bytes = many(&sample(&from).await.bytes, 300).await;
    let begun = to.import(&bytes, "").await.ok();
    for millis in [1, 3, 6, 10, 15, 25, 40] {
        // whatever it has come to by then
        let _ = timeout(Duration::from_millis(millis), to.run_due_jobs()).await;
        to.pass(MINUTE);
    }
    let id = begun["job_id"].as_str().unwrap();
    let mut job = to.asset_job(id).await;
    // a statement that was under way when its attempt died may have renewed the lease
    for _ in 0..3 {
        to.pass(MINUTE);
        to.run_due_jobs().await;
        job = to.asset_job(id).await;
    }
    assert_eq!(job["status"], "SUCCEEDED", "{job:#}");
    let report = to.report(id).await;
    assert_eq!(report.0.len(), 2 + 600);
    assert!(
        report
            .outcomes()
            .iter()
            .all(|outcome| outcome.ends_with("added"))
    );
    assert_eq!(to.rows("assets").await, 300);
    assert_eq!(to.rows("files WHERE state = 'CREATED'").await, 300);
    assert_eq!(to.rows("app_assets").await, 300);
    to.sweep().await;
    assert_eq!(to.rows("package_entries").await, 0);
    // an attempt that died after its last rows had gone has left some objects for the listing
    to.remove_unclaimed().await;
    assert_eq!(to.stored().await, 300);
    to.assert_counts_are_right().await;
}

#[tokio::test]
async fn an_asset_with_very_many_files_takes_several_transactions() {
    let (from, to) = (Library::start().await, Library::start().await);
    let id = "a".repeat(32);
    let sample = sample(&from).await.bytes;
    to.imported(&package_of(&sample, &[(id.clone(), 450)]).await, "")
        .await;
    assert_eq!(to.state(&id).await, "ACTIVED");
    assert_eq!(to.rows("files WHERE state = 'CREATED'").await, 450);
    let more = package_of(&sample, &[(id.clone(), 460)]).await;
    let report = to.imported(&more, "?type=Merge").await;
    let added = report.outcomes();
    assert_eq!(added.iter().filter(|o| *o == "file added").count(), 10);
    assert_eq!(to.rows("files WHERE state = 'CREATED'").await, 460);
    assert_eq!(to.rows("files WHERE state <> 'CREATED'").await, 0);
    to.assert_counts_are_right().await;
}
