//! What is sealed stands where a new key looks for it, and opens nowhere else.

use entrepot_server::keys::Secret;
use entrepot_server::vault::{ACCESS_KEYS, APPS, COLUMNS, Column};

use super::is_sqlite;
use crate::harness::{Library, Regions};

/// `table.column` of every column of text.
async fn text_columns(library: &Library) -> Vec<(String, String)> {
    let sql = if is_sqlite(&library.app) {
        "SELECT m.name, c.name FROM sqlite_master m, pragma_table_info(m.name) c \
         WHERE m.type = 'table' AND c.type LIKE 'TEXT%'"
    } else {
        "SELECT CAST(table_name AS TEXT), CAST(column_name AS TEXT) \
         FROM information_schema.columns WHERE table_schema = 'public' AND data_type = 'text'"
    };
    let rows = library.app.db.read(async move |tx| {
        let rows = tx.query(sql, &[]).await?;
        let pairs = rows
            .into_iter()
            .map(|mut row| Ok((row.next()?, row.next()?)));
        pairs.collect()
    });
    rows.await.unwrap()
}

#[tokio::test]
async fn every_column_with_sealed_texts_is_known() {
    let regions = Regions::start().await;
    let library = &regions.a;
    library.create_app("an application").await;
    let mut found = Vec::new();
    for (table, column) in text_columns(library).await {
        let sealed = format!("{table} WHERE {column} LIKE 'v1:%' OR {column} LIKE 'v2:%'");
        if library.rows(&sealed).await > 0 {
            found.push(format!("{table}.{column}"));
        }
    }
    found.sort();
    assert_eq!(found, COLUMNS.map(Column::name));
    regions.stop().await;
}

#[tokio::test]
async fn a_sealed_text_opens_only_in_its_own_row() {
    let library = Library::start().await;
    let vault = &library.app.vault;
    let sealed = vault.seal(APPS, "one", &Secret::new("s3cret")).unwrap();
    assert!(!sealed.contains("s3cret"));
    let opened = vault.open(APPS, "one", &sealed).await.unwrap();
    assert_eq!(opened.expose(), "s3cret");
    assert!(vault.open(APPS, "other", &sealed).await.is_err());
    assert!(vault.open(ACCESS_KEYS, "one", &sealed).await.is_err());
    for damaged in ["", "v2:", "v3:0:AAAA", "v2:unknown:AAAA", "v1:AAAA"] {
        assert!(vault.open(APPS, "one", damaged).await.is_err(), "{damaged}");
    }
}

#[tokio::test]
async fn nothing_prints_a_key() {
    let library = Library::start().await;
    let key = std::fs::read_to_string(super::key_file(&library)).unwrap();
    let ring = library.app.vault.ring();
    for text in [format!("{:?}", library.app.vault), format!("{ring:?}")] {
        assert!(!text.contains(&key) && !text.contains('['), "{text}");
    }
}
