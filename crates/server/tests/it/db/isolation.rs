//! What transactions see of each other.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use entrepot_server::error::ErrorCode;
use entrepot_server::params;
use futures_util::future::join_all;

use super::{first, insert_domain};
use crate::harness::Library;

const COUNT: &str = "SELECT COUNT(*) FROM domains";

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_snapshot_sees_one_state_whatever_is_committed_meanwhile() {
    let library = Library::start().await;
    let begun = Arc::new(AtomicBool::new(false));
    let written = Arc::new(AtomicBool::new(false));
    let (db, begins, waits_for) = (library.app.db.clone(), begun.clone(), written.clone());
    let reader = tokio::spawn(async move {
        let counts = db.snapshot(async move |tx| {
            let before: i64 = first(tx, COUNT).await?;
            begins.store(true, Ordering::SeqCst);
            // a transaction awaits nothing but its statements
            while !waits_for.load(Ordering::SeqCst) {
                first::<i64>(tx, COUNT).await?;
            }
            Ok((before, first::<i64>(tx, COUNT).await?))
        });
        counts.await
    });
    while !begun.load(Ordering::SeqCst) {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let inserted = library
        .app
        .db
        .write(async |tx| insert_domain(tx, "d", "d").await);
    inserted.await.unwrap();
    written.store(true, Ordering::SeqCst);
    assert_eq!(reader.await.unwrap().unwrap(), (1, 1));
    let after = library
        .app
        .db
        .read(async |tx| first::<i64>(tx, COUNT).await);
    assert_eq!(after.await.unwrap(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn transactions_that_collide_run_again_until_all_are_done() {
    let library = Library::start().await;
    let add_one = (0..10).map(|_| {
        library.app.db.write(async |tx| {
            let n: i64 =
                first(tx, "SELECT created_at FROM domains WHERE name = 'entrepot'").await?;
            let sql = "UPDATE domains SET created_at = $1 WHERE name = 'entrepot'";
            tx.execute(sql, params![n + 1]).await?;
            Ok(n)
        })
    });
    let mut seen: Vec<i64> = join_all(add_one)
        .await
        .into_iter()
        .map(Result::unwrap)
        .collect();
    seen.sort_unstable();
    let least = seen[0];
    let expected: Vec<i64> = (least..least + 10).collect();
    assert_eq!(seen, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_check_before_a_write_holds_against_others() {
    let library = Library::start().await;
    let claim = (0..8).map(|n| {
        library.app.db.write(async move |tx| {
            let others: i64 =
                first(tx, "SELECT COUNT(*) FROM domains WHERE name LIKE 'one%'").await?;
            if others == 0 {
                let name = format!("one{n}");
                insert_domain(tx, &name, &name).await?;
            }
            Ok(others == 0)
        })
    });
    let won = join_all(claim)
        .await
        .into_iter()
        .filter(|won| *won.as_ref().unwrap())
        .count();
    assert_eq!(won, 1);
}

#[tokio::test]
async fn an_error_undoes_all_that_the_transaction_did() {
    let library = Library::start().await;
    let undone = library.app.db.write(async |tx| {
        insert_domain(tx, "d", "d").await?;
        Err::<(), _>(entrepot_server::error::Error::new(
            ErrorCode::NotSupported,
            "no",
        ))
    });
    assert_eq!(undone.await.unwrap_err().code, ErrorCode::NotSupported);
    let count = library
        .app
        .db
        .read(async |tx| first::<i64>(tx, COUNT).await);
    assert_eq!(count.await.unwrap(), 1);
}

#[tokio::test]
async fn what_breaks_a_rule_of_the_schema_is_a_conflict() {
    let library = Library::start().await;
    let twice = library.app.db.write(async |tx| {
        insert_domain(tx, "d", "d").await?;
        insert_domain(tx, "d", "e").await
    });
    assert_eq!(twice.await.unwrap_err().code, ErrorCode::Conflict);
    let orphan = library.app.db.write(async |tx| {
        let sql = "INSERT INTO projects (project_id, domain_id, name, created_at) VALUES ('p', 'none', 'n', 0)";
        Ok(tx.execute(sql, &[]).await?)
    });
    assert_eq!(orphan.await.unwrap_err().code, ErrorCode::Conflict);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_who_went_away_leaves_the_database_usable() {
    let library = Library::start().await;
    for n in 0..40 {
        let name = format!("gone{n}");
        let write = library.app.db.write(async move |tx| {
            insert_domain(tx, &name, &name).await?;
            // long enough to be cut in the middle
            for _ in 0..50 {
                first::<i64>(tx, COUNT).await?;
            }
            Ok(())
        });
        let _ = tokio::time::timeout(Duration::from_micros(300 * n), write).await;
    }
    // more than there are connections: each of them must be good
    let writes = (0..20).map(|n| {
        let name = format!("stays{n}");
        library
            .app
            .db
            .write(async move |tx| insert_domain(tx, &name, &name).await)
    });
    for written in join_all(writes).await {
        written.unwrap();
    }
    assert_eq!(library.rows("domains WHERE name LIKE 'stays%'").await, 20);
}
