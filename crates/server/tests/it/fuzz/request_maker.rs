//! Requests of every shape, as they stand on the wire.

use http::{HeaderMap, HeaderName, HeaderValue};

use super::dice::Dice;

#[derive(Debug, Clone)]
pub struct Request {
    pub method: String,
    pub path: String,
    pub query: String,
    pub headers: HeaderMap,
}

const METHODS: [&str; 7] = ["GET", "PUT", "POST", "DELETE", "get", "Patch", "M-SEARCH"];
const PIECES: [&str; 28] = [
    "a",
    "Z",
    "9",
    "-",
    ".",
    "_",
    "~",
    "/",
    "//",
    "%2F",
    "%2f",
    "%25",
    "%",
    "%4",
    "%zz",
    "%c3%a4",
    "%C3",
    "%00",
    "%0a",
    "+",
    "!$'()*",
    ",",
    ":@",
    "{id}",
    "|",
    "..",
    "v1",
    "digital-assets",
];
const NAMES: [&str; 6] = [
    "host",
    "content-type",
    "user-agent",
    "x-project-id",
    "x-a",
    "x-b",
];
const VALUE: &str = "abcXYZ019 \t,;:=/%\"\\~*é";

pub fn make(dice: &mut Dice) -> Request {
    let mut headers = HeaderMap::new();
    for name in NAMES {
        let times = [0, 1, 1, 1, 2][dice.below(5)];
        for _ in 0..times {
            let value = dice.text(VALUE, 12);
            let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
            headers.append(HeaderName::from_static(name), value);
        }
    }
    let pieces = |dice: &mut Dice, most| dice.many(most, |dice| dice.pick(&PIECES)).concat();
    Request {
        method: dice.pick(&METHODS).to_owned(),
        path: format!("/{}", pieces(dice, 8)),
        query: dice
            .many(5, |dice| {
                let equals = dice.pick(&["=", "=", "", "=="]);
                format!("{}{equals}{}", pieces(dice, 3), pieces(dice, 3))
            })
            .join("&"),
        headers,
    }
}

impl Request {
    /// Names of headers that are there, and at times one that is not, in any case and order.
    pub fn some_names(&self, dice: &mut Dice) -> Vec<String> {
        let mut names: Vec<String> = self.headers.keys().map(ToString::to_string).collect();
        names.retain(|_| !dice.once_in(4));
        if dice.once_in(10) {
            names.push("x-missing".into());
        }
        for name in &mut names {
            if dice.once_in(10) {
                name.make_ascii_uppercase();
            }
        }
        let turn = dice.below(names.len());
        names.rotate_left(turn);
        names
    }
}
