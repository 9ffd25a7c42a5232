//! The text of a policy: reading it, and refusing what could mean something else than it says.
//!
//! Whatever is not understood makes the whole policy invalid when it is stored: a condition that
//! was skipped would permit what it should have kept.

use std::fmt;
use std::marker::PhantomData;
use std::net::IpAddr;

use ipnet::IpNet;
use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, Visitor};

use super::Pattern;
use crate::iam::Actions;

/// Bytes of a document at most.
pub const MAX_DOCUMENT: usize = 16 * 1024;
const MAX_STATEMENTS: usize = 100;
const MAX_VALUES: usize = 100;

/// A policy that was checked, ready to be asked.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    pub statements: Vec<Statement>,
    warnings: Vec<String>,
}

#[derive(Debug, Clone)]
pub struct Statement {
    pub effect: Effect,
    pub actions: Actions,
    /// Empty: whatever it is about. Otherwise service, region, account, type and id.
    pub resources: Vec<[Pattern; 5]>,
    /// All must hold.
    pub conditions: Vec<Condition>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    Allow,
    Deny,
}

/// One key; one of the values must fit.
#[derive(Debug, Clone)]
pub enum Condition {
    Text(Key, Vec<Pattern>),
    SourceIp(Vec<IpNet>),
}

/// What a condition on a text can look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    UserId,
    UserName,
    DomainId,
    DomainName,
    ProjectId,
    ProjectName,
    /// Of the asset that the call is about.
    AppUserId,
}

impl Key {
    pub const ALL: [(&'static str, Key); 7] = [
        ("g:UserId", Key::UserId),
        ("g:UserName", Key::UserName),
        ("g:DomainId", Key::DomainId),
        ("g:DomainName", Key::DomainName),
        ("g:ProjectId", Key::ProjectId),
        ("g:ProjectName", Key::ProjectName),
        ("metastudio:AppUserId", Key::AppUserId),
    ];
}

const SOURCE_IP: &str = "g:SourceIp";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(rename = "Version")]
    version: String,
    #[serde(rename = "Statement")]
    statements: Vec<Given>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    #[serde(rename = "Effect")]
    effect: String,
    #[serde(rename = "Action")]
    actions: Vec<String>,
    #[serde(rename = "Resource", default, deserialize_with = "given")]
    resources: Option<Vec<String>>,
    #[serde(rename = "Condition", default)]
    conditions: Pairs<Pairs<OneOrMore>>,
}

/// What is there must be a list: `null` would mean every resource.
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<String>>, D::Error> {
    Vec::deserialize(deserializer).map(Some)
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMore {
    One(String),
    More(Vec<String>),
}

impl Policy {
    /// The error says what is wrong, and in which statement.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.len() > MAX_DOCUMENT {
            return Err(format!("a policy has at most {MAX_DOCUMENT} bytes"));
        }
        let document: Document =
            serde_json::from_str(text).map_err(|e| format!("the policy is not understood: {e}"))?;
        if document.version != "1.1" {
            let given = &document.version;
            return Err(format!(
                "Version must be \"1.1\" (policies of actions), not {given:?}"
            ));
        }
        if !(1..=MAX_STATEMENTS).contains(&document.statements.len()) {
            return Err(format!(
                "Statement must have 1 to {MAX_STATEMENTS} statements"
            ));
        }
        let mut policy = Policy::default();
        for (at, given) in document.statements.into_iter().enumerate() {
            let read = statement(given, &mut policy.warnings);
            let read = read.map_err(|problem| format!("statement {}: {problem}", at + 1))?;
            policy.statements.push(read);
        }
        Ok(policy)
    }

    /// Patterns that name no action of this version: a typing error, or another product's.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }
}

fn statement(given: Given, warnings: &mut Vec<String>) -> Result<Statement, String> {
    let effect = match given.effect.as_str() {
        "Allow" => Effect::Allow,
        "Deny" => Effect::Deny,
        other => return Err(format!("Effect must be Allow or Deny, not {other:?}")),
    };
    check_count("Action", given.actions.len())?;
    let mut actions = Actions::default();
    for text in &given.actions {
        let parts = parts::<3>(text).filter(|parts| parts.iter().all(is_word)).ok_or_else(|| {
            format!("the action {text:?} must have the form service:resource:operation, such as metastudio:asset:*")
        })?;
        let found = Actions::having(|action| fits(&parts, action.name()));
        if found.is_empty() {
            warnings.push(format!("{text} names no action of this library"));
        }
        actions = actions.or(found);
    }
    let mut conditions = Vec::new();
    for (operator, tests) in given.conditions.0 {
        for (key, values) in tests.0 {
            conditions.push(condition(&operator, &key, values)?);
        }
    }
    Ok(Statement {
        effect,
        actions,
        resources: resources(given.resources)?,
        conditions,
    })
}

fn check_count(what: &str, n: usize) -> Result<(), String> {
    if (1..=MAX_VALUES).contains(&n) {
        return Ok(());
    }
    Err(format!("{what} must have 1 to {MAX_VALUES} values"))
}

/// Lists hand patterns to the database, which can't take this character.
fn check_text(values: &[String]) -> Result<(), String> {
    match values.iter().find(|value| value.contains('\0')) {
        Some(value) => Err(format!("{value:?} has a NUL character")),
        None => Ok(()),
    }
}

/// Exactly so many parts with a colon between, none of them empty; the last may have colons.
fn parts<const N: usize>(text: &str) -> Option<[Pattern; N]> {
    let parts: Vec<Pattern> = text.splitn(N, ':').map(Pattern::new).collect();
    let whole = parts.iter().all(|part| !part.as_str().is_empty());
    parts.try_into().ok().filter(|_| whole)
}

fn is_word(part: &Pattern) -> bool {
    let mut letters = part.as_str().chars();
    letters.all(|c| c.is_ascii_alphanumeric() || matches!(c, '*' | '-' | '_'))
}

fn fits(parts: &[Pattern; 3], name: &str) -> bool {
    let mut names = name.split(':');
    parts
        .iter()
        .all(|part| names.next().is_some_and(|name| part.matches(name)))
}

fn resources(given: Option<Vec<String>>) -> Result<Vec<[Pattern; 5]>, String> {
    let Some(given) = given else {
        return Ok(Vec::new());
    };
    check_count("Resource", given.len())?;
    check_text(&given)?;
    if given.iter().any(|text| text == "*") {
        return Ok(Vec::new());
    }
    let read = given.iter().map(|text| {
        parts::<5>(text).ok_or_else(|| {
            format!("the resource {text:?} must be * or have the form service:region:account:type:id, such as metastudio:*:*:asset:0123*")
        })
    });
    read.collect()
}

fn condition(operator: &str, key: &str, values: OneOrMore) -> Result<Condition, String> {
    let values = match values {
        OneOrMore::One(value) => vec![value],
        OneOrMore::More(values) => values,
    };
    check_count(key, values.len())?;
    check_text(&values)?;
    match operator {
        "StringEquals" | "StringLike" => {
            let known = Key::ALL.iter().find(|(name, _)| *name == key);
            let Some((_, known)) = known else {
                let names: Vec<&str> = Key::ALL.iter().map(|(name, _)| *name).collect();
                let names = names.join(", ");
                return Err(format!("{operator} knows the keys {names}, not {key:?}"));
            };
            let exact = operator == "StringEquals";
            let patterns = values.into_iter().map(|value| {
                if exact {
                    Pattern::exactly(value)
                } else {
                    Pattern::new(value)
                }
            });
            Ok(Condition::Text(*known, patterns.collect()))
        }
        "IpAddress" if key == SOURCE_IP => {
            let ranges = values.iter().map(|value| {
                range(value).ok_or_else(|| {
                    format!("{value:?} is not an address or a range such as 10.0.0.0/8")
                })
            });
            Ok(Condition::SourceIp(ranges.collect::<Result<_, _>>()?))
        }
        "IpAddress" => Err(format!("IpAddress knows the key {SOURCE_IP}, not {key:?}")),
        other => Err(format!(
            "the operator {other:?} is not known; there are StringEquals, StringLike and IpAddress"
        )),
    }
}

/// The address as the standard library reads it: elsewhere `010.0.0.1` is 10.0.0.1, or 8.0.0.1.
fn range(text: &str) -> Option<IpNet> {
    let Some((address, length)) = text.split_once('/') else {
        return canonical(text.parse::<IpAddr>().ok()?.into());
    };
    let is_number = length.bytes().all(|b| b.is_ascii_digit());
    let length = length.parse().ok().filter(|_| is_number)?;
    canonical(IpNet::new(address.parse().ok()?, length).ok()?)
}

/// IPv4 inside IPv6 as IPv4, which callers' addresses are held against.
fn canonical(range: IpNet) -> Option<IpNet> {
    match (range.addr().to_canonical(), range.prefix_len()) {
        (address @ IpAddr::V4(_), length @ 96..) if range.addr().is_ipv6() => {
            IpNet::new(address, length - 96).ok()
        }
        _ => Some(range),
    }
}

/// A JSON object whose keys stand only once: of two conditions with one name, none may get lost.
struct Pairs<T>(Vec<(String, T)>);

impl<T> Default for Pairs<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Pairs<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Object<T> {
            type Value = Pairs<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut pairs: Vec<(String, T)> = Vec::new();
                while let Some((key, value)) = map.next_entry::<String, T>()? {
                    if pairs.iter().any(|(known, _)| *known == key) {
                        return Err(de::Error::custom(format!("{key:?} is there twice")));
                    }
                    pairs.push((key, value));
                }
                Ok(Pairs(pairs))
            }
        }

        deserializer.deserialize_map(Object(PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iam::Action;

    fn refused(text: &str) -> String {
        Policy::parse(text).unwrap_err()
    }

    fn with_condition(condition: &str) -> String {
        format!(
            r#"{{"Version":"1.1","Statement":[{{"Effect":"Allow","Action":["metastudio:asset:*"],"Condition":{condition}}}]}}"#
        )
    }

    #[test]
    fn stars_stand_inside_a_part_only() {
        let text = r#"{"Version":"1.1","Statement":[{"Effect":"Allow","Action":["metastudio:*:l*","roma:applications:get"]}]}"#;
        let policy = Policy::parse(text).unwrap();
        let actions = policy.statements[0].actions;
        assert!(actions.contains(Action::AssetList) && actions.contains(Action::AppGet));
        assert!(!actions.contains(Action::AssetGet) && !actions.contains(Action::AppList));
        for action in [
            "*",
            "metastudio:*",
            "a:b:c:d",
            "metastudio::list",
            "me tas:a:b",
            "",
        ] {
            let text = format!(
                r#"{{"Version":"1.1","Statement":[{{"Effect":"Allow","Action":["{action}"]}}]}}"#
            );
            assert!(
                refused(&text).contains("statement 1: the action"),
                "{action}"
            );
        }
    }

    #[test]
    fn what_is_not_understood_makes_the_policy_invalid() {
        for (condition, problem) in [
            (
                r#"{"StringNotEquals":{"g:UserName":["a"]}}"#,
                "the operator",
            ),
            (
                r#"{"ForAnyValue:StringEquals":{"g:UserName":["a"]}}"#,
                "the operator",
            ),
            (r#"{"Bool":{"g:MFAPresent":["true"]}}"#, "the operator"),
            (
                r#"{"StringEquals":{"g:SourceIp":["10.0.0.1"]}}"#,
                "knows the keys",
            ),
            (r#"{"StringEquals":{"g:userName":["a"]}}"#, "knows the keys"),
            (
                r#"{"IpAddress":{"g:UserName":["10.0.0.1"]}}"#,
                "IpAddress knows",
            ),
            (
                r#"{"IpAddress":{"g:SourceIp":["10.0.0.0/33"]}}"#,
                "is not an address",
            ),
            (
                r#"{"IpAddress":{"g:SourceIp":["010.0.0.0/8"]}}"#,
                "is not an address",
            ),
            (
                r#"{"StringLike":{"metastudio:AppUserId":["a\u0000"]}}"#,
                "NUL",
            ),
            (r#"{"StringEquals":{"g:UserName":[]}}"#, "1 to 100"),
            (
                r#"{"StringEquals":{"g:UserName":["a"]},"StringEquals":{"g:UserId":["a"]}}"#,
                "twice",
            ),
            (
                r#"{"StringEquals":{"g:UserName":["a"],"g:UserName":["b"]}}"#,
                "twice",
            ),
            (r#"{"StringEquals":{"g:UserName":1}}"#, "not understood"),
        ] {
            let told = refused(&with_condition(condition));
            assert!(told.contains(problem), "{condition}: {told}");
        }
        for text in [
            r#"{"Version":"1.0","Statement":[]}"#,
            r#"{"Version":"1.1","Statement":[]}"#,
            r#"{"Version":"1.1","Statement":[{"Effect":"allow","Action":["a:b:c"]}]}"#,
            r#"{"Version":"1.1","Statement":[{"Effect":"Allow","Action":[]}]}"#,
            r#"{"Version":"1.1","Statement":[{"Effect":"Allow","NotAction":["a:b:c"]}]}"#,
            r#"{"Version":"1.1","Statement":[{"Effect":"Allow","Action":["a:b:c"],"Resource":["asset"]}]}"#,
            r#"{"Version":"1.1","Statement":[{"Effect":"Allow","Action":["a:b:c"],"Resource":null}]}"#,
            r#"{"Version":"1.1","Statement":[{"Effect":"Allow","Effect":"Deny","Action":["a:b:c"]}]}"#,
            "[]",
            "",
        ] {
            refused(text);
        }
    }

    #[test]
    fn an_action_of_nothing_here_is_warned_of() {
        let text = r#"{"Version":"1.1","Statement":[{"Effect":"Deny","Action":["metastudio:asset:lst"]}]}"#;
        let policy = Policy::parse(text).unwrap();
        assert_eq!(
            policy.warnings(),
            ["metastudio:asset:lst names no action of this library"]
        );
    }
}
