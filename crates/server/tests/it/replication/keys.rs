//! The key ring as an administrator handles it.

use entrepot_server::error::ErrorCode;
use entrepot_server::keys::Secret;
use entrepot_server::replication::administer;

use crate::harness::Library;

#[tokio::test]
async fn a_key_is_for_another_region_and_has_an_id_of_its_own() {
    let library = Library::start().await;
    let app = &library.app;
    let (key, secret) = administer::create(app, "west").await.unwrap();
    assert!(key.key_id.parse::<u64>().is_ok_and(|id| id < 1 << 53));
    assert!(!key.sealed.contains(secret.expose()));
    for (id, peer, code) in [
        (key.key_id.as_str(), "west", ErrorCode::KeyTaken),
        ("a b", "west", ErrorCode::InvalidParameter),
        ("", "west", ErrorCode::InvalidParameter),
        ("other", "", ErrorCode::InvalidParameter),
        ("other", "local-1", ErrorCode::InvalidParameter),
    ] {
        let refused = administer::add(app, id, peer, &secret).await.unwrap_err();
        assert_eq!(refused.code, code, "{id} {peer}");
    }
    for bad in ["", "c2hvcnQ=", "not base64 at all, and longer than that"] {
        let refused = administer::add(app, "other", "west", &Secret::new(bad)).await;
        assert_eq!(refused.unwrap_err().code, ErrorCode::InvalidParameter);
    }
    let unknown = administer::retire(app, "nothing").await.unwrap_err();
    assert_eq!(unknown.code, ErrorCode::ReplicationKeyUnknown);
    let retired = administer::retire(app, &key.key_id).await.unwrap();
    assert!(retired.retired_at.is_some());
}
