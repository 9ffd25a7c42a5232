//! `POST /v1/{project_id}/digital-assets/{asset_id}/restore`

use crate::harness::{DAY, Library};

#[tokio::test]
async fn what_was_deleted_comes_back_as_it_was() {
    let library = Library::start().await;
    for state in ["UNACTIVED", "ACTIVED", "WAITING_DELETE"] {
        let asset = library.ready_asset("IMAGE", b"x").await;
        library.set_state(&asset, state).await.ok();
        library.delete_asset(&asset).await.ok();
        library.restore(&asset).await.ok();
        assert_eq!(library.state(&asset).await, state);
    }
    let creating = library.create_asset("IMAGE").await;
    library.delete_asset(&creating).await.ok();
    library.restore(&creating).await.ok();
    assert_eq!(library.state(&creating).await, "CREATING");
    library.assert_counts_are_right().await;
}

#[tokio::test]
async fn only_the_recycle_bin_gives_back() {
    let library = Library::start().await;
    let asset = library.ready_asset("IMAGE", b"x").await;
    assert_eq!(library.restore(&asset).await.code(), "400 MSS.10009001");
    library.purge(&asset).await.ok();
    assert_eq!(library.restore(&asset).await.code(), "400 MSS.10009001");
    assert_eq!(library.restore("unknown").await.code(), "400 MSS.10001001");
}

#[tokio::test]
async fn after_a_restore_the_seven_days_begin_anew() {
    let library = Library::start().await;
    let asset = library.ready_asset("IMAGE", b"x").await;
    library.delete_asset(&asset).await.ok();
    library.pass(6 * DAY);
    library.restore(&asset).await.ok();
    library.delete_asset(&asset).await.ok();
    library.pass(6 * DAY);
    library.sweep().await;
    assert_eq!(library.state(&asset).await, "DELETING");
}
