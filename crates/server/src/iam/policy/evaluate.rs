//! The decision: what grants say of one call.

use std::net::IpAddr;
use std::sync::Arc;

use super::{Clause, Condition, Effect, Key, Pattern, Policy, Rest, Statement};
use crate::iam::Action;
use crate::ids::ProjectId;

/// A policy that a user has, directly or by a group.
#[derive(Debug, Clone)]
pub struct Grant {
    /// Where it counts; `None` is everywhere.
    pub project: Option<ProjectId>,
    pub policy: Arc<Policy>,
}

/// One call, as policies see it.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    pub action: Action,
    pub region: &'a str,
    pub domain_id: &'a str,
    pub domain_name: &'a str,
    pub user_id: &'a str,
    pub user_name: &'a str,
    /// Id and name.
    pub project: Option<(&'a ProjectId, &'a str)>,
    pub address: Option<IpAddr>,
    pub subject: Subject<'a>,
}

/// What the call is about.
#[derive(Debug, Clone, Copy)]
pub enum Subject<'a> {
    /// Something that is not an asset: its type, and its id, empty where it has none (yet).
    Thing { kind: &'static str, id: &'a str },
    /// An asset about to be made.
    NewAsset { app_user: Option<&'a str> },
    /// An asset that will be looked at before anything is done; perhaps its id is known.
    Asset { id: Option<&'a str> },
}

#[derive(Debug, Clone)]
pub enum Decision {
    Allowed,
    Denied,
    /// It hangs on the asset.
    Depends(Rest),
}

/// `allowed` is what holds before any policy is read.
pub fn decide<'g>(
    grants: impl Iterator<Item = &'g Grant>,
    question: &Question<'_>,
    mut allowed: bool,
) -> Decision {
    let here = question.project.map(|(id, _)| id);
    let mut allow = Vec::new();
    let mut deny = Vec::new();
    for grant in grants {
        if grant.project.is_some() && grant.project.as_ref() != here {
            continue;
        }
        for statement in &grant.policy.statements {
            if !statement.actions.contains(question.action) {
                continue;
            }
            match (fit(statement, question), statement.effect) {
                (Fit::No, _) => {}
                (Fit::Yes, Effect::Deny) => return Decision::Denied,
                (Fit::Yes, Effect::Allow) => allowed = true,
                (Fit::Perhaps(clause), Effect::Deny) => deny.push(clause),
                (Fit::Perhaps(clause), Effect::Allow) => allow.push(clause),
            }
        }
    }
    match (allowed, allow.is_empty(), deny.is_empty()) {
        (true, _, true) => Decision::Allowed,
        (false, true, _) => Decision::Denied,
        (allowed, ..) => Decision::Depends(Rest {
            allow: (!allowed).then_some(allow),
            deny,
        }),
    }
}

enum Fit {
    No,
    Yes,
    Perhaps(Clause),
}

fn fit(statement: &Statement, question: &Question<'_>) -> Fit {
    let mut clause = Clause::default();
    if !statement.resources.is_empty() {
        match resources(&statement.resources, question) {
            None => return Fit::No,
            Some(left) => clause.ids = left,
        }
    }
    for condition in &statement.conditions {
        match holds(condition, question) {
            Some(true) => {}
            Some(false) => return Fit::No,
            None => {
                if let Condition::Text(_, patterns) = condition {
                    clause.app_users.push(patterns.clone());
                }
            }
        }
    }
    if clause.ids.is_empty() && clause.app_users.is_empty() {
        Fit::Yes
    } else {
        Fit::Perhaps(clause)
    }
}

/// `None` where none fits; otherwise the patterns that the asset's id has still to be held against.
fn resources(patterns: &[[Pattern; 5]], question: &Question<'_>) -> Option<Vec<Pattern>> {
    let service = question.action.service();
    let (kind, id) = match question.subject {
        Subject::Thing { kind, id } => (kind, Some(id)),
        Subject::NewAsset { .. } => ("asset", Some("")),
        Subject::Asset { id } => ("asset", id),
    };
    let mut left = Vec::new();
    let mut known = false;
    for [of_service, region, domain, of_kind, of_id] in patterns {
        let fits = of_service.matches(service)
            && region.matches(question.region)
            && domain.matches(question.domain_id)
            && of_kind.matches(kind);
        match id {
            _ if !fits => {}
            Some(id) => known |= of_id.matches(id),
            None if of_id.is_any() => known = true,
            None => left.push(of_id.clone()),
        }
    }
    match (known, left.is_empty()) {
        (true, _) => Some(Vec::new()),
        (false, false) => Some(left),
        (false, true) => None,
    }
}

/// `None` where it hangs on the asset.
fn holds(condition: &Condition, question: &Question<'_>) -> Option<bool> {
    let (key, patterns) = match condition {
        Condition::Text(key, patterns) => (key, patterns),
        Condition::SourceIp(ranges) => {
            // as IPv4 where it is one, however the socket has it
            let address = question.address.map(|address| address.to_canonical());
            let within = |address| ranges.iter().any(|range| range.contains(&address));
            return Some(address.is_some_and(within));
        }
    };
    let text = match (key, question.subject) {
        (Key::UserId, _) => Some(question.user_id),
        (Key::UserName, _) => Some(question.user_name),
        (Key::DomainId, _) => Some(question.domain_id),
        (Key::DomainName, _) => Some(question.domain_name),
        (Key::ProjectId, _) => question.project.map(|(id, _)| id.as_str()),
        (Key::ProjectName, _) => question.project.map(|(_, name)| name),
        (Key::AppUserId, Subject::NewAsset { app_user }) => app_user,
        (Key::AppUserId, Subject::Asset { .. }) => return None,
        (Key::AppUserId, Subject::Thing { .. }) => None,
    };
    Some(text.is_some_and(|text| patterns.iter().any(|pattern| pattern.matches(text))))
}
