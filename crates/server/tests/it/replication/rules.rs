//! What a ticket may do, over every history of a copy.

use entrepot_server::assets::model::Asset;
use entrepot_server::assets::state::Standing;
use entrepot_server::assets::{AssetState, AssetType};
use entrepot_server::clock::Timestamp;
use entrepot_server::error::ErrorCode;
use entrepot_server::ids::{AssetId, ProjectId};
use entrepot_server::replication::model::{Copy, CopyState, Progress};
use entrepot_server::replication::rules::{Effect, Offer, effect};
use proptest::prelude::*;

const NOW: Timestamp = Timestamp::from_millis(7);

fn asset(state: AssetState, version: i64) -> Asset {
    Asset {
        asset_id: AssetId::new("x"),
        project_id: ProjectId::new("p"),
        version,
        url_epoch: 1,
        name: "n".into(),
        description: None,
        asset_type: AssetType::Image,
        standing: Standing {
            state,
            before: None,
        },
        app_user_id: None,
        order: 0,
        needs_cover: false,
        block_reason_code: None,
        reason: None,
        tags: Vec::new(),
        properties: Vec::new(),
        services: Vec::new(),
        extra_meta: None,
        created_at: NOW,
        updated_at: NOW,
        deleted_at: None,
    }
}

fn copy(id: &str, version: i64, state: CopyState, local_version: Option<i64>) -> Copy {
    Copy {
        copy_id: id.into(),
        project_id: ProjectId::new("p"),
        asset_id: AssetId::new("x"),
        asset_name: "n".into(),
        peer: "a".into(),
        key_id: "1".into(),
        version,
        digest: String::new(),
        expires_at: NOW,
        by_hand: false,
        is_update: false,
        state,
        progress: Progress::default(),
        stalled: 0,
        local_version,
        created_by: "u".into(),
        created_at: NOW,
        updated_at: NOW,
        finished_at: None,
        revision: 1,
    }
}

fn offered(version: i64, here: Option<&Asset>, copies: &[Copy]) -> Result<Effect, ErrorCode> {
    let project = ProjectId::new("p");
    let offer = Offer {
        project: &project,
        region: "a",
        version,
    };
    effect(offer, here, copies).map_err(|error| error.code)
}

#[test]
fn what_is_not_here_is_created() {
    assert_eq!(offered(1, None, &[]), Ok(Effect::Create { purged: false }));
    let purged = asset(AssetState::Deleted, 9);
    let before = [copy("c", 5, CopyState::Done, Some(2))];
    let again = Ok(Effect::Create { purged: true });
    assert_eq!(offered(1, Some(&purged), &before), again);
}

#[test]
fn what_is_in_the_way_is_left_alone() {
    let mine = asset(AssetState::Actived, 3);
    assert_eq!(offered(1, Some(&mine), &[]), Err(ErrorCode::CopyConflict));
    let done = [copy("c", 1, CopyState::Done, Some(3))];
    for (state, code) in [
        (AssetState::Deleting, ErrorCode::IllegalAssetState),
        (AssetState::Block, ErrorCode::AssetBlocked),
    ] {
        assert_eq!(offered(2, Some(&asset(state, 3)), &done), Err(code));
    }
    let mut foreign = asset(AssetState::Actived, 3);
    foreign.project_id = ProjectId::new("q");
    assert_eq!(
        offered(2, Some(&foreign), &done),
        Err(ErrorCode::CopyConflict)
    );
    let mut elsewhere = done.clone();
    elsewhere[0].peer = "c".into();
    let here = asset(AssetState::Actived, 3);
    assert_eq!(
        offered(2, Some(&here), &elsewhere),
        Err(ErrorCode::CopyConflict)
    );
}

#[test]
fn a_newer_version_updates_only_what_was_not_changed_here() {
    let done = [copy("c", 4, CopyState::Done, Some(3))];
    let same = asset(AssetState::Actived, 3);
    assert_eq!(offered(5, Some(&same), &done), Ok(Effect::Update));
    let changed = asset(AssetState::Actived, 4);
    assert_eq!(
        offered(5, Some(&changed), &done),
        Err(ErrorCode::CopyConflict)
    );
    // what changes nothing is never a conflict
    assert_eq!(offered(4, Some(&changed), &done), Ok(Effect::Nothing));
}

#[test]
fn what_failed_starts_again() {
    let failed = [copy("c", 4, CopyState::Failed, None)];
    let here = asset(AssetState::Failed, 2);
    let restart = |is_update| {
        Ok(Effect::Restart {
            earlier: "c".into(),
            is_update,
        })
    };
    assert_eq!(offered(4, Some(&here), &failed), restart(false));
    let updated = [
        copy("c", 4, CopyState::Failed, None),
        copy("b", 3, CopyState::Done, Some(2)),
    ];
    let here = asset(AssetState::Actived, 2);
    assert_eq!(offered(4, Some(&here), &updated), restart(true));
    assert_eq!(offered(3, Some(&here), &updated), Ok(Effect::Nothing));
}

fn state() -> impl Strategy<Value = CopyState> {
    proptest::sample::select(vec![
        CopyState::Waiting,
        CopyState::Copying,
        CopyState::Done,
        CopyState::Failed,
        CopyState::Cancelled,
        CopyState::Replaced,
    ])
}

proptest! {
    #[test]
    fn an_older_ticket_never_undoes_a_newer_copy(
        history in proptest::collection::vec((1i64..6, state()), 1..6),
        version in 1i64..6,
        here in 1i64..4,
    ) {
        let copies: Vec<Copy> = history
            .iter()
            .enumerate()
            .map(|(i, (version, state))| {
                copy(&i.to_string(), *version, *state, (*state == CopyState::Done).then_some(here))
            })
            .collect();
        let asset = asset(AssetState::Actived, here);
        let newest_done = copies.iter().find(|c| c.state == CopyState::Done).map(|c| c.version);
        let under_way = copies.iter().find(|c| c.state.is_under_way()).map(|c| c.version);
        if let Ok(Effect::Update | Effect::Restart { .. }) = offered(version, Some(&asset), &copies) {
            prop_assert!(newest_done.is_none_or(|done| done < version));
            prop_assert!(under_way.is_none_or(|other| other < version));
        }
    }
}
