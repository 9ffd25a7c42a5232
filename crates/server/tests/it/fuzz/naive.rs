//! The rules of `docs/API.md` ("Signing", "Permissions") once more, as simply as they can be
//! written: what the server does is compared with these.

use std::fmt::Write;
use std::net::IpAddr;

use http::HeaderMap;
use serde_json::Value;

/// The canonical request; `None` where a signed header is missing.
pub fn canonical(
    method: &str,
    path: &str,
    query: &str,
    headers: &HeaderMap,
    signed: &[String],
    hash: &str,
) -> Option<Vec<u8>> {
    let path: Vec<String> = decode(path).split(|b| *b == b'/').map(encode).collect();
    let mut path = path.join("/");
    if !path.ends_with('/') {
        path.push('/');
    }
    let mut pairs = Vec::new();
    for pair in query.split('&') {
        if !pair.is_empty() {
            let at = pair.find('=');
            let name = at.map_or(pair, |at| &pair[..at]);
            let value = at.map_or("", |at| &pair[at + 1..]);
            pairs.push((decode(name), decode(value)));
        }
    }
    pairs.sort();
    let pairs: Vec<String> = pairs
        .iter()
        .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
        .collect();
    let mut lines = vec![
        method.to_uppercase().into_bytes(),
        path.into_bytes(),
        pairs.join("&").into_bytes(),
    ];
    for name in signed {
        let values: Vec<&[u8]> = headers
            .iter()
            .filter(|(known, _)| known.as_str() == name.to_lowercase())
            .map(|(_, value)| trimmed(value.as_bytes()))
            .collect();
        if values.is_empty() {
            return None;
        }
        let values = values.join(&b","[..]);
        lines.push([name.to_lowercase().as_bytes(), b":", &values].concat());
    }
    lines.push(Vec::new());
    lines.push(signed.join(";").into_bytes());
    lines.push(hash.as_bytes().to_vec());
    Some(lines.join(&b"\n"[..]))
}

fn trimmed(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = bytes {
        bytes = rest;
    }
    bytes
}

/// A `%` that no two hexadecimal digits follow stands for itself.
fn decode(text: &str) -> Vec<u8> {
    let bytes = text.as_bytes();
    let mut decoded = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let digit = |i: usize| bytes.get(at + i).and_then(|b| char::from(*b).to_digit(16));
        match (bytes[at], digit(1), digit(2)) {
            (b'%', Some(high), Some(low)) => {
                decoded.push(u8::try_from(high * 16 + low).unwrap());
                at += 3;
            }
            (byte, ..) => {
                decoded.push(byte);
                at += 1;
            }
        }
    }
    decoded
}

fn encode(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in bytes {
        if byte.is_ascii_alphanumeric() || b"_.-~".contains(byte) {
            text.push(char::from(*byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

/// `*` any text, `?` one character.
pub fn matches(pattern: &[char], text: &[char]) -> bool {
    match (pattern.first(), text.first()) {
        (None, None) => true,
        (Some('*'), _) => {
            matches(&pattern[1..], text) || (!text.is_empty() && matches(pattern, &text[1..]))
        }
        (Some(p), Some(t)) => (*p == '?' || p == t) && matches(&pattern[1..], &text[1..]),
        _ => false,
    }
}

pub fn fits(pattern: &str, text: &str) -> bool {
    let of = |text: &str| text.chars().collect::<Vec<char>>();
    matches(&of(pattern), &of(text))
}

/// One call, and all that is to be known of it.
#[derive(Debug, Clone)]
pub struct Facts<'a> {
    pub action: &'a str,
    pub region: &'a str,
    pub domain_id: &'a str,
    pub domain_name: &'a str,
    pub user_id: &'a str,
    pub user_name: &'a str,
    pub project: Option<(&'a str, &'a str)>,
    pub address: Option<IpAddr>,
    pub kind: &'a str,
    pub id: &'a str,
    pub app_user: Option<&'a str>,
}

/// Policies with the project where each counts; `allowed` holds before any.
pub fn decide(policies: &[(Option<&str>, Value)], facts: &Facts<'_>, allowed: bool) -> bool {
    let says = |wanted: &str| {
        policies.iter().any(|(project, policy)| {
            let here = project.is_none() || *project == facts.project.map(|(id, _)| id);
            let statements = policy["Statement"].as_array().unwrap();
            here && statements
                .iter()
                .any(|statement| statement["Effect"] == wanted && applies(statement, facts))
        })
    };
    (allowed || says("Allow")) && !says("Deny")
}

fn applies(statement: &Value, facts: &Facts<'_>) -> bool {
    let action = texts(&statement["Action"]).any(|pattern| parts_fit(pattern, facts.action));
    let service = facts.action.split(':').next().unwrap();
    let Facts {
        region,
        domain_id,
        kind,
        id,
        ..
    } = facts;
    let names = [service, region, domain_id, kind, id];
    let resource = statement.get("Resource").is_none_or(|resources| {
        texts(resources).any(|pattern| {
            let mut parts = pattern.splitn(5, ':').zip(names);
            pattern == "*" || parts.all(|(part, name)| fits(part, name))
        })
    });
    let operators = statement.get("Condition").and_then(Value::as_object);
    let mut operators = operators.into_iter().flatten();
    let condition = operators.all(|(operator, tests)| {
        let mut tests = tests.as_object().unwrap().iter();
        tests.all(|(key, values)| texts(values).any(|value| holds(operator, key, value, facts)))
    });
    action && resource && condition
}

fn texts(value: &Value) -> Box<dyn Iterator<Item = &str> + '_> {
    match value {
        Value::String(text) => Box::new(std::iter::once(text.as_str())),
        other => Box::new(
            other
                .as_array()
                .unwrap()
                .iter()
                .map(|v| v.as_str().unwrap()),
        ),
    }
}

fn parts_fit(pattern: &str, name: &str) -> bool {
    let (patterns, names) = (pattern.split(':'), name.split(':'));
    patterns
        .zip(names)
        .all(|(pattern, name)| fits(pattern, name))
}

fn holds(operator: &str, key: &str, value: &str, facts: &Facts<'_>) -> bool {
    let text = match key {
        "g:UserId" => Some(facts.user_id),
        "g:UserName" => Some(facts.user_name),
        "g:DomainId" => Some(facts.domain_id),
        "g:DomainName" => Some(facts.domain_name),
        "g:ProjectId" => facts.project.map(|(id, _)| id),
        "g:ProjectName" => facts.project.map(|(_, name)| name),
        "metastudio:AppUserId" => facts.app_user,
        "g:SourceIp" => return facts.address.is_some_and(|address| within(value, address)),
        _ => unreachable!("{key}"),
    };
    text.is_some_and(|text| match operator {
        "StringEquals" => text == value,
        "StringLike" => fits(value, text),
        _ => unreachable!("{operator}"),
    })
}

/// Bit by bit, from the left. An IPv4 address inside IPv6, or a range of such, is IPv4.
fn within(range: &str, address: IpAddr) -> bool {
    let (of, length) = match range.split_once('/') {
        Some((of, length)) => (of, length.parse().ok()),
        None => (range, None),
    };
    let of: IpAddr = of.parse().unwrap();
    let all = bits(of);
    let length: usize = length.unwrap_or(all.len());
    let is_inside = of.is_ipv6() && of.to_canonical().is_ipv4() && length >= 96;
    let fixed = if is_inside {
        &all[96..length]
    } else {
        &all[..length]
    };
    let is_v4 = of.is_ipv4() || is_inside;
    let address = address.to_canonical();
    is_v4 == address.is_ipv4() && bits(address).starts_with(fixed)
}

fn bits(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => format!("{:032b}", address.to_bits()),
        IpAddr::V6(address) => format!("{:0128b}", address.to_bits()),
    }
}
