//! Many transactions at once: on SQLite they share a commit, and each still stands alone.

use entrepot_server::error::{Error, ErrorCode};
use futures_util::future::join_all;

use super::insert_domain;
use crate::harness::Library;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_error_undoes_only_its_own_transaction() {
    let library = Library::start().await;
    let writes = (0..60).map(|n| {
        library.app.db.write(async move |tx| {
            let name = format!("n{n}");
            insert_domain(tx, &name, &name).await?;
            match n % 3 {
                0 => Ok(()),
                1 => Err(Error::new(ErrorCode::NotSupported, "no")),
                // refused by the schema in the middle of the group
                _ => insert_domain(tx, &name, "again").await,
            }
        })
    });
    let outcomes = join_all(writes).await;
    for (n, outcome) in outcomes.iter().enumerate() {
        assert_eq!(outcome.is_ok(), n % 3 == 0, "{n}: {outcome:?}");
    }
    assert_eq!(library.rows("domains WHERE name LIKE 'n%'").await, 20);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_panic_in_one_transaction_is_its_own_trouble() {
    let library = Library::start().await;
    let db = library.app.db.clone();
    let panicking = tokio::spawn(async move {
        let panicked = db.write(async |tx| {
            insert_domain(tx, "panics", "panics").await?;
            assert!(tx.counter_shard() < 0, "a transaction of the tests panics");
            Ok(())
        });
        panicked.await
    });
    let writes = (0..10).map(|n| {
        let name = format!("n{n}");
        library
            .app
            .db
            .write(async move |tx| insert_domain(tx, &name, &name).await)
    });
    for written in join_all(writes).await {
        written.unwrap();
    }
    assert!(panicking.await.map_or(true, |outcome| outcome.is_err()));
    assert_eq!(library.rows("domains WHERE name = 'panics'").await, 0);
}
