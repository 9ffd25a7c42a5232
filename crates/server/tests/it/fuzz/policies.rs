//! The text of policies: damaged ones are refused, or mean what they say.

use std::sync::Arc;

use entrepot_server::iam::policy::{Condition, MAX_DOCUMENT, Policy, builtin};
use serde_json::Value;

use super::dice::Dice;
use super::evaluation::ask;
use super::{policy_maker, run};

/// Each is a policy; damage is done to it.
const CORPUS: [&str; 4] = [
    include_str!("corpus/policies/every-field.json"),
    include_str!("corpus/policies/odd-values.json"),
    include_str!("corpus/policies/twice.json"),
    include_str!("corpus/policies/deep.json"),
];

#[test]
fn a_damaged_policy_is_refused_or_means_what_it_says() {
    let builtin = builtin::ALL.iter().map(|builtin| builtin.document);
    let seeds: Vec<&str> = CORPUS.into_iter().chain(builtin).collect();
    for seed in &seeds {
        let _ = Policy::parse(seed);
    }
    let (mut taken, mut refused) = (0, 0);
    run(|dice| {
        let text = damaged(dice, &seeds);
        match Policy::parse(&text) {
            Ok(policy) => {
                taken += 1;
                check_taken(dice, &text, policy);
            }
            Err(why) => {
                refused += 1;
                assert!(!why.is_empty() && why.len() < 2 * MAX_DOCUMENT + 500);
            }
        }
    });
    println!("{taken} taken, {refused} refused");
    assert!(taken > 0 && refused > 0);
}

fn damaged(dice: &mut Dice, seeds: &[&str]) -> String {
    let mut bytes = match dice.below(3) {
        0 => dice.pick(seeds).as_bytes().to_vec(),
        1 => policy_maker::make(dice).to_string().into_bytes(),
        _ => {
            let mut policy = policy_maker::make(dice);
            for _ in 0..=dice.below(2) {
                swap_value(dice, &mut policy);
            }
            return policy.to_string();
        }
    };
    for _ in 0..=dice.below(3) {
        dice.damage(&mut bytes);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Puts something else in the place of one value, or adds or takes a field.
fn swap_value(dice: &mut Dice, value: &mut Value) {
    let inner: Vec<&mut Value> = match value {
        Value::Object(fields) if dice.once_in(4) => {
            let keys: Vec<String> = fields.keys().cloned().collect();
            let odd = [
                "Effect",
                "NotAction",
                "StringNotLike",
                "Resource",
                "g:SourceIp",
            ];
            let new = dice.pick(&odd).to_owned();
            let taken = keys.get(dice.below(keys.len() + 1));
            let moved = taken.and_then(|key| fields.remove(key));
            fields.insert(new, moved.unwrap_or(Value::Null));
            return;
        }
        Value::Object(fields) => fields.values_mut().collect(),
        Value::Array(values) => values.iter_mut().collect(),
        _ => Vec::new(),
    };
    let at = dice.below(inner.len() + 1);
    if let Some(inner) = inner.into_iter().nth(at) {
        return swap_value(dice, inner);
    }
    let other = [
        Value::Null,
        Value::Bool(true),
        Value::from(1.1),
        Value::from(""),
        Value::from("*"),
        Value::from("a\u{0}b"),
        Value::from("::ffff:10.0.0.0/104"),
        Value::from("a:b:c:d:e:f"),
        Value::from(vec!["*"; 101]),
        Value::Array(Vec::new()),
        Value::Object(serde_json::Map::new()),
    ];
    *value = other[dice.below(other.len())].clone();
}

fn check_taken(dice: &mut Dice, text: &str, policy: Policy) {
    for statement in &policy.statements {
        let ids = statement.resources.iter().map(|parts| &parts[4]);
        let values = statement
            .conditions
            .iter()
            .filter_map(|condition| match condition {
                Condition::Text(_, patterns) => Some(patterns),
                Condition::SourceIp(_) => None,
            });
        for pattern in ids.chain(values.flatten()) {
            assert!(!pattern.as_str().contains('\0'), "no database takes {text}");
        }
    }
    let value: Value = serde_json::from_str(text).unwrap();
    let (values, read) = ([value], [Arc::new(policy)]);
    for _ in 0..5 {
        ask(dice, &values, &read, &[None]);
    }
}

#[test]
fn noise_is_refused() {
    run(|dice| {
        let noise = dice.many(60, Dice::byte);
        assert!(Policy::parse(&String::from_utf8_lossy(&noise)).is_err());
        let noise = dice.text("{}[]\":,\\u0123 ActionEffectStatementVersion1.", 60);
        assert!(Policy::parse(&noise).is_err());
    });
}
