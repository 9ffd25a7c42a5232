//! The `Authorization` header.

use entrepot_server::http::signature::Authorization;

use super::run;

const CORPUS: &str = include_str!("corpus/authorization.txt");

/// What is taken is printed as it was meant, and is not more than was sent.
fn check(header: &str) -> bool {
    let Ok(read) = Authorization::parse(header) else {
        return false;
    };
    let printed = read.to_string();
    assert_eq!(
        Authorization::parse(&printed).as_ref(),
        Ok(&read),
        "{header:?}"
    );
    let names = &read.signed_headers;
    assert!(names.len() <= 100, "{header:?}");
    for (at, name) in names.iter().enumerate() {
        let again = names[..at]
            .iter()
            .any(|other| other.eq_ignore_ascii_case(name));
        assert!(!again, "{name:?} counts twice: {header:?}");
    }
    let bytes: usize = names.iter().map(String::len).sum();
    assert!(read.access_key.len() + bytes + read.signature.len() <= header.len());
    true
}

#[test]
fn a_header_that_is_taken_prints_back() {
    let seeds: Vec<&str> = CORPUS.lines().collect();
    let (mut taken, mut refused) = (0, 0);
    for seed in &seeds {
        check(seed);
    }
    run(|dice| {
        let mut bytes = dice.pick(&seeds).as_bytes().to_vec();
        for _ in 0..=dice.below(4) {
            dice.damage(&mut bytes);
        }
        let is_taken = check(&String::from_utf8_lossy(&bytes));
        *if is_taken { &mut taken } else { &mut refused } += 1;
    });
    assert!(taken > 0 && refused > 0, "{taken} taken, {refused} refused");
}

#[test]
fn a_long_header_is_not_much_work() {
    let names = vec!["host"; 20_000].join(";");
    let repeated = format!("SDK-HMAC-SHA256 Access=a, SignedHeaders={names}, Signature=1");
    assert!(!check(&repeated));
    let names: Vec<String> = (0..20_000).map(|n| n.to_string()).collect();
    let names = names.join(";");
    let many = format!("SDK-HMAC-SHA256 Access=a, SignedHeaders={names}, Signature=1");
    assert!(!check(&many));
    let parts = format!("SDK-HMAC-SHA256 {}", "Access=a,".repeat(20_000));
    assert!(!check(&parts));
}
