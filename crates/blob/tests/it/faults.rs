//! The order in which an object becomes durable, and what is left when any step of it fails.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use entrepot_blob::{BlobError, FileStep, FileSteps};
use futures_util::future::join_all;

use crate::places::{disk_with, get, key, memory_of, pattern, put};

type Action<'a> = &'a mut dyn FnMut() -> io::Result<()>;

/// Writes down every step that has ended well.
#[derive(Debug, Default)]
struct Recorded(Mutex<Vec<(FileStep, PathBuf)>>);

impl FileSteps for Recorded {
    fn run(&self, step: FileStep, path: &Path, action: Action<'_>) -> io::Result<()> {
        action()?;
        self.0.lock().unwrap().push((step, path.to_owned()));
        Ok(())
    }
}

/// Fails one kind of step from its `from`th time on.
#[derive(Debug)]
struct Failing {
    step: FileStep,
    from: usize,
    seen: AtomicUsize,
    error: rustix::io::Errno,
}

impl Failing {
    fn new(step: FileStep, from: usize, error: rustix::io::Errno) -> Arc<Self> {
        let seen = AtomicUsize::new(0);
        Arc::new(Self {
            step,
            from,
            seen,
            error,
        })
    }
}

impl FileSteps for Failing {
    fn run(&self, step: FileStep, _: &Path, action: Action<'_>) -> io::Result<()> {
        if step == self.step && self.seen.fetch_add(1, Ordering::SeqCst) + 1 >= self.from {
            return Err(self.error.into());
        }
        action()
    }
}

/// Folder fsyncs that take long enough for others to arrive meanwhile.
#[derive(Debug, Default)]
struct SlowFolders(AtomicUsize);

impl FileSteps for SlowFolders {
    fn run(&self, step: FileStep, _: &Path, action: Action<'_>) -> io::Result<()> {
        if step == FileStep::SyncFolder {
            self.0.fetch_add(1, Ordering::SeqCst);
            std::thread::sleep(Duration::from_millis(100));
        }
        action()
    }
}

#[tokio::test]
async fn finish_returns_after_fsync_of_file_rename_and_fsync_of_folders_in_that_order() {
    let recorded = Arc::new(Recorded::default());
    let place = disk_with(recorded.clone());
    for (first, tail) in [(true, "01"), (false, "02")] {
        recorded.0.lock().unwrap().clear();
        let key = format!("0192a3b4c5d67e8f00112233{tail}556677")
            .parse()
            .unwrap();
        put(&place.blobs, &key, &pattern(1_000_000), 600_000)
            .await
            .unwrap();
        let steps = std::mem::take(&mut *recorded.0.lock().unwrap());
        let kinds: Vec<_> = steps.iter().map(|(step, _)| *step).collect();
        let folder = place.root().join("77/66");
        let mut expected = vec![FileStep::Create, FileStep::Write, FileStep::Write];
        expected.push(FileStep::SyncFile);
        expected.extend(first.then_some(FileStep::CreateFolder));
        expected.extend([FileStep::Rename, FileStep::SyncFolder]);
        // The first object in a folder also makes the folder itself durable.
        expected.extend([FileStep::SyncFolder; 2].iter().filter(|_| first));
        assert_eq!(kinds, expected);
        let folders = steps
            .iter()
            .filter(|(step, _)| *step == FileStep::SyncFolder);
        let synced: Vec<_> = folders.map(|(_, path)| path.as_path()).collect();
        let needed = [&folder, folder.parent().unwrap(), place.root()];
        assert_eq!(synced, needed[..synced.len()]);
    }
}

#[tokio::test]
async fn a_full_storage_says_so_and_leaves_nothing() {
    for errno in [rustix::io::Errno::NOSPC, rustix::io::Errno::DQUOT] {
        let disk = disk_with(Failing::new(FileStep::Write, 2, errno));
        for place in [disk, memory_of(1_000_000)] {
            let error = put(&place.blobs, &key(1), &pattern(8_000_000), 300_000)
                .await
                .unwrap_err();
            assert!(matches!(error, BlobError::StorageFull), "{error}");
            place.assert_nothing_is_left().await;
        }
    }
}

#[tokio::test]
async fn a_failure_at_any_step_leaves_nothing() {
    let steps = [
        FileStep::Create,
        FileStep::Write,
        FileStep::SyncFile,
        FileStep::Rename,
    ];
    for step in steps.into_iter().chain([FileStep::SyncFolder]) {
        let place = disk_with(Failing::new(step, 1, rustix::io::Errno::IO));
        for (number, size) in (0..).zip([1000, 2_000_000]) {
            let result = put(&place.blobs, &key(number), &pattern(size), 400_000).await;
            assert!(matches!(result, Err(BlobError::Io(_))), "{step:?}");
            assert_eq!(place.blobs.size(&key(number)).await.unwrap(), None);
        }
        place.assert_nothing_is_left().await;
    }
}

#[tokio::test]
async fn an_ingest_into_a_full_storage_fails_as_a_whole() {
    let place = disk_with(Failing::new(FileStep::Write, 1, rustix::io::Errno::NOSPC));
    let mut ingest = place.blobs.ingest(&key(1)).await.unwrap();
    ingest.write(pattern(1000)).await.unwrap();
    assert!(matches!(ingest.finish().await, Err(BlobError::StorageFull)));
    assert!(get(&place.blobs, &key(1), 0..0).await.is_err());
    place.assert_nothing_is_left().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writers_that_end_together_share_the_fsync_of_their_folder() {
    let slow = Arc::new(SlowFolders::default());
    let place = disk_with(slow.clone());
    let write = async |number: u32| {
        let key = format!("0192a3b4c5d67e8f{number:08x}00556677")
            .parse()
            .unwrap();
        put(&place.blobs, &key, &pattern(1000), 1000).await
    };
    let results = join_all((0..32).map(write)).await;
    assert!(results.iter().all(Result::is_ok));
    // Alone, each would need three.
    let syncs = slow.0.load(Ordering::SeqCst);
    assert!((3..=32).contains(&syncs), "{syncs}");
}
