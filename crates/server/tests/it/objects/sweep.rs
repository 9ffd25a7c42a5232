//! Quarantine and the sweep: no byte goes that a row refers to.

use std::time::{Duration, SystemTime};

use entrepot_blob::StorageKey;

use crate::harness::{HOUR, Library};

#[tokio::test]
async fn bytes_go_an_hour_after_the_last_reference() {
    let library = Library::start().await;
    let (a, b) = (
        library.ready_asset("IMAGE", b"x").await,
        library.ready_asset("IMAGE", b"x").await,
    );
    library.purge(&a).await.ok();
    library.pass(2 * HOUR);
    library.sweep().await;
    assert_eq!(library.stored().await, 1);
    library.purge(&b).await.ok();
    assert_eq!(library.rows("blobs WHERE state = 'DYING'").await, 1);
    library.pass_almost(HOUR);
    library.sweep().await;
    assert_eq!(library.stored().await, 1);
    library.pass(Duration::from_millis(1));
    library.sweep().await;
    assert_eq!(
        (library.stored().await, library.rows("blobs").await),
        (0, 0)
    );
}

#[tokio::test]
async fn a_dying_blob_is_not_used_again() {
    let library = Library::start().await;
    let first = library.ready_asset("IMAGE", b"x").await;
    library.purge(&first).await.ok();
    let asset = library.create_asset("IMAGE").await;
    let file = library.upload(&asset, "MAIN", b"x").await;
    assert_eq!(library.stored().await, 2);
    library.pass(HOUR);
    library.sweep().await;
    assert_eq!(library.stored().await, 1);
    let url = library.download_url(&asset, &file).await.unwrap();
    assert_eq!(library.fetch(&url).await.text(), "x");
}

#[tokio::test]
async fn a_reference_found_at_the_second_look_saves_the_bytes() {
    let library = Library::start().await;
    let asset = library.create_asset("IMAGE").await;
    let file = library.upload(&asset, "MAIN", b"x").await;
    // however it came about: a blob that is DYING, and a row that refers to it
    let marked = library.app.db.write(async |tx| {
        let sql = "UPDATE blobs SET state = 'DYING', dying_at = 0";
        Ok(tx.execute(sql, &[]).await?)
    });
    assert_eq!(marked.await.unwrap(), 1);
    library.sweep().await;
    let url = library.download_url(&asset, &file).await.unwrap();
    assert_eq!(library.fetch(&url).await.text(), "x");
}

#[tokio::test]
async fn the_quarantine_is_a_setting_and_more_than_a_page_goes() {
    let library = Library::with(|setup| setup.config.quarantine_minutes = 0).await;
    for n in 0..103 {
        let asset = library
            .ready_asset("IMAGE", format!("{n}").as_bytes())
            .await;
        library.purge(&asset).await.ok();
    }
    library.sweep().await;
    assert_eq!(library.stored().await, 0);
}

async fn store(library: &Library, text: &str) -> StorageKey {
    let key = StorageKey::parse(text).unwrap();
    let mut writer = library.app.blobs.writer(&key).await.unwrap();
    writer
        .write(bytes::Bytes::from_static(b"stray"))
        .await
        .unwrap();
    writer.finish().await.unwrap();
    key
}

#[tokio::test]
async fn only_keys_that_no_row_claims_are_strays() {
    let library = Library::start().await;
    library.ready_asset("IMAGE", b"x").await;
    let film = library.create_asset("VIDEO").await;
    library.upload_parts(&film, &[b"part"]).await;
    store(&library, "00000000000000000000000000000001").await;
    assert_eq!(library.remove_unclaimed().await, 1);
    assert_eq!(library.stored().await, 2);
}

#[tokio::test]
async fn the_listing_removes_old_strays_from_the_disk_and_leaves_young_ones() {
    let library = Library::with(|setup| setup.disk = true).await;
    let asset = library.create_asset("IMAGE").await;
    let file = library.upload(&asset, "MAIN", b"x").await;
    store(&library, "00000000000000000000000000000001").await;
    age(&library.data().join("blobs"), SystemTime::UNIX_EPOCH);
    store(&library, "00000000000000000000000000000002").await;
    assert_eq!(library.stored().await, 3);
    // listings come round every six hours
    library.pass(4 * HOUR);
    library.sweep().await;
    assert_eq!(library.stored().await, 2);
    let url = library.download_url(&asset, &file).await.unwrap();
    assert_eq!(library.fetch(&url).await.text(), "x");
}

/// Makes every file below a folder look as old as that.
fn age(folder: &std::path::Path, then: SystemTime) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            age(&entry.path(), then);
        } else {
            let file = std::fs::File::options().write(true).open(entry.path());
            file.unwrap().set_modified(then).unwrap();
        }
    }
}

#[tokio::test]
async fn the_sweep_forgets_tokens_and_jobs_that_are_long_over() {
    let library = Library::start().await;
    let token = library.create_token().await;
    library.sweep().await;
    assert_eq!(
        (library.rows("tokens").await, library.rows("jobs").await),
        (1, 1)
    );
    library.pass(Duration::from_hours(31 * 24));
    library.sweep().await;
    assert_eq!(
        (library.rows("tokens").await, library.rows("jobs").await),
        (0, 1)
    );
    let answer = library
        .call("GET", "digital-assets")
        .token(&token)
        .send()
        .await;
    assert_eq!(answer.status, 401);
}
