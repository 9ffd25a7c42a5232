//! What comes round: late texts are sealed anew, and data keys go when nobody needs them.

use entrepot_server::vault;

use super::{add_key, call_with, left_behind};
use crate::harness::{DAY, HOUR, Library};

#[tokio::test]
async fn what_a_slow_node_sealed_under_the_former_key_is_sealed_anew() {
    let library = Library::start().await;
    let (slow, command) = (library.this_node(), library.node().await);
    vault::rotate(&command.app, None).await.unwrap();
    add_key(&library, &slow.app, "LATE").await;
    assert_eq!(call_with(&library, &command, "LATE").await, 200);
    library.app.vault.reload().await.unwrap();
    assert_eq!(left_behind(&library).await, 1);
    library.sweep().await;
    assert_eq!(left_behind(&library).await, 0);
    assert_eq!(call_with(&library, &slow, "LATE").await, 200);
}

#[tokio::test]
async fn a_data_key_goes_when_its_links_are_over() {
    let library = Library::start().await;
    let asset = library.create_asset("IMAGE").await;
    let file = library.upload(&asset, "MAIN", b"x").await;
    let old = library.download_url(&asset, &file).await.unwrap();
    vault::rotate(&library.app, None).await.unwrap();
    library.pass(27 * HOUR);
    library.sweep().await;
    assert_eq!(library.fetch(&old).await.status, 200);
    library.pass(20 * HOUR);
    library.sweep().await;
    assert_eq!(data_keys(&library).await, 2);
    library.pass(2 * HOUR);
    library.sweep().await;
    assert_eq!(data_keys(&library).await, 1);
    assert_eq!(library.fetch(&old).await.status, 403);
    assert_eq!(
        call_with(&library, &library.this_node(), &library.owner.access_key).await,
        200
    );
}

#[tokio::test]
async fn a_data_key_stays_while_anything_is_sealed_under_it() {
    let library = Library::start().await;
    let former = library.app.vault.ring().active().key_id().to_owned();
    vault::rotate(&library.app, None).await.unwrap();
    // does not open, so it can't be sealed anew either
    library.create_app("n").await;
    let sql = format!("UPDATE apps SET secret = 'v2:{former}:AAAA'");
    library.execute(&sql).await;
    library.pass(10 * DAY);
    library.sweep().await;
    assert_eq!(data_keys(&library).await, 2);
    library.execute("DELETE FROM apps").await;
    library.sweep().await;
    assert_eq!(data_keys(&library).await, 1);
}

async fn data_keys(library: &Library) -> i64 {
    library
        .rows("(SELECT DISTINCT key_id FROM vault_keys) k")
        .await
}
