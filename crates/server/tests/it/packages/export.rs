//! A package has all of it, always the same, and keeps its bytes.

use std::io::{Cursor, Read};

use entrepot_archive::bag::{ManifestKind, ManifestReader};
use entrepot_archive::model::{AssetLines, Package};
use entrepot_archive::reader::{Event, Limits, Reader};
use entrepot_server::packages::layout::derived_key;
use entrepot_server::packages::upkeep;
use serde_json::{Value, json};
use zip::ZipArchive;

use crate::harness::{HOUR, Library};

fn entry(bytes: &[u8], name: &str) -> Vec<u8> {
    let mut zip = ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut content = Vec::new();
    zip.by_name(name)
        .unwrap()
        .read_to_end(&mut content)
        .unwrap();
    content
}

fn names(bytes: &[u8]) -> Vec<String> {
    let mut zip = ZipArchive::new(Cursor::new(bytes)).unwrap();
    let names = (0..zip.len()).map(|i| zip.by_index(i).unwrap().name().unwrap().to_string());
    names.collect()
}

#[tokio::test]
async fn a_package_has_applications_tasks_and_assets_with_their_files() {
    let library = Library::start().await;
    let video = library.ready_asset("VIDEO", b"moving pictures").await;
    let cover = library.upload(&video, "COVER", b"a cover").await;
    let image = library.ready_asset("IMAGE", b"a picture").await;
    let alone = library.ready_asset("IMAGE", b"not attached").await;
    library.set_state(&video, "ACTIVED").await.ok();
    let first = library.create_app("first").await;
    let second = library.create_app("second").await;
    library.attach(&first, &[&video]).await.ok();
    library.attach(&second, &[&video, &image]).await.ok();
    let task = library.create_task("nightly").await;
    let archive = library.exported(&[&second, &first], &[&task]).await;
    assert_eq!(archive.file_name, "default-20270115T080000Z.zip");
    let bytes = library.whole_archive(&archive).await;

    let main = library.show(&video).await["files"][0]["file_id"].clone();
    let picture = library.show(&image).await["files"][0]["file_id"].clone();
    let text = |id: &Value| id.as_str().unwrap().to_owned();
    let expected = [
        "bagit.txt".to_owned(),
        "bag-info.txt".to_owned(),
        "manifest-sha256.txt".to_owned(),
        "tagmanifest-sha256.txt".to_owned(),
        "data/package.json".to_owned(),
        format!("data/apps/{first}.json"),
        format!("data/apps/{second}.json"),
        format!("data/tasks/{task}.json"),
        "data/assets.jsonl".to_owned(),
        format!("data/assets/{video}/{}.mp4", text(&main)),
        format!("data/assets/{video}/{cover}.mp4"),
        format!("data/assets/{image}/{}.png", text(&picture)),
    ];
    assert_eq!(names(&bytes), expected);
    assert_eq!(archive.entry_count, expected.len() as u64);
    assert_eq!(entry(&bytes, &expected[9]), b"moving pictures");
    assert_eq!(entry(&bytes, &expected[11]), b"a picture");

    let package = Package::parse(&entry(&bytes, "data/package.json")).unwrap();
    assert_eq!(package.source.instance_id, archive.instance_id.as_str());
    assert_eq!((package.asset_count, package.file_count), (2, 3));
    assert_eq!(package.byte_count, 15 + 7 + 9);
    let apps: Vec<_> = package.apps.iter().map(|app| app.name.as_str()).collect();
    assert_eq!(apps, ["first", "second"]);
    let assets = AssetLines::new()
        .push(&entry(&bytes, "data/assets.jsonl"))
        .unwrap();
    assert_eq!(assets[0].asset_id, video);
    assert_eq!(assets[0].apps, [first.clone(), second.clone()]);
    assert_eq!(assets[0].state, "ACTIVED");
    assert_eq!(assets[1].apps, [second]);
    let all = String::from_utf8_lossy(&bytes);
    assert!(!all.contains(&alone) && !all.contains("secret"));
    assert_manifest_is_right(&bytes, &expected);
}

/// Every entry under `data/` stands in the manifest, in the archive's order.
fn assert_manifest_is_right(bytes: &[u8], names: &[String]) {
    use sha2::{Digest, Sha256};
    for (manifest, kind, listed) in [
        ("manifest-sha256.txt", ManifestKind::Payload, &names[4..]),
        ("tagmanifest-sha256.txt", ManifestKind::Tag, &names[..3]),
    ] {
        let lines = ManifestReader::new(kind)
            .push(&entry(bytes, manifest))
            .unwrap();
        let paths: Vec<_> = lines.iter().map(|line| line.path.as_str()).collect();
        assert_eq!(paths, listed);
        for line in lines {
            let content = entry(bytes, line.path.as_str());
            assert_eq!(
                line.sha256[..],
                Sha256::digest(&content)[..],
                "{}",
                line.path
            );
        }
    }
}

#[tokio::test]
async fn the_strict_reader_takes_what_is_sent() {
    let library = Library::start().await;
    let asset = library.ready_asset("VIDEO", b"bytes").await;
    let app = library.create_app("an app").await;
    library.attach(&app, &[&asset]).await.ok();
    let archive = library.exported(&[&app], &[]).await;
    let bytes = library.whole_archive(&archive).await;
    let mut reader = Reader::new(Limits::default()).checking_stored();
    reader.push(bytes.into());
    let (mut entries, mut done) = (0, false);
    while let Some(event) = reader.next_event().unwrap() {
        entries += u64::from(matches!(event, Event::End(_)));
        done |= matches!(event, Event::Done);
    }
    assert!(done);
    assert_eq!(entries, archive.entry_count);
    reader.finish().unwrap();
}

#[tokio::test]
async fn tasks_alone_and_empty_applications_make_packages_too() {
    let library = Library::start().await;
    let app = library.create_app("empty").await;
    let task = library.create_task("a task").await;
    for (apps, tasks, count) in [
        (vec![app.as_str()], vec![], 7),
        (vec![], vec![task.as_str()], 7),
    ] {
        let archive = library.exported(&apps, &tasks).await;
        let bytes = library.whole_archive(&archive).await;
        assert_eq!(names(&bytes).len(), count);
    }
}

#[tokio::test]
async fn the_same_content_gives_the_same_bytes() {
    let library = Library::start().await;
    let app = library.create_app("an app").await;
    for n in 0..30_u8 {
        let asset = library.ready_asset("IMAGE", &[n; 100]).await;
        library.attach(&app, &[&asset]).await.ok();
    }
    let archive = library.exported(&[&app], &[]).await;
    let bytes = library.whole_archive(&archive).await;
    let again = library.exported(&[&app], &[]).await;
    assert_ne!(again.archive_id, archive.archive_id);
    assert_eq!(again.digest, archive.digest);
    assert!(library.whole_archive(&again).await == bytes);
    // another time, another package
    library.pass(HOUR);
    let later = library.exported(&[&app], &[]).await;
    assert_ne!(later.digest, archive.digest);
}

#[tokio::test]
async fn an_archive_keeps_its_bytes_whatever_becomes_of_the_assets() {
    let library = Library::start().await;
    let asset = library.ready_asset("VIDEO", b"to be purged").await;
    let app = library.create_app("an app").await;
    library.attach(&app, &[&asset]).await.ok();
    let archive = library.exported(&[&app], &[]).await;
    let bytes = library.whole_archive(&archive).await;
    library.purge(&asset).await.ok();
    library.pass(2 * HOUR);
    library.sweep().await;
    library.pass(2 * HOUR);
    library.sweep().await;
    assert!(library.whole_archive(&archive).await == bytes);

    // its life is over
    library
        .sql("UPDATE archives SET state = 'CONSUMED', ended_at = 1")
        .await;
    assert!(!upkeep::release_ended(&library.app).await.unwrap());
    assert_eq!(library.rows("archive_pins").await, 0);
    assert_eq!(library.stored().await, 1);
    library.pass(2 * HOUR);
    library.sweep().await;
    assert_eq!(library.stored().await, 0);
    let archive = library.archive(archive.archive_id.as_str()).await;
    assert_eq!(archive.layout_key, None);
}

#[tokio::test]
async fn what_other_files_share_stays_when_an_archive_ends() {
    let library = Library::start().await;
    let asset = library.ready_asset("VIDEO", b"shared").await;
    let app = library.create_app("an app").await;
    library.attach(&app, &[&asset]).await.ok();
    library.exported(&[&app], &[]).await;
    library.exported(&[&app], &[]).await;
    library
        .sql("UPDATE archives SET state = 'EXPIRED', ended_at = 1")
        .await;
    upkeep::release_ended(&library.app).await.unwrap();
    library.pass(2 * HOUR);
    library.sweep().await;
    assert_eq!(library.stored().await, 1);
    assert_eq!(library.rows("blobs WHERE state = 'LIVE'").await, 1);
}

#[tokio::test]
async fn an_attempt_that_died_leaves_nothing_behind() {
    let library = Library::start().await;
    let asset = library.ready_asset("VIDEO", b"bytes").await;
    let app = library.create_app("an app").await;
    library.attach(&app, &[&asset]).await.ok();
    let begun = library.export(&[&app], &[]).await.ok();
    let id = begun["job_id"].as_str().unwrap();
    // as if the process had died between the layout and the last transaction
    let left = derived_key(&format!("layout of {id} 1"));
    let mut writer = library.app.blobs.writer(&left).await.unwrap();
    writer.write("a layout".into()).await.unwrap();
    writer.finish().await.unwrap();
    library.sql("UPDATE jobs SET attempt = 1").await;
    library.run_due_jobs().await;
    assert_eq!(library.asset_job(id).await["status"], "SUCCEEDED");
    assert_eq!(library.app.blobs.size(&left).await.unwrap(), None);
    assert_eq!(library.stored().await, 2);
}

#[tokio::test]
async fn content_that_is_going_away_meanwhile_is_not_pinned() {
    let library = Library::start().await;
    let asset = library.ready_asset("VIDEO", b"bytes").await;
    let app = library.create_app("an app").await;
    library.attach(&app, &[&asset]).await.ok();
    library
        .sql("UPDATE blobs SET state = 'DYING', dying_at = 1")
        .await;
    let begun = library.export(&[&app], &[]).await.ok();
    let id = begun["job_id"].as_str().unwrap();
    library.run_due_jobs().await;
    assert_eq!(library.asset_job(id).await["status"], "RUNNING");
    assert_eq!(library.rows("archives").await, 0);
    assert_eq!(library.rows("archive_pins").await, 0);
    library
        .sql("UPDATE blobs SET state = 'LIVE', dying_at = NULL")
        .await;
    library.pass(HOUR);
    library.run_due_jobs().await;
    assert_eq!(library.asset_job(id).await["status"], "SUCCEEDED");
    assert_eq!(library.stored().await, 2);
}

#[tokio::test]
async fn what_the_body_may_say() {
    let library = Library::start().await;
    let app = library.create_app("an app").await;
    let path = library.packages("/export");
    for body in [
        json!({}),
        json!({"apps": [], "tasks": []}),
        json!({"apps": "x"}),
        json!({"apps": [{"name": "x"}]}),
        json!({"apps": ["x".repeat(65)]}),
        json!({"apps": (0..101).map(|n| n.to_string()).collect::<Vec<_>>()}),
    ] {
        let answer = library.post(&path, &body).await;
        assert_eq!(answer.code(), "400 ROMA.13000", "{body}");
    }
    for body in [
        json!({"apps": [{"id": app}]}),
        json!({"apps": [{"app_id": app}], "tasks": []}),
        json!({"apps": [app, app]}),
    ] {
        library.post(&path, &body).await.ok();
        library.run_due_jobs().await;
    }
    assert_eq!(library.rows("archives").await, 3);
    let elsewhere = path.replace(library.owner.instance_id.as_ref().unwrap(), "elsewhere");
    let answer = library.post(&elsewhere, &json!({"apps": [app]})).await;
    assert_eq!(answer.code(), "404 APIG.3030");
}

#[tokio::test]
async fn one_job_of_a_user_runs_at_a_time() {
    let library = Library::start().await;
    let app = library.create_app("an app").await;
    let begun = library.export(&[&app], &[]).await.ok();
    for call in ["/export", "/delete"] {
        let answer = library
            .post(&library.packages(call), &json!({"apps": [app]}))
            .await;
        assert_eq!(
            answer.line(),
            "400 ROMA.10012 An asset management task is running."
        );
    }
    library.run_due_jobs().await;
    assert_eq!(library.rows("asset_jobs").await, 1);
    library.export(&[&app], &[]).await.ok();
    library.run_due_jobs().await;
    let first = library.asset_job(begun["job_id"].as_str().unwrap()).await;
    assert_eq!(first["status"], "SUCCEEDED");
}

#[tokio::test]
async fn a_job_that_always_dies_is_given_up() {
    let library = Library::start().await;
    let app = library.create_app("an app").await;
    let begun = library.export(&[&app], &[]).await.ok();
    library.sql("UPDATE jobs SET attempt = 10").await;
    library.run_due_jobs().await;
    let job = library.asset_job(begun["job_id"].as_str().unwrap()).await;
    assert_eq!(job["status"], "FAILED");
    assert_eq!(job["reasons"][0]["error_code"], "ROMA.19090");
    assert_eq!(job["reasons"][0]["resource_name"], app);
    library.exported(&[&app], &[]).await;
}
