//! Files that nothing can be made of, and children that misbehave: each ends with a reason, once.

use entrepot_server::jobs::{Lane, queue};
use serde_json::json;

use crate::harness::looked_at_by;
use crate::harness::{HOUR, Library};

/// The code in `error_info` after the only attempt that there is.
async fn code_after(library: &Library, asset: &str) -> serde_json::Value {
    assert_eq!(library.run_due_jobs().await, 1);
    library.pass(HOUR);
    assert_eq!(library.run_due_jobs().await, 0, "it is not tried again");
    assert!(library.scratch_is_empty());
    assert_eq!(library.state(asset).await, "UNACTIVED");
    library.meta(asset, "image_meta").await["error_info"]["error_code"].clone()
}

#[tokio::test]
async fn a_refusal_says_why() {
    let script =
        "refuse Facts Damaged 'the file ends too soon'; refuse Thumbnail TooLarge x; finish";
    let library = Library::with_worker(script).await;
    let asset = library.ready_asset("IMAGE", b"bytes").await;
    library.run_due_jobs().await;
    let wanted = json!({"error_info":
        {"error_code": "MSS.10009032", "error_msg": "the file ends too soon"}});
    assert_eq!(library.meta(&asset, "image_meta").await, wanted);
    assert_eq!(library.thumbnail_url(&asset).await, None);
}

#[tokio::test]
async fn metadata_stays_where_the_thumbnail_fails() {
    let script = "facts; refuse Thumbnail TooLarge 'too many pixels'; finish";
    let library = Library::with_worker(script).await;
    let asset = library.ready_asset("IMAGE", b"bytes").await;
    assert_eq!(code_after(&library, &asset).await, "MSS.10009033");
    assert_eq!(library.meta(&asset, "image_meta").await["width"], 20);
}

#[tokio::test]
async fn children_that_misbehave_are_crashes() {
    let endless = "while :; do printf xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done";
    for script in [
        "exit 7",
        "kill -SEGV $$",
        "echo nonsense",
        endless,
        "facts; ln -s /etc/passwd $folder/thumbnail.webp; \
         ln -s /etc/passwd $folder/thumbnail.jpg; tell '{\"Thumbnail\":{\"width\":1,\"height\":1}}'; finish",
        "facts; mkfifo $folder/thumbnail.webp; tell '{\"Thumbnail\":{\"width\":1,\"height\":1}}'; finish",
        "facts; finish",
    ] {
        let library = Library::with_worker(script).await;
        let asset = library.ready_asset("IMAGE", b"bytes").await;
        assert_eq!(
            code_after(&library, &asset).await,
            "MSS.10009038",
            "{script}"
        );
        assert_eq!(library.thumbnail_url(&asset).await, None, "{script}");
    }
}

#[tokio::test]
async fn a_child_that_takes_too_long_is_ended_with_all_it_started() {
    let script = "facts; sleep 1000 & echo $! > $folder/../pid; wait";
    let library = Library::with(|setup| {
        looked_at_by(script)(setup);
        setup.config.media_seconds = 3;
    })
    .await;
    let asset = library.ready_asset("IMAGE", b"bytes").await;
    library.run_due_jobs().await;
    let meta = library.meta(&asset, "image_meta").await;
    assert_eq!(meta["error_info"]["error_code"], "MSS.10009034");
    assert_eq!(meta["width"], 20, "what was told before counts");
    let folder = library.app.config.data.join("scratch");
    let pid = std::fs::read_to_string(folder.join("pid")).unwrap();
    let status = format!("/proc/{}/status", pid.trim());
    let is_alive = || std::fs::read_to_string(&status).is_ok_and(|text| !text.contains("zombie"));
    for _ in 0..1000 {
        if !is_alive() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("process {pid} is still there");
}

#[tokio::test]
async fn a_child_sees_nothing_of_the_servers_environment() {
    let script = "[ -z \"$CARGO_MANIFEST_DIR$HOME$USER\" ] && facts; thumbnail; finish";
    let library = Library::with_worker(script).await;
    let asset = library.ready_asset("IMAGE", b"bytes").await;
    library.run_due_jobs().await;
    assert_eq!(library.meta(&asset, "image_meta").await["width"], 20);
}

#[tokio::test]
async fn a_file_that_takes_the_server_down_is_given_up() {
    let library = Library::with_worker("facts; thumbnail; finish").await;
    let asset = library.ready_asset("IMAGE", b"bytes").await;
    for _ in 0..6 {
        let now = library.app.clock.now();
        let claimed = library.app.db.write(async move |tx| {
            queue::claim(tx, Lane::Media, now)
                .await
                .map(|job| job.is_some())
        });
        assert!(claimed.await.unwrap());
        // whoever held it is gone
        library.pass(HOUR);
    }
    assert_eq!(code_after(&library, &asset).await, "MSS.10009038");
}

#[tokio::test]
async fn an_attempt_that_lost_its_lease_changes_nothing() {
    // the test takes the job away while the child waits for the file
    let script = "facts; thumbnail; : > $folder/../waits; \
                  while [ ! -e $folder/../go ]; do sleep 0.02; done; finish";
    let library = Library::with_worker(script).await;
    let asset = library.ready_asset("IMAGE", b"bytes").await;
    let running = library.run_due_jobs();
    let scratch = library.app.config.data.join("scratch");
    let taking = async {
        while !scratch.join("waits").exists() {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        library.pass(HOUR);
        let now = library.app.clock.now();
        let taken = library.app.db.write(async move |tx| {
            queue::claim(tx, Lane::Media, now)
                .await
                .map(|job| job.is_some())
        });
        assert!(taken.await.unwrap());
        std::fs::write(scratch.join("go"), "").unwrap();
    };
    tokio::join!(running, taking);
    assert_eq!(library.thumbnail_url(&asset).await, None);
    assert_eq!(library.stored().await, 1, "what it had stored is gone");
    library.leave_jobs();
}

#[tokio::test]
async fn where_media_is_off_nothing_is_queued() {
    let library = Library::with(|setup| {
        looked_at_by("exit 1")(setup);
        setup.config.media = false;
    })
    .await;
    library.ready_asset("IMAGE", b"bytes").await;
    assert_eq!(library.run_due_jobs().await, 0);
}
