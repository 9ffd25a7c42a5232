//! The policies of the user: of every kind, and only the last one decides.

use serde_json::{Value, json};

pub const COUNT: usize = 50;

/// The `n`th document. All but the last are about something else, or hang on what does not hold,
/// or deny what the user does not do.
pub fn document(n: usize, domain: &str, asset: &str) -> String {
    let statements = if n + 1 == COUNT {
        deciding(domain, asset)
    } else {
        match n % 5 {
            0 => others_actions(n),
            1 => others_assets(n),
            2 => conditions_that_do_not_hold(n),
            3 => denies_elsewhere(n),
            _ => denies_of_other_app_users(n),
        }
    };
    json!({"Version": "1.1", "Statement": statements}).to_string()
}

fn others_actions(n: usize) -> Value {
    json!([
        {"Effect": "Allow", "Action": ["roma:*:get", "roma:*:list"],
            "Resource": [format!("roma:*:*:instance:{n:04}*")]},
        {"Effect": "Allow", "Action": ["metastudio:file:create", "metastudio:file:confirm"]},
        {"Effect": "Deny", "Action": ["iam:credentials:*", "entrepot:audit:list"]},
    ])
}

fn others_assets(n: usize) -> Value {
    let of = |kind: &str| format!("metastudio:*:*:asset:{kind}-{n}-*");
    json!([
        {"Effect": "Allow", "Action": ["metastudio:asset:*"],
            "Resource": [of("film"), of("music"), of("*-draft"), of("archive")]},
        {"Effect": "Deny", "Action": ["metastudio:asset:delete"], "Resource": [of("archive")]},
    ])
}

fn conditions_that_do_not_hold(n: usize) -> Value {
    json!([
        {"Effect": "Allow", "Action": ["metastudio:*:*"],
            "Condition": {"StringEquals": {"g:ProjectName": [format!("project-{n}"), "elsewhere"]}}},
        {"Effect": "Allow", "Action": ["metastudio:asset:get"],
            "Condition": {"StringLike": {"g:UserName": ["editor-*", "*-desk"]},
                "IpAddress": {"g:SourceIp": ["10.0.0.0/8", "192.168.0.0/16"]}}},
        {"Effect": "Allow", "Action": ["metastudio:asset:get", "metastudio:asset:list"],
            "Condition": {"IpAddress": {"g:SourceIp": [format!("10.1.{n}.0/24"), "2001:db8::/32"]}}},
    ])
}

fn denies_elsewhere(n: usize) -> Value {
    json!([
        {"Effect": "Deny", "Action": ["*:*:*"],
            "Condition": {"IpAddress": {"g:SourceIp": [format!("203.0.113.{n}"), "198.51.100.0/24"]}}},
        {"Effect": "Deny", "Action": ["metastudio:*:*"],
            "Resource": [format!("metastudio:other-region-{n}:*:asset:*"), "metastudio:*:*:asset:locked-*"]},
        {"Effect": "Allow", "Action": ["roma:assets:*"]},
    ])
}

/// These go with the permit until the asset is known.
fn denies_of_other_app_users(n: usize) -> Value {
    json!([
        {"Effect": "Deny", "Action": ["metastudio:asset:*"],
            "Condition": {"StringEquals": {"metastudio:AppUserId": [format!("suspended-{n}")]}}},
        {"Effect": "Allow", "Action": ["roma:applications:list", "roma:tasks:*"]},
    ])
}

fn deciding(domain: &str, asset: &str) -> Value {
    let prefix = &asset[..8];
    json!([
        {"Effect": "Allow", "Action": ["metastudio:asset:get"],
            "Resource": [format!("metastudio:*:{domain}:asset:{prefix}*")]},
    ])
}
