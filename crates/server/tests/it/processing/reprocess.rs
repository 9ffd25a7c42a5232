//! Processing again, as an administrator asks for it.

use entrepot_server::assets::AssetType;
use entrepot_server::processing::administer::{Counts, Wanted, reprocess};

use crate::harness::Library;

impl Library {
    pub async fn reprocess(&self, kind: &str, missing: bool) -> Counts {
        let wanted = Wanted {
            kind: AssetType::parse(kind).unwrap(),
            project: None,
            missing,
        };
        reprocess(&self.app, &wanted, |_| {}).await.unwrap()
    }
}

fn counts(queued: u64, waiting: u64, complete: u64) -> Counts {
    Counts {
        queued,
        waiting,
        complete,
    }
}

#[tokio::test]
async fn only_what_lacks_something_is_missing() {
    let script = "if grep -q good $(printf %s \"$task\" | sed 's/.*\"input\":\\[\"\\([^\"]*\\)\".*/\\1/'); \
        then facts; thumbnail; else refuse Facts Damaged x; refuse Thumbnail Damaged x; fi; finish";
    let library = Library::with_worker(script).await;
    library.ready_asset("IMAGE", b"good").await;
    library.ready_asset("IMAGE", b"bad").await;
    library.ready_asset("VIDEO", b"good film").await;
    assert_eq!(library.reprocess("IMAGE", true).await, counts(0, 2, 0));
    library.run_due_jobs().await;
    assert_eq!(library.reprocess("IMAGE", true).await, counts(1, 0, 1));
    assert_eq!(library.run_due_jobs().await, 1);
    assert_eq!(library.reprocess("IMAGE", false).await, counts(2, 0, 0));
    assert_eq!(library.run_due_jobs().await, 2);
    assert_eq!(library.reprocess("AUDIO", false).await, counts(0, 0, 0));
}

#[tokio::test]
async fn what_came_before_media_was_on_is_missing() {
    let library = Library::with(|setup| {
        crate::harness::looked_at_by("facts; thumbnail; finish")(setup);
        setup.config.media = false;
    })
    .await;
    for _ in 0..3 {
        library.ready_asset("IMAGE", b"bytes").await;
    }
    assert_eq!(library.run_due_jobs().await, 0);
    assert_eq!(library.reprocess("IMAGE", true).await, counts(3, 0, 0));
    assert_eq!(library.run_due_jobs().await, 3);
    assert_eq!(library.reprocess("IMAGE", true).await, counts(0, 0, 3));
}

#[tokio::test]
async fn other_types_are_refused() {
    let library = Library::start().await;
    let wanted = Wanted {
        kind: AssetType::Material,
        project: None,
        missing: false,
    };
    let error = reprocess(&library.app, &wanted, |_| {}).await.unwrap_err();
    assert!(error.message.contains("IMAGE, VIDEO, AUDIO, MUSIC or PPT"));
}
