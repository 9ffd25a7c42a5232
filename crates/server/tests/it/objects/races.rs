//! Rules of bytes that hold when many send and delete at once.

use futures_util::future::join_all;

use crate::harness::{HOUR, Library};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_same_content_from_many_is_one_blob() {
    let library = Library::start().await;
    let uploads = (0..12).map(async |_| {
        let asset = library.create_asset("IMAGE").await;
        library.upload(&asset, "MAIN", b"the same").await;
    });
    join_all(uploads).await;
    assert_eq!(library.rows("blobs WHERE state = 'LIVE'").await, 1);
    assert_eq!(library.rows("segments").await, 1);
    assert_eq!(library.stored().await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_file_sent_by_many_is_one_blob() {
    let library = Library::start().await;
    let asset = library.create_asset("IMAGE").await;
    let upload = library.declare(&asset, "MAIN", b"x").await;
    let answers = join_all((0..12).map(|_| library.send(&upload, b"x"))).await;
    assert!(answers.iter().all(|answer| answer.status == 200));
    assert_eq!(library.stored().await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_part_sent_by_many_is_kept_once() {
    let library = Library::start().await;
    let asset = library.create_asset("VIDEO").await;
    let large = library.declare_large(&asset, 1, None).await;
    let answers = join_all((0..12).map(|_| library.send_part(&large.urls[0], b"x"))).await;
    assert!(answers.iter().all(|answer| answer.status == 200));
    assert_eq!(library.rows("file_parts").await, 1);
    library.complete(&large.file, "CREATED").await.ok();
    library.run_due_jobs().await;
    let url = library.download_url(&asset, &large.file).await.unwrap();
    assert_eq!(library.fetch(&url).await.text(), "x");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn content_that_comes_while_it_is_let_go_is_never_lost() {
    let library = Library::with(|setup| setup.config.quarantine_minutes = 0).await;
    for _ in 0..6 {
        let old = library.ready_asset("IMAGE", b"the same").await;
        let asset = library.create_asset("IMAGE").await;
        let sweep = async {
            library.purge(&old).await.ok();
            library.sweep().await;
        };
        let (file, ()) = tokio::join!(library.upload(&asset, "MAIN", b"the same"), sweep);
        library.pass(HOUR);
        library.sweep().await;
        let url = library.download_url(&asset, &file).await.unwrap();
        assert_eq!(library.fetch(&url).await.text(), "the same");
        library.purge(&asset).await.ok();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn equal_large_files_hashed_at_once_share_one_blob() {
    let library = Library::start().await;
    for _ in 0..6 {
        let asset = library.create_asset("VIDEO").await;
        let large = library.upload_parts(&asset, &[b"abc", b"def"]).await;
        library.complete(&large.file, "CREATED").await.ok();
    }
    let ran = join_all((0..4).map(|_| library.run_due_jobs())).await;
    assert_eq!(ran.iter().sum::<usize>(), 6);
    assert_eq!(library.rows("blobs WHERE state = 'LIVE'").await, 1);
    library.pass(HOUR);
    library.sweep().await;
    assert_eq!(library.stored().await, 2);
    library.assert_counts_are_right().await;
}
