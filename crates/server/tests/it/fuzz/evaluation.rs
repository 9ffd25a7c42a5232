//! Decisions, beside an evaluator that looks at the JSON itself and knows the asset beforehand.

use std::net::IpAddr;
use std::sync::Arc;

use entrepot_server::iam::Action;
use entrepot_server::iam::policy::{Decision, Grant, Policy, Question, Subject, decide};
use entrepot_server::ids::ProjectId;
use serde_json::Value;

use super::dice::Dice;
use super::naive::{self, Facts};
use super::policy_maker::{ADDRESSES, KINDS, WORDS, make};
use super::run;

#[test]
fn decisions_are_those_of_the_rules() {
    let (mut yes, mut no, mut open) = (0, 0, 0);
    run(|dice| {
        let policies: Vec<Value> = (0..=dice.below(3)).map(|_| make(dice)).collect();
        let read = policies.iter().map(|policy| {
            let policy = Policy::parse(&policy.to_string());
            Arc::new(policy.unwrap_or_else(|e| panic!("{e}")))
        });
        let read: Vec<Arc<Policy>> = read.collect();
        let scopes: Vec<Option<&str>> = policies.iter().map(|_| scope(dice)).collect();
        for _ in 0..10 {
            let (allowed, depends) = ask(dice, &policies, &read, &scopes);
            *if allowed { &mut yes } else { &mut no } += 1;
            open += u32::from(depends);
        }
    });
    println!("{yes} allowed, {no} denied; {open} of them hung on the asset");
    assert!(yes > 0 && no > 0 && open > 0);
}

fn scope(dice: &mut Dice) -> Option<&'static str> {
    [None, None, Some("ab"), Some("elsewhere")][dice.below(4)]
}

/// Compares one question; answers the decision and whether it hung on the asset.
pub fn ask(
    dice: &mut Dice,
    policies: &[Value],
    read: &[Arc<Policy>],
    scopes: &[Option<&str>],
) -> (bool, bool) {
    let project = ProjectId::new("ab");
    let action = Action::ALL[dice.below(Action::ALL.len())];
    let address = ADDRESSES[dice.below(ADDRESSES.len())].parse::<IpAddr>();
    let in_project = !dice.once_in(4);
    let [user_id, user_name, domain_name, project_name, id] = [(); 5].map(|()| dice.pick(&WORDS));
    let app_user = (!dice.once_in(3)).then(|| dice.pick(&WORDS));
    let (subject, kind, id, app_user) = match dice.below(4) {
        0 => (Subject::Asset { id: Some(id) }, "asset", id, app_user),
        1 => (Subject::Asset { id: None }, "asset", id, app_user),
        2 => (Subject::NewAsset { app_user }, "asset", "", app_user),
        _ => {
            let kind = KINDS[dice.below(KINDS.len())];
            (Subject::Thing { kind, id }, kind, id, None)
        }
    };
    let question = Question {
        action,
        region: "here",
        domain_id: "a",
        domain_name,
        user_id,
        user_name,
        project: in_project.then_some((&project, project_name)),
        address: address.ok().filter(|_| !dice.once_in(8)),
        subject,
    };
    let facts = Facts {
        action: action.name(),
        region: "here",
        domain_id: "a",
        domain_name,
        user_id,
        user_name,
        project: in_project.then_some(("ab", project_name)),
        address: question.address,
        kind,
        id,
        app_user,
    };
    let of_nothing = dice.once_in(5);
    let grants = read.iter().zip(scopes).map(|(policy, scope)| Grant {
        project: scope.map(ProjectId::new),
        policy: Arc::clone(policy),
    });
    let grants: Vec<Grant> = grants.collect();
    let (ours, depends) = match decide(grants.iter(), &question, of_nothing) {
        Decision::Allowed => (true, false),
        Decision::Denied => (false, false),
        Decision::Depends(rest) => (rest.covers(id, app_user), true),
    };
    let by_project: Vec<_> = scopes
        .iter()
        .copied()
        .zip(policies.iter().cloned())
        .collect();
    let naive = naive::decide(&by_project, &facts, of_nothing);
    assert_eq!(ours, naive, "{facts:?} {of_nothing} {by_project:#?}");
    let only_assets = matches!(subject, Subject::Asset { .. });
    assert!(only_assets || !depends, "{facts:?}");
    (ours, depends)
}
