//! The job that hashes what came in parts.

use entrepot_blob::StorageKey;
use entrepot_server::clock::Timestamp;
use entrepot_server::jobs::Lane;
use entrepot_server::jobs::queue;
use serde_json::json;

use crate::harness::{HOUR, Library, md5};

#[tokio::test]
async fn hashing_shows_its_progress_and_then_the_asset_goes_on() {
    let library = Library::start().await;
    let asset = library.create_asset("VIDEO").await;
    let large = library.upload_parts(&asset, &[b"abc", b"def"]).await;
    library.complete(&large.file, "CREATED").await.ok();
    let file = library.file(&asset, &large.file).await.unwrap();
    assert_eq!(file["state"], "UPLOADED");
    assert_eq!(file["file_size"], 6);
    assert!(file["file_md5"].is_null() && file["download_url"].is_null());
    assert_eq!(
        file["entrepot_progress"],
        json!({"state": "QUEUED", "bytes_done": 0, "bytes_total": 6})
    );
    assert_eq!(library.state(&asset).await, "CREATING");

    assert_eq!(library.run_due_jobs().await, 1);
    let file = library.file(&asset, &large.file).await.unwrap();
    assert_eq!(file["state"], "CREATED");
    assert_eq!(file["file_md5"], md5(b"abcdef").await);
    assert!(file["entrepot_progress"].is_null());
    assert_eq!(library.state(&asset).await, "UNACTIVED");
    library.assert_counts_are_right().await;
}

#[tokio::test]
async fn a_running_attempt_reports_bytes() {
    let library = Library::start().await;
    let asset = library.create_asset("VIDEO").await;
    let large = library.upload_parts(&asset, &[b"abc"]).await;
    library.complete(&large.file, "CREATED").await.ok();
    let now = library.app.clock.now();
    let claimed = library.app.db.write(async move |tx| {
        let job = queue::claim(tx, Lane::Main, now).await?.unwrap();
        assert!(queue::progress(tx, &job, 1, 3, now).await?);
        Ok(())
    });
    claimed.await.unwrap();
    let file = library.file(&asset, &large.file).await.unwrap();
    assert_eq!(
        file["entrepot_progress"],
        json!({"state": "RUNNING", "bytes_done": 1, "bytes_total": 3})
    );
    // the worker is gone; its lease lapses, and another one goes on
    assert_eq!(library.run_due_jobs().await, 0);
    library.pass(HOUR);
    assert_eq!(library.run_due_jobs().await, 1);
    assert_eq!(library.state(&asset).await, "UNACTIVED");
}

#[tokio::test]
async fn equal_content_is_shared_once_it_is_hashed() {
    let library = Library::start().await;
    let known = library.ready_asset("VIDEO", b"abcdef").await;
    let asset = library.create_asset("VIDEO").await;
    let large = library.upload_parts(&asset, &[b"abc", b"def"]).await;
    library.complete(&large.file, "CREATED").await.ok();
    library.run_due_jobs().await;
    assert_eq!(library.stored().await, 3);
    library.pass(HOUR);
    library.sweep().await;
    assert_eq!(library.stored().await, 1);
    let url = library.download_url(&asset, &large.file).await.unwrap();
    assert_eq!(library.fetch(&url).await.text(), "abcdef");
    library.purge(&known).await.ok();
    library.pass(HOUR);
    library.sweep().await;
    assert_eq!(library.fetch(&url).await.text(), "abcdef");
}

#[tokio::test]
async fn what_is_deleted_while_it_is_hashed_stays_deleted() {
    let library = Library::start().await;
    let asset = library.create_asset("VIDEO").await;
    let large = library.upload_parts(&asset, &[b"abc"]).await;
    library.complete(&large.file, "CREATED").await.ok();
    library.delete_file(&large.file).await.ok();
    assert_eq!(library.run_due_jobs().await, 0);
    assert_eq!(library.state(&asset).await, "CREATING");
    let other = library.upload_parts(&asset, &[b"abc"]).await;
    library.complete(&other.file, "CREATED").await.ok();
    library.purge(&asset).await.ok();
    assert_eq!(library.run_due_jobs().await, 0);
    assert_eq!(library.state(&asset).await, "DELETED");
    library.pass(HOUR);
    library.sweep().await;
    assert_eq!(library.stored().await, 0);
}

#[tokio::test]
async fn an_asset_that_is_away_comes_back_with_its_main_file() {
    let library = Library::start().await;
    for away in ["bin", "block"] {
        let asset = library.create_asset("VIDEO").await;
        let large = library.upload_parts(&asset, &[away.as_bytes()]).await;
        library.complete(&large.file, "CREATED").await.ok();
        if away == "bin" {
            library.delete_asset(&asset).await.ok();
        } else {
            assert!(library.block(&asset).await);
        }
        assert_eq!(library.run_due_jobs().await, 1);
        let state = library.state(&asset).await;
        assert_eq!(state, if away == "bin" { "DELETING" } else { "BLOCK" });
        if away == "bin" {
            library.restore(&asset).await.ok();
        } else {
            assert!(library.unblock(&asset).await);
        }
        assert_eq!(library.state(&asset).await, "UNACTIVED");
    }
    library.assert_counts_are_right().await;
}

#[tokio::test]
async fn an_asset_restored_before_it_is_hashed_waits_on() {
    let library = Library::start().await;
    let asset = library.create_asset("VIDEO").await;
    let large = library.upload_parts(&asset, &[b"abc"]).await;
    library.complete(&large.file, "CREATED").await.ok();
    library.delete_asset(&asset).await.ok();
    library.restore(&asset).await.ok();
    assert_eq!(library.state(&asset).await, "CREATING");
    library.run_due_jobs().await;
    assert_eq!(library.state(&asset).await, "UNACTIVED");
}

#[tokio::test]
async fn bytes_that_can_not_be_read_fail_the_file_after_eight_attempts() {
    let library = Library::start().await;
    let asset = library.create_asset("VIDEO").await;
    let large = library.upload_parts(&asset, &[b"abc"]).await;
    library.complete(&large.file, "CREATED").await.ok();
    let keys = library.app.db.read(async |tx| {
        let row = tx
            .query_one("SELECT storage_key FROM segments", &[])
            .await?;
        Ok(row.unwrap().next::<String>()?)
    });
    let key = StorageKey::parse(&keys.await.unwrap()).unwrap();
    library.app.blobs.delete(&key).await.unwrap();
    for attempt in 1..=8 {
        assert_eq!(library.run_due_jobs().await, 1, "attempt {attempt}");
        library.pass(HOUR);
    }
    assert_eq!(library.run_due_jobs().await, 0);
    let file = library.file(&asset, &large.file).await.unwrap();
    assert_eq!(file["state"], "FAILED");
    assert!(
        file["reason"]
            .as_str()
            .unwrap()
            .contains("upload the file again")
    );
    assert_eq!(library.state(&asset).await, "FAILED");
    assert_eq!(
        library
            .rows("jobs WHERE state = 'FAILED' AND error_code = 'ContentUnreadable'")
            .await,
        1
    );
}

#[tokio::test]
async fn an_attempt_that_lost_its_lease_changes_nothing() {
    let library = Library::start().await;
    let asset = library.create_asset("VIDEO").await;
    let large = library.upload_parts(&asset, &[b"abc"]).await;
    library.complete(&large.file, "CREATED").await.ok();
    let claim = async |now: Timestamp| {
        let db = library.app.db.clone();
        db.write(async move |tx| queue::claim(tx, Lane::Main, now).await)
            .await
            .unwrap()
            .unwrap()
    };
    let slow = claim(library.app.clock.now()).await;
    library.pass(HOUR);
    assert_eq!(library.run_due_jobs().await, 1);
    let now = library.app.clock.now();
    let finished = library.app.db.write(async move |tx| {
        let progressed = queue::progress(tx, &slow, 1, 3, now).await?;
        let failed = queue::finish(tx, &slow, Some(("X", "late")), now).await?;
        let retried = queue::retry(tx, &slow, "late", now).await?;
        Ok((progressed, failed, retried))
    });
    assert_eq!(finished.await.unwrap(), (false, false, false));
    assert_eq!(library.rows("jobs WHERE state = 'SUCCEEDED'").await, 1);
    assert_eq!(library.state(&asset).await, "UNACTIVED");
}
