//! The canonical request, beside one that is made in another way.

use entrepot_server::http::signature::{Parts, canonical_request};

use super::request_maker::{Request, make};
use super::{naive, run};

fn canonical(request: &Request, signed: &[String], hash: &str) -> Result<Vec<u8>, String> {
    let parts = Parts {
        method: &request.method,
        path: &request.path,
        query: &request.query,
        headers: &request.headers,
    };
    canonical_request(parts, signed, hash)
}

#[test]
fn the_canonical_request_is_that_of_the_rules() {
    let mut missing = 0;
    run(|dice| {
        let request = make(dice);
        let signed = request.some_names(dice);
        let ours = canonical(&request, &signed, "hash");
        let naive = naive::canonical(
            &request.method,
            &request.path,
            &request.query,
            &request.headers,
            &signed,
            "hash",
        );
        assert_eq!(ours.as_ref().ok(), naive.as_ref(), "{request:?} {signed:?}");
        let Ok(ours) = ours else {
            missing += 1;
            return;
        };
        let shuffled = Request {
            query: turned(&request.query, dice.below(9)),
            ..request.clone()
        };
        assert_eq!(canonical(&shuffled, &signed, "hash").as_ref(), Ok(&ours));
        let text = String::from_utf8_lossy(&ours);
        let mut lines = text.lines().skip(1);
        let again = Request {
            path: lines.next().unwrap().to_owned(),
            query: lines.next().unwrap().to_owned(),
            ..request
        };
        assert_eq!(canonical(&again, &signed, "hash"), Ok(ours), "{again:?}");
    });
    assert!(missing > 0, "no header was ever missing");
}

/// The same pairs in another order.
fn turned(query: &str, by: usize) -> String {
    let mut pairs: Vec<&str> = query.split('&').collect();
    let by = by % pairs.len();
    pairs.rotate_left(by);
    pairs.reverse();
    pairs.join("&")
}
