//! Names with wildcards, beside the simplest matcher and beside SQLite's LIKE.

use entrepot_server::iam::policy::Pattern;
use rusqlite::Connection;

use super::policy_maker::pattern;
use super::{naive, run};

#[test]
fn patterns_match_as_the_rules_and_the_database_do() {
    let database = Connection::open_in_memory().unwrap();
    database
        .pragma_update(None, "case_sensitive_like", true)
        .unwrap();
    let mut like = database.prepare("SELECT ?1 LIKE ?2 ESCAPE '\\'").unwrap();
    let (mut yes, mut no) = (0, 0);
    run(|dice| {
        let text = pattern(dice);
        let written = pattern(dice);
        let exact = Pattern::exactly(&*written);
        assert_eq!(
            exact.matches(&text),
            written == text,
            "{written:?} {text:?}"
        );
        assert_eq!(exact.only(), Some(&*written));
        let pattern = Pattern::new(&*written);
        let expected = naive::fits(&written, &text);
        assert_eq!(pattern.matches(&text), expected, "{written:?} {text:?}");
        if pattern.is_any() {
            assert!(expected);
        }
        if let Some(only) = pattern.only() {
            assert_eq!(only == text, expected);
        }
        for (pattern, expected) in [(pattern, expected), (exact, written == text)] {
            let liked: bool = like
                .query_row((&text, pattern.like()), |row| row.get(0))
                .unwrap();
            assert_eq!(liked, expected, "{:?} {text:?}", pattern.like());
        }
        *if expected { &mut yes } else { &mut no } += 1;
    });
    assert!(yes > 0 && no > 0, "{yes} matched, {no} did not");
}
