//! What goes in comes out, the same on both databases.

use entrepot_server::clock::Timestamp;
use entrepot_server::db::DbError;
use entrepot_server::error::ErrorCode;
use entrepot_server::params;

use super::insert_domain;
use crate::harness::Library;

#[tokio::test]
async fn texts_come_back_to_the_last_character() {
    let library = Library::start().await;
    let texts = [
        "",
        "007",
        "1e3",
        "true",
        " x ",
        "Ä夏🎬",
        "a'b\"c\\d%e_f",
        "line\r\nline",
        "\u{1}\u{7f}\u{feff}",
    ];
    let read = library.app.db.write(async move |tx| {
        let mut read = Vec::new();
        for (n, text) in texts.iter().enumerate() {
            insert_domain(tx, &n.to_string(), text).await?;
            let sql = "SELECT name FROM domains WHERE name = $1 AND domain_id = $2";
            let row = tx.query_one(sql, params![*text, n.to_string()]).await?;
            read.push(row.unwrap().next::<String>()?);
        }
        Ok(read)
    });
    assert_eq!(read.await.unwrap(), texts);
}

#[tokio::test]
async fn numbers_booleans_times_and_nothing_come_back() {
    let library = Library::start().await;
    let checked = library.app.db.write(async |tx| {
        for n in [0, -1, i64::MAX, i64::MIN] {
            let row = tx.query_one("SELECT CAST($1 AS BIGINT)", params![n]).await?;
            assert_eq!(row.unwrap().next::<i64>()?, n);
        }
        let row = tx.query_one("SELECT CAST($1 AS DOUBLE PRECISION)", params![0.1]).await?;
        assert_eq!(row.unwrap().next::<f64>()?.to_string(), "0.1");
        let nothing: Option<String> = None;
        let row = tx.query_one("SELECT CAST($1 AS TEXT)", params![&nothing]).await?;
        assert_eq!(row.unwrap().next::<Option<String>>()?, None);
        insert_domain(tx, "d", "d").await?;
        let time = Timestamp::from_millis(1_700_000_000_123);
        for enabled in [true, false] {
            let sql = "INSERT INTO users (user_id, domain_id, name, password_hash, is_owner, enabled, \
                created_at) VALUES ($1, 'd', $2, '', $3, $4, $5)";
            let id = enabled.to_string();
            tx.execute(sql, params![&id, &id, enabled, !enabled, time]).await?;
            let sql = "SELECT is_owner, enabled, created_at FROM users WHERE is_owner = $1 AND user_id = $2";
            let mut row = tx.query_one(sql, params![enabled, &id]).await?.unwrap();
            assert_eq!((row.next::<bool>()?, row.next::<bool>()?), (enabled, !enabled));
            assert_eq!(row.next::<Timestamp>()?, time);
        }
        Ok(())
    });
    checked.await.unwrap();
}

#[tokio::test]
async fn nul_is_refused_by_both_and_named() {
    let library = Library::start().await;
    let refused = library
        .app
        .db
        .write(async |tx| insert_domain(tx, "d", "a\0b").await);
    assert_eq!(refused.await.unwrap_err().code, ErrorCode::InvalidParameter);
    let sought = library.app.db.read(async |tx| {
        let row = tx
            .query_one("SELECT name FROM domains WHERE name = $1", params!["\0"])
            .await;
        Ok(matches!(row, Err(DbError::Nul)))
    });
    assert!(sought.await.unwrap());
}

#[tokio::test]
async fn a_column_of_another_kind_is_corrupt_and_named() {
    let library = Library::start().await;
    let read = library.app.db.read(async |tx| {
        let mut row = tx
            .query_one("SELECT name, created_at FROM domains", &[])
            .await?
            .unwrap();
        row.next::<String>()?;
        Ok(row.next::<String>()?)
    });
    let error = read.await.unwrap_err();
    assert_eq!(error.code, ErrorCode::Internal);
    insta::assert_snapshot!(error.cause.unwrap(), @"row 'entrepot': column 2 should hold text, but holds an integer");
}
