//! One text of SQL means the same on both databases.

use entrepot_server::db::{Sql, like_escape};
use entrepot_server::params;

use super::insert_domain;
use crate::harness::Library;

async fn names(library: &Library, sql: Sql) -> Vec<String> {
    let names = library.app.db.read(async move |tx| {
        let rows = tx.query(sql.text(), sql.params()).await?;
        let names = rows.into_iter().map(|mut row| row.next());
        Ok(names.collect::<Result<Vec<String>, _>>()?)
    });
    names.await.unwrap()
}

async fn with_domains(names: &'static [&'static str]) -> Library {
    let library = Library::start().await;
    let inserted = library.app.db.write(async move |tx| {
        for name in names {
            insert_domain(tx, name, name).await?;
        }
        Ok(())
    });
    inserted.await.unwrap();
    library
}

#[tokio::test]
async fn text_is_ordered_and_compared_by_bytes() {
    let library = with_domains(&["ä", "a", "Z", "_", "B", "b", "aa", "夏", "10", "9"]).await;
    let sql = Sql::new("SELECT name FROM domains WHERE name <> 'entrepot' ORDER BY name");
    let ordered = names(&library, sql).await;
    assert_eq!(
        ordered,
        ["10", "9", "B", "Z", "_", "a", "aa", "b", "ä", "夏"]
    );
    let mut sql = Sql::new("SELECT name FROM domains WHERE name > ");
    sql.bind("b").push(" AND name < 'e' ORDER BY name");
    assert!(names(&library, sql).await.is_empty());
}

#[tokio::test]
async fn a_pattern_is_taken_literally_and_case_counts() {
    let library = with_domains(&["100%", "100x", "a_b", "axb", r"a\b", "ABC"]).await;
    for (wanted, found) in [
        ("0%", "100%"),
        ("a_b", "a_b"),
        (r"a\b", r"a\b"),
        ("ABC", "ABC"),
    ] {
        let mut sql = Sql::new("SELECT name FROM domains WHERE name LIKE ");
        sql.bind(format!("%{}%", like_escape(wanted)))
            .push(r" ESCAPE '\'");
        assert_eq!(names(&library, sql).await, [found]);
    }
    let mut sql = Sql::new("SELECT name FROM domains WHERE name LIKE ");
    sql.bind("%abc%");
    assert!(names(&library, sql).await.is_empty());
}

#[tokio::test]
async fn a_padded_list_finds_what_is_in_it_once() {
    let library = with_domains(&["a", "b", "c"]).await;
    let mut sql = Sql::new("SELECT name FROM domains WHERE name ");
    sql.bind_in(&["a", "c", "x"]).push(" ORDER BY name");
    assert_eq!(names(&library, sql).await, ["a", "c"]);
    let mut none = Sql::new("SELECT name FROM domains WHERE name ");
    none.bind_in::<&str>(&[]);
    assert!(names(&library, none).await.is_empty());
    let many: Vec<String> = (0..1000).map(|n| n.to_string()).collect();
    let mut long = Sql::new("SELECT name FROM domains WHERE name ");
    long.bind_in(&many);
    assert!(names(&library, long).await.is_empty());
}

#[tokio::test]
async fn sums_are_whole_numbers() {
    let library = Library::start().await;
    let sum = library.app.db.read(async |tx| {
        let sql = "SELECT CAST(SUM(created_at) AS BIGINT), COUNT(*) FROM domains WHERE name = $1";
        let mut row = tx.query_one(sql, params!["none"]).await?.unwrap();
        Ok((row.next::<Option<i64>>()?, row.next::<i64>()?))
    });
    assert_eq!(sum.await.unwrap(), (None, 0));
}
