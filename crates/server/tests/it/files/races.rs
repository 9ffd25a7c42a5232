//! Rules of files that hold when many change the same thing at once.

use futures_util::future::join_all;

use crate::harness::Library;

fn codes(answers: &[crate::harness::Answer]) -> Vec<String> {
    answers.iter().map(crate::harness::Answer::code).collect()
}

fn count(codes: &[String], code: &str) -> usize {
    codes.iter().filter(|c| *c == code).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_of_sixteen_main_files_is_taken() {
    let library = Library::start().await;
    for kind in ["files", "large-files"] {
        let asset = library.create_asset("VIDEO").await;
        let body = library.file_body(&asset, "MAIN", b"x").await;
        let answers = join_all((0..16).map(|_| library.post(kind, &body))).await;
        let codes = codes(&answers);
        assert_eq!(count(&codes, "200"), 1, "{codes:?}");
        assert_eq!(count(&codes, "400 MSS.10001008"), 15, "{codes:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn racing_completes_agree_and_the_asset_goes_on_once() {
    let library = Library::start().await;
    let asset = library.create_asset("IMAGE").await;
    let upload = library.declare(&asset, "MAIN", b"x").await;
    library.send(&upload, b"x").await.ok();
    let before = library.show(&asset).await["entrepot_version"]
        .as_i64()
        .unwrap();
    let answers = join_all((0..12).map(|_| library.complete(&upload.file, "CREATED"))).await;
    assert_eq!(count(&codes(&answers), "200"), 12, "{:?}", codes(&answers));
    let shown = library.show(&asset).await;
    assert_eq!(shown["asset_state"], "UNACTIVED");
    assert_eq!(shown["entrepot_version"], before + 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_completes_that_disagree_one_kind_wins() {
    let library = Library::start().await;
    for _ in 0..3 {
        let asset = library.create_asset("IMAGE").await;
        let upload = library.declare(&asset, "MAIN", b"x").await;
        library.send(&upload, b"x").await.ok();
        let states = ["CREATED", "FAILED", "CANCELLED"];
        let answers = join_all((0..9).map(|n| library.complete(&upload.file, states[n % 3]))).await;
        assert_eq!(count(&codes(&answers), "200"), 3, "{:?}", codes(&answers));
        let file = library.file(&asset, &upload.file).await.unwrap();
        let state = library.state(&asset).await;
        let legal = [
            ("CREATED", "UNACTIVED"),
            ("FAILED", "FAILED"),
            ("CANCELLED", "CREATING"),
        ];
        assert!(
            legal.contains(&(file["state"].as_str().unwrap(), &*state)),
            "{file} {state}"
        );
    }
    library.assert_counts_are_right().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn racing_completes_of_parts_start_one_job() {
    let library = Library::start().await;
    let asset = library.create_asset("VIDEO").await;
    let large = library.upload_parts(&asset, &[b"abc", b"def"]).await;
    let answers = join_all((0..8).map(|_| library.complete(&large.file, "CREATED"))).await;
    assert_eq!(count(&codes(&answers), "200"), 8, "{:?}", codes(&answers));
    assert_eq!(library.rows("jobs").await, 1);
    assert_eq!(library.rows("blobs").await, 1);
    assert_eq!(library.run_due_jobs().await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn deleting_and_completing_leave_what_one_of_them_says() {
    let library = Library::start().await;
    for _ in 0..4 {
        let asset = library.create_asset("IMAGE").await;
        let upload = library.declare(&asset, "MAIN", b"x").await;
        library.send(&upload, b"x").await.ok();
        let work = (0..6).map(async |n| match n % 3 {
            0 => library.complete(&upload.file, "CREATED").await,
            1 => library.delete_file(&upload.file).await,
            _ => library.delete_asset(&asset).await,
        });
        join_all(work).await;
        assert_eq!(library.state(&asset).await, "DELETING");
        library.restore(&asset).await.ok();
        let there = library.file(&asset, &upload.file).await;
        let expected = match there.as_ref().and_then(|file| file["state"].as_str()) {
            Some("CREATED") => "UNACTIVED",
            _ => "CREATING",
        };
        assert_eq!(library.state(&asset).await, expected);
    }
    library.assert_counts_are_right().await;
}
