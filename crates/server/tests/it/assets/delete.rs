//! `DELETE /v1/{project_id}/digital-assets/{asset_id}`

use std::time::Duration;

use crate::harness::{DAY, Library};

#[tokio::test]
async fn deleting_moves_to_the_recycle_bin_and_force_beyond_it() {
    let library = Library::start().await;
    let asset = library.ready_asset("IMAGE", b"x").await;
    let deleted = library.delete_asset(&asset).await;
    assert_eq!((deleted.status, deleted.body.len()), (200, 0));
    assert_eq!(library.state(&asset).await, "DELETING");
    assert_eq!(
        library.delete_asset(&asset).await.code(),
        "400 MSS.10009001"
    );
    library.purge(&asset).await.ok();
    assert_eq!(library.state(&asset).await, "DELETED");
    assert_eq!(library.purge(&asset).await.code(), "400 MSS.10009001");
    assert_eq!(
        library.delete_asset(&asset).await.code(),
        "400 MSS.10009001"
    );
    library.assert_counts_are_right().await;
}

#[tokio::test]
async fn every_usable_state_can_be_deleted() {
    let library = Library::start().await;
    for state in ["UNACTIVED", "ACTIVED", "WAITING_DELETE"] {
        for mode in ["", "?mode=force"] {
            let asset = library.ready_asset("IMAGE", b"x").await;
            library.set_state(&asset, state).await.ok();
            library
                .delete(&format!("digital-assets/{asset}{mode}"))
                .await
                .ok();
        }
    }
    library.assert_counts_are_right().await;
}

#[tokio::test]
async fn modes_and_parameters_that_are_not_known_are_refused() {
    let library = Library::start().await;
    let asset = library.create_asset("IMAGE").await;
    for query in [
        "mode=",
        "mode=soft",
        "mode=FORCE",
        "mode=force&mode=force",
        "force=1",
    ] {
        let answer = library
            .delete(&format!("digital-assets/{asset}?{query}"))
            .await;
        assert_eq!(answer.code(), "400 MSS.00000003", "{query}");
    }
    assert_eq!(library.state(&asset).await, "CREATING");
    assert_eq!(
        library.delete_asset("unknown").await.code(),
        "400 MSS.10001001"
    );
}

#[tokio::test]
async fn a_blocked_asset_can_not_be_deleted() {
    let library = Library::start().await;
    let asset = library.create_asset("IMAGE").await;
    assert!(library.block(&asset).await);
    assert_eq!(
        library.delete_asset(&asset).await.code(),
        "400 MSS.10009012"
    );
    assert_eq!(library.purge(&asset).await.code(), "400 MSS.10009012");
}

#[tokio::test]
async fn the_recycle_bin_keeps_for_seven_days() {
    let library = Library::start().await;
    let asset = library.ready_asset("IMAGE", b"x").await;
    library.delete_asset(&asset).await.ok();
    library.pass(7 * DAY);
    library.sweep().await;
    assert_eq!(library.state(&asset).await, "DELETING");
    library.pass(Duration::from_millis(1));
    library.sweep().await;
    assert_eq!(library.state(&asset).await, "DELETED");
    library.assert_counts_are_right().await;
}

#[tokio::test]
async fn the_bin_s_time_is_a_setting_and_more_than_a_page_goes() {
    let library = Library::with(|setup| setup.config.recycle_bin_days = 1).await;
    let mut assets = Vec::new();
    for _ in 0..103 {
        let asset = library.create_asset("IMAGE").await;
        library.delete_asset(&asset).await.ok();
        assets.push(asset);
    }
    library.pass(2 * DAY);
    library.sweep().await;
    assert_eq!(library.rows("assets WHERE state = 'DELETED'").await, 103);
    library.assert_counts_are_right().await;
}
