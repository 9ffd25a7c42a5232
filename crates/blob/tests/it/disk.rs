//! What only a disk can be asked: threads, files left by a crash, files damaged by others.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use entrepot_blob::{BlobError, Blobs};
use futures_util::StreamExt;
use sha2::Digest;
use tokio::runtime::Builder;
use tokio::time::timeout;

use crate::places::{disk, get, key, pattern, put};

/// Runs with one blocking thread in all: whoever kept it would stop everybody else.
fn with_one_blocking_thread<T>(case: impl Future<Output = T>) -> T {
    let mut builder = Builder::new_current_thread();
    let runtime = builder
        .enable_time()
        .max_blocking_threads(1)
        .build()
        .unwrap();
    runtime.block_on(async { timeout(Duration::from_secs(20), case).await.unwrap() })
}

#[test]
fn stalled_and_dropped_streams_hold_no_thread() {
    let place = disk();
    with_one_blocking_thread(async {
        put(&place.blobs, &key(1), &pattern(8_000_000), 1_000_000)
            .await
            .unwrap();
        let mut stalled = place.blobs.read(&key(1), 0..8_000_000);
        stalled.next().await.unwrap().unwrap();
        let mut dropped = place.blobs.read(&key(1), 0..8_000_000);
        dropped.next().await.unwrap().unwrap();
        drop(dropped);
        assert_eq!(
            get(&place.blobs, &key(1), 0..8_000_000).await.unwrap(),
            pattern(8_000_000)
        );
        let rest: usize = stalled
            .map(|block| block.unwrap().len())
            .fold(0, async |a, b| a + b)
            .await;
        assert_eq!(rest, 8_000_000 - 256 * 1024);
    });
}

#[test]
fn stalled_uploads_hold_no_thread() {
    let place = disk();
    with_one_blocking_thread(async {
        let mut stalled = place.blobs.ingest(&key(1)).await.unwrap();
        stalled.write(pattern(3_000_000)).await.unwrap();
        put(&place.blobs, &key(2), &pattern(3_000_000), 1_000_000)
            .await
            .unwrap();
        stalled.write(pattern(3_000_000)).await.unwrap();
        assert_eq!(stalled.finish().await.unwrap().size, 6_000_000);
    });
}

#[tokio::test]
async fn a_write_that_is_dropped_while_it_waits_loses_no_bytes() {
    let place = disk();
    let mut ingest = place.blobs.ingest(&key(1)).await.unwrap();
    let bytes = pattern(20_000_000);
    for at in (0..bytes.len()).step_by(1_000_000) {
        // Polled once: most of these are dropped while they wait for room.
        let _ = timeout(
            Duration::ZERO,
            ingest.write(bytes.slice(at..at + 1_000_000)),
        )
        .await;
    }
    let digests = ingest.finish().await.unwrap();
    assert_eq!(digests.sha256, *sha2::Sha256::digest(&bytes));
    assert_eq!(
        get(&place.blobs, &key(1), 0..20_000_000).await.unwrap(),
        bytes
    );
}

#[tokio::test]
async fn files_lie_two_folders_deep_by_the_last_digits_and_only_the_owner_reads_them() {
    let place = disk();
    let key = "0192a3b4c5d67e8f0011223344556677".parse().unwrap();
    put(&place.blobs, &key, &pattern(10), 10).await.unwrap();
    let file = place.root().join("77/66").join(key.as_str());
    assert_eq!(
        std::fs::metadata(file).unwrap().permissions().mode() & 0o777,
        0o600
    );
}

#[tokio::test]
async fn a_file_cut_short_by_others_is_reported_as_corrupt() {
    let place = disk();
    let key = "0192a3b4c5d67e8f0011223344556677".parse().unwrap();
    put(&place.blobs, &key, &pattern(3_000_000), 1_000_000)
        .await
        .unwrap();
    let mut stream = place.blobs.read(&key, 0..3_000_000);
    stream.next().await.unwrap().unwrap();
    cut(&place.root().join("77/66").join(key.as_str()), 2_500_000);
    let mut last = None;
    while let Some(block) = stream.next().await {
        last = Some(block);
    }
    let error = last.unwrap().unwrap_err();
    assert!(
        matches!(
            error,
            BlobError::Corrupt {
                expected: 3_000_000,
                ..
            }
        ),
        "{error}"
    );
}

fn cut(path: &Path, len: u64) {
    let file = std::fs::File::options().write(true).open(path).unwrap();
    file.set_len(len).unwrap();
}

#[tokio::test]
async fn only_stale_temporaries_are_removed() {
    let place = disk();
    let hour = Duration::from_hours(1);
    let old = place.root().join("tmp/left-by-a-crash");
    let file = std::fs::File::create(&old).unwrap();
    file.set_modified(SystemTime::now() - 2 * hour).unwrap();
    let mut writer = place.blobs.writer(&key(1)).await.unwrap();
    writer.write(pattern(3_000_000)).await.unwrap();
    assert_eq!(place.blobs.remove_stale_temporaries(hour).await.unwrap(), 1);
    assert!(!old.exists());
    assert_eq!(writer.finish().await.unwrap(), 3_000_000);
}

#[tokio::test]
async fn objects_are_there_after_opening_the_folder_again() {
    let place = disk();
    put(&place.blobs, &key(1), &Bytes::from_static(b"kept"), 4)
        .await
        .unwrap();
    let again = Blobs::open_disk(place.root()).unwrap();
    assert_eq!(get(&again, &key(1), 0..4).await.unwrap(), "kept");
}
