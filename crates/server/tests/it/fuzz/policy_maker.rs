//! Policies that are understood, of few words, so that they often meet the question.

use serde_json::{Map, Value, json};

use super::dice::Dice;

pub const KINDS: [&str; 5] = ["asset", "instance", "project", "user", "domain"];
/// Ids, names and app users.
pub const WORDS: [&str; 10] = ["a", "ab", "ba", "aab", "bä", "a%b", "a_b", "A", "a*b", ""];
pub const ADDRESSES: [&str; 7] = [
    "10.0.0.1",
    "10.0.1.255",
    "192.168.7.9",
    "::1",
    "2001:db8::7",
    "::ffff:10.0.0.1",
    "255.255.255.255",
];
const KEYS: [&str; 7] = [
    "g:UserId",
    "g:UserName",
    "g:DomainId",
    "g:DomainName",
    "g:ProjectId",
    "g:ProjectName",
    "metastudio:AppUserId",
];

pub fn make(dice: &mut Dice) -> Value {
    let mut statements = vec![statement(dice)];
    statements.extend(dice.many(3, statement));
    json!({"Version": "1.1", "Statement": statements})
}

fn statement(dice: &mut Dice) -> Value {
    let mut statement = Map::new();
    let effect = dice.pick(&["Allow", "Allow", "Deny"]);
    statement.insert("Effect".into(), effect.into());
    statement.insert("Action".into(), one_to_three(dice, action).into());
    if dice.once_in(2) {
        statement.insert("Resource".into(), one_to_three(dice, resource).into());
    }
    if dice.once_in(2) {
        statement.insert("Condition".into(), conditions(dice));
    }
    statement.into()
}

fn one_to_three(dice: &mut Dice, mut one: impl FnMut(&mut Dice) -> String) -> Vec<String> {
    (0..=dice.below(3)).map(|_| one(dice)).collect()
}

fn action(dice: &mut Dice) -> String {
    let service = dice.pick(&["*", "*", "metastudio", "meta*", "*o*", "roma", "iam"]);
    let resource = dice.pick(&["*", "*", "asset", "a*t", "assets", "file", "t*s"]);
    let operation = dice.pick(&["*", "*", "get", "g*", "*e*", "list", "create", "*e"]);
    format!("{service}:{resource}:{operation}")
}

fn resource(dice: &mut Dice) -> String {
    if dice.once_in(20) {
        return "*".into();
    }
    let service = dice.pick(&["*", "*", "metastudio", "m?tastudi?", "roma"]);
    let region = dice.pick(&["*", "*", "here", "h*", "there"]);
    let domain = dice.pick(&["*", "*", "a", "?"]);
    let kind = dice.pick(&["*", "asset", "asset", "a*", "instance", "user"]);
    let id = pattern(dice);
    let id = if id.is_empty() { "*" } else { &id };
    format!("{service}:{region}:{domain}:{kind}:{id}")
}

pub fn pattern(dice: &mut Dice) -> String {
    match dice.below(3) {
        0 => dice.pick(&WORDS).to_owned(),
        1 => dice.text("ab*?ä", 5),
        _ => dice.text("aAb*?%_\\:ä", 4),
    }
}

fn conditions(dice: &mut Dice) -> Value {
    let mut operators = Map::new();
    for operator in ["StringEquals", "StringLike", "IpAddress"] {
        if !dice.once_in(3) {
            continue;
        }
        let mut tests = Map::new();
        if operator == "IpAddress" {
            tests.insert("g:SourceIp".into(), values(dice, range));
        } else {
            for _ in 0..=dice.below(2) {
                tests.insert(dice.pick(&KEYS).to_owned(), values(dice, pattern));
            }
        }
        operators.insert(operator.into(), tests.into());
    }
    operators.into()
}

/// A list, or at times one value without it.
fn values(dice: &mut Dice, mut one: impl FnMut(&mut Dice) -> String) -> Value {
    if dice.once_in(4) {
        return one(dice).into();
    }
    one_to_three(dice, one).into()
}

fn range(dice: &mut Dice) -> String {
    let address = dice.pick(&ADDRESSES);
    match dice.below(3) {
        0 => address.to_owned(),
        _ if address.contains(':') => format!("{address}/{}", dice.below(129)),
        _ => format!("{address}/{}", dice.below(33)),
    }
}
