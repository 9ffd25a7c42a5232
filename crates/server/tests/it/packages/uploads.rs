//! A package that comes in pieces.

use super::import::sample;
use crate::harness::{DAY, HOUR, Library, Pack};

#[tokio::test]
async fn a_cut_upload_goes_on_after_the_last_whole_entry() {
    let (from, to) = (Library::start().await, Library::start().await);
    let sample = sample(&from).await;
    let bytes = &sample.bytes;
    let upload = to.create_upload(bytes.len()).await;
    // announced, and then cut, at ever later bytes
    let mut offset = 0;
    for cut in (1..12).map(|n| bytes.len() * n / 12) {
        if cut <= offset {
            continue;
        }
        let answer = to
            .put_call(&upload, offset, &bytes[offset..cut])
            .send()
            .await;
        let shown = answer.ok();
        assert_eq!(shown["state"], "RECEIVING");
        let next = usize::try_from(shown["offset"].as_u64().unwrap()).unwrap();
        assert!((offset..=cut).contains(&next));
        offset = next;
        assert_eq!(to.import_upload(&upload, "").await.code(), "409 ROMA.19017");
    }
    assert!(offset > 0);
    let wrong = to
        .put_call(&upload, offset + 1, &bytes[offset + 1..])
        .send()
        .await;
    assert_eq!(wrong.code(), "409 ROMA.19017");
    assert!(
        wrong.line().contains(&format!("byte {offset}")),
        "{}",
        wrong.line()
    );
    let shown = to
        .put_call(&upload, offset, &bytes[offset..])
        .send()
        .await
        .ok();
    assert_eq!(
        (&shown["state"], &shown["offset"]),
        (&"RECEIVED".into(), &bytes.len().into())
    );

    let begun = to.import_upload(&upload, "").await.ok();
    // asked again: the same job
    assert_eq!(to.import_upload(&upload, "").await.ok(), begun);
    to.run_due_jobs().await;
    assert_eq!(to.import_upload(&upload, "").await.ok(), begun);
    let job = to.asset_job(begun["job_id"].as_str().unwrap()).await;
    assert_eq!(job["status"], "SUCCEEDED", "{job:#}");
    assert_eq!(to.stored().await, 3);
    let shown = to.show_upload(&upload).await.ok();
    assert_eq!(shown["state"], "IMPORTED");
    to.assert_counts_are_right().await;
}

#[tokio::test]
async fn content_that_is_there_is_known_after_a_cut_too() {
    let library = Library::start().await;
    let sample = sample(&library).await;
    let bytes = &sample.bytes;
    let upload = library.create_upload(bytes.len()).await;
    let files = bytes
        .windows(12)
        .position(|w| w == b"data/assets/")
        .unwrap();
    library
        .put_call(&upload, 0, &bytes[..files + 100])
        .send()
        .await
        .ok();
    let offset = library.show_upload(&upload).await.ok()["offset"]
        .as_u64()
        .unwrap();
    let offset = usize::try_from(offset).unwrap();
    library
        .put_call(&upload, offset, &bytes[offset..])
        .send()
        .await
        .ok();
    assert_eq!(
        library
            .rows("package_entries WHERE blob_id IS NOT NULL")
            .await,
        3
    );
    let path = library.packages(&format!("/entrepot/uploads/{upload}"));
    library.delete(&path).await.ok();
    assert_eq!(library.show_upload(&upload).await.code(), "404 ROMA.19016");
    assert_eq!(library.rows("package_entries").await, 0);
}

#[tokio::test]
async fn what_is_wrong_ends_the_upload() {
    let library = Library::start().await;
    let sample = sample(&library).await;
    let before = library.census().await;
    let mut pack = Pack::of(&sample.bytes);
    pack.replace("data/assets.jsonl", "\"VIDEO\"", "\"FILM\"");
    pack.seal();
    let bytes = pack.bytes();
    let upload = library.create_upload(bytes.len()).await;
    library.put_call(&upload, 0, &bytes).send().await.ok();
    let answer = library.import_upload(&upload, "?prefix=x").await;
    assert_eq!(answer.code(), "400 ROMA.10011");
    assert_eq!(library.show_upload(&upload).await.code(), "404 ROMA.19016");

    let upload = library.create_upload(bytes.len()).await;
    let answer = library.put_call(&upload, 0, &bytes[1..]).send().await;
    assert_eq!(answer.code(), "400 ROMA.10013");
    assert_eq!(library.show_upload(&upload).await.code(), "404 ROMA.19016");
    let upload = library.create_upload(bytes.len() - 1).await;
    let cut = &bytes[..bytes.len() - 1];
    let answer = library.put_call(&upload, 0, cut).send().await;
    assert_eq!(answer.code(), "400 ROMA.10011");
    assert_eq!(library.census().await, before);
}

#[tokio::test]
async fn another_user_does_not_learn_of_an_upload() {
    let library = Library::start().await;
    let upload = library.create_upload(1000).await;
    let stranger = library.stranger().await;
    let path = library.packages(&format!("/entrepot/uploads/{upload}"));
    let answer = library.call("GET", &path).by(&stranger).send().await;
    assert_eq!(answer.code(), "403 ROMA.1006");
    let instance = stranger.instance_id.clone().unwrap();
    let path = format!(
        "/v2/{}/instances/{instance}/assets/entrepot/uploads/{upload}",
        stranger.project_id
    );
    let answer = library.call("GET", &path).by(&stranger).send().await;
    assert_eq!(answer.code(), "404 ROMA.19016");
}

#[tokio::test]
async fn uploads_that_nobody_sends_any_more_are_given_up() {
    let library = Library::start().await;
    let sample = sample(&library).await;
    let stored = library.stored().await;
    let bytes = &sample.bytes;
    let upload = library.create_upload(bytes.len()).await;
    library
        .put_call(&upload, 0, &bytes[..bytes.len() - 500])
        .send()
        .await
        .ok();
    assert!(library.stored().await > stored);
    library.pass(2 * DAY);
    library.sweep().await;
    library.show_upload(&upload).await.ok();
    library.pass(DAY + HOUR);
    library.sweep().await;
    assert_eq!(library.show_upload(&upload).await.code(), "404 ROMA.19016");
    assert_eq!(library.stored().await, stored);
    assert_eq!(library.rows("package_entries").await, 0);
}
