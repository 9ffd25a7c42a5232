//! Merge updates what is there, and an import goes on where a crash left it.

use serde_json::json;

use super::import::{essence, sample};
use crate::harness::{Library, Pack};

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
