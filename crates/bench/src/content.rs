//! What the libraries that are measured hold: assets as a media team has them, the same in every
//! run. Everything about asset number `i` follows from `i` and the time of the run: what is in the
//! recycle bin is recent, so that the server has nothing to clear away while it is measured.

use std::sync::LazyLock;

use entrepot_api::assets::SystemProperty;
use entrepot_server::assets::state::Standing;
use entrepot_server::assets::{Asset, AssetState, AssetType};
use entrepot_server::clock::{Clock, Timestamp};
use entrepot_server::files::model::{Category, File, FileState};
use entrepot_server::ids::{AssetId, FileId, ProjectId};
use serde_json::{Map, Value, json};

const EVERY: u64 = 25_000;
const DAY: u64 = 24 * 3600 * 1000;
/// 300 days, in which a million assets find room.
const PAST: u64 = 300 * DAY;

static NOW: LazyLock<u64> =
    LazyLock::new(|| u64::try_from(Clock::System.now().millis()).unwrap_or(PAST));

const SUBJECTS: [&str; 16] = [
    "Harbour",
    "Evening",
    "Crane",
    "Interview",
    "Product",
    "Skyline",
    "Forest",
    "Market",
    "Portrait",
    "Drone flight",
    "Train",
    "Concert",
    "Kitchen",
    "Lecture",
    "Rain",
    "Façade",
];

/// How often each type comes, of 100.
const TYPES: [(u64, AssetType); 9] = [
    (40, AssetType::Image),
    (65, AssetType::Video),
    (75, AssetType::Material),
    (83, AssetType::Audio),
    (88, AssetType::Music),
    (93, AssetType::VoiceModel),
    (96, AssetType::HumanModel2d),
    (99, AssetType::CommonFile),
    (100, AssetType::Scene),
];

/// How often each state comes, of 100.
const STATES: [(u64, AssetState); 5] = [
    (70, AssetState::Actived),
    (90, AssetState::Unactived),
    (95, AssetState::Creating),
    (98, AssetState::Deleting),
    (100, AssetState::Deleted),
];

/// Scrambles `i`; `salt` makes independent numbers of it (splitmix64).
fn scrambled(i: u64, salt: u64) -> u64 {
    let mut z = i
        .wrapping_add(salt.wrapping_mul(0x9E37_79B9_7F4A_7C15))
        .wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

fn millis(i: u64) -> u64 {
    *NOW - PAST + i * EVERY
}

fn time(millis: u64) -> Timestamp {
    Timestamp::from_millis(i64::try_from(millis).unwrap_or(i64::MAX))
}

fn pick<T: Copy>(choices: &[(u64, T)], number: u64, otherwise: T) -> T {
    let found = choices.iter().find(|(below, _)| number % 100 < *below);
    found.map_or(otherwise, |(_, choice)| *choice)
}

/// As the server makes them: 48 bits of time, then randomness.
pub fn asset_id(i: u64) -> String {
    format!(
        "{:012x}7{:03x}{:016x}",
        millis(i),
        scrambled(i, 1) & 0xfff,
        scrambled(i, 2)
    )
}

/// When asset `i` was created, in Unix seconds.
pub fn created_seconds(i: u64) -> i64 {
    time(millis(i)).seconds()
}

/// Tag 0 is on a quarter of the assets, tag 99 on one in 400.
fn tags(i: u64) -> Vec<String> {
    let mut tags: Vec<u64> = (0..scrambled(i, 3) % 4)
        .map(|n| {
            let a = scrambled(i, 10 + n) % 100;
            let b = scrambled(i, 20 + n) % 100;
            a * b / 100
        })
        .collect();
    tags.sort_unstable();
    tags.dedup();
    tags.into_iter()
        .map(|tag| format!("tag-{tag:02}"))
        .collect()
}

fn properties(i: u64) -> Vec<SystemProperty> {
    let mut properties = Vec::new();
    let mut add = |key: &str, value: String| {
        properties.push(SystemProperty {
            action: None,
            key: key.to_owned(),
            value: Some(value),
        });
    };
    if scrambled(i, 4).is_multiple_of(5) {
        add("STYLE_ID", format!("style-{}", scrambled(i, 5) % 20));
    }
    if scrambled(i, 6).is_multiple_of(20) {
        add("BACKGROUND_IMG", "Yes".into());
    }
    properties
}

fn extra_meta(i: u64, kind: AssetType) -> Option<Map<String, Value>> {
    let meta = match kind {
        AssetType::VoiceModel => {
            let sex = if scrambled(i, 7).is_multiple_of(2) {
                "FEMALE"
            } else {
                "MALE"
            };
            let language =
                ["CN", "EN", "DE", "FR"][usize::try_from(scrambled(i, 8) % 4).unwrap_or(0)];
            json!({"voice_model_meta": {"sex": sex, "language": language}})
        }
        AssetType::HumanModel2d => {
            let device = format!("camera-{}", scrambled(i, 9) % 5);
            json!({"human_model_2d_meta": {"model_version": "V3", "is_movable": i.is_multiple_of(2),
                "device_names": [device]}})
        }
        _ => return None,
    };
    meta.as_object().cloned()
}

pub fn asset(i: u64, project: &ProjectId) -> Asset {
    let asset_type = pick(&TYPES, scrambled(i, 30), AssetType::Image);
    let state = pick(&STATES, scrambled(i, 31), AssetState::Actived);
    let deleted = state == AssetState::Deleted;
    let created_at = time(millis(i));
    let updated_at = time(millis(i) + scrambled(i, 32) % DAY);
    let subject = SUBJECTS[usize::try_from(scrambled(i, 33) % 16).unwrap_or(0)];
    Asset {
        asset_id: AssetId::new(asset_id(i)),
        project_id: project.clone(),
        version: 3,
        url_epoch: 1,
        name: format!("{subject} {:07}", scrambled(i, 34) % 10_000_000),
        description: i
            .is_multiple_of(3)
            .then(|| "Taken for the autumn campaign".to_owned()),
        asset_type,
        standing: Standing {
            state,
            before: (state == AssetState::Deleting).then_some(AssetState::Actived),
        },
        app_user_id: scrambled(i, 35)
            .is_multiple_of(3)
            .then(|| format!("user-{}", scrambled(i, 36) % 1000)),
        order: i64::try_from(scrambled(i, 37) % 1000).unwrap_or(0),
        needs_cover: false,
        block_reason_code: None,
        reason: None,
        tags: if deleted { Vec::new() } else { tags(i) },
        properties: if deleted { Vec::new() } else { properties(i) },
        services: if scrambled(i, 38).is_multiple_of(10) {
            vec!["VIDEO_2D".into()]
        } else {
            Vec::new()
        },
        extra_meta: if deleted {
            None
        } else {
            extra_meta(i, asset_type)
        },
        created_at,
        updated_at,
        deleted_at: matches!(state, AssetState::Deleting | AssetState::Deleted)
            .then(|| time(*NOW - scrambled(i, 39) % (6 * DAY))),
    }
}

/// The main file that an asset in use has.
pub fn main_file(i: u64, asset: &Asset) -> Option<File> {
    if !asset.state().is_readable() {
        return None;
    }
    let file_type = match asset.asset_type {
        AssetType::Video => "mp4",
        AssetType::Audio | AssetType::Music => "mp3",
        _ => "jpg",
    };
    Some(File {
        file_id: FileId::new(format!("{:012x}7{:019x}", millis(i), scrambled(i, 40))),
        asset_id: asset.asset_id.clone(),
        project_id: asset.project_id.clone(),
        name: format!("{}.{file_type}", asset.name),
        file_type: file_type.to_owned(),
        category: Category::Main,
        state: FileState::Created,
        declared_md5: Some("1B2M2Y8AsgTpgAmY7PhCfg==".to_owned()),
        declared_size: Some(65_536),
        part_count: None,
        blob_id: None,
        reason: None,
        created_at: asset.created_at,
        updated_at: asset.created_at,
    })
}
