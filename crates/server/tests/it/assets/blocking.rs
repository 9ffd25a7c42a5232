//! Freezing assets, as `entrepot admin asset block` does it.

use entrepot_server::assets::blocking;
use entrepot_server::error::ErrorCode;
use entrepot_server::ids::AssetId;

use crate::harness::Library;

#[tokio::test]
async fn a_block_shows_its_reason_and_lifts_to_the_state_before() {
    let library = Library::start().await;
    for state in ["UNACTIVED", "ACTIVED", "WAITING_DELETE"] {
        let asset = library.ready_asset("IMAGE", b"x").await;
        library.set_state(&asset, state).await.ok();
        assert!(library.block(&asset).await);
        let shown = library.show(&asset).await;
        assert_eq!(shown["asset_state"], "BLOCK");
        assert_eq!(shown["block_reason_code"], "C1");
        assert_eq!(shown["reason"], "a reason");
        assert!(library.unblock(&asset).await);
        let shown = library.show(&asset).await;
        assert_eq!(shown["asset_state"], state);
        assert!(shown["block_reason_code"].is_null() && shown["reason"].is_null());
    }
    library.assert_counts_are_right().await;
}

#[tokio::test]
async fn only_what_is_there_can_be_blocked_and_only_once() {
    let library = Library::start().await;
    let asset = library.create_asset("IMAGE").await;
    assert!(!library.unblock(&asset).await);
    assert!(library.block(&asset).await);
    assert!(!library.block(&asset).await);
    assert!(library.unblock(&asset).await);
    library.delete_asset(&asset).await.ok();
    assert!(!library.block(&asset).await);
    let unknown = blocking::block(&library.app, &AssetId::new("x"), "C", "r").await;
    assert_eq!(unknown.unwrap_err().code, ErrorCode::AssetNotFound);
}

#[tokio::test]
async fn a_block_needs_a_code_and_a_reason() {
    let library = Library::start().await;
    let id = AssetId::new(library.create_asset("IMAGE").await);
    for (code, reason) in [
        ("", "r"),
        ("C", ""),
        (&*"C".repeat(65), "r"),
        ("C", &*"r".repeat(257)),
    ] {
        let refused = blocking::block(&library.app, &id, code, reason).await;
        assert_eq!(refused.unwrap_err().code, ErrorCode::InvalidParameter);
    }
}
