//! The list chooses among many plans; whatever it chooses, page and count must be those of a loop
//! over all assets.

use std::collections::BTreeSet;

use entrepot_api::assets::SystemProperty;
use entrepot_server::assets::model::{Asset, AssetType};
use entrepot_server::assets::search::{self, Criteria, Page, Position, SortKey, Text};
use entrepot_server::assets::state::{AssetState, Standing};
use entrepot_server::assets::{filter, store};
use entrepot_server::clock::Timestamp;
use entrepot_server::db::{Db, Synchronous};
use entrepot_server::ids::{AssetId, Ids, ProjectId};
use entrepot_server::params;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use serde_json::json;

/// Enough that what most assets have is not 'few' to the list.
const ASSETS: usize = 5600;
const WORDS: [&str; 8] = [
    "Ärger", "sea", "SAND", "100%", "a_b", "夏天", "lake", "x\\y",
];
const SERVICES: [&str; 3] = ["VIDEO_2D", "LIVE_2D", "CHAT_2D"];
const DEVICES: [&str; 3] = ["camera", "phone", "studio"];

#[tokio::test]
async fn list_agrees_with_a_naive_filter_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("library.db");
    let db = Db::open_sqlite(&path, Synchronous::Normal).unwrap();
    list_agrees_with_a_naive_filter(db).await;
}

#[tokio::test]
async fn list_agrees_with_a_naive_filter_on_postgres() {
    let Ok(url) = std::env::var("ENTREPOT_TEST_POSTGRES_URL") else {
        return;
    };
    let db = Db::connect_postgres(&url, 2).await.unwrap();
    list_agrees_with_a_naive_filter(db).await;
}

async fn list_agrees_with_a_naive_filter(db: Db) {
    let mut random = StdRng::seed_from_u64(7);
    let project = insert_project(&db).await;
    let other = insert_project(&db).await;
    let mut assets: Vec<Asset> = (0..ASSETS)
        .map(|n| some_asset(&mut random, &project, n))
        .collect();
    insert(&db, assets.clone()).await;
    insert(&db, vec![some_asset(&mut random, &other, 0)]).await;
    for _ in 0..300 {
        let n = random.random_range(0..assets.len());
        let changed = changed(&mut random, &assets[n]);
        assets[n] = update(&db, assets[n].clone(), changed).await;
    }
    for round in 0..150 {
        let criteria = some_criteria(&mut random, &assets);
        let page = some_page(&mut random);
        let expected = naive(&assets, &criteria, &page);
        let found = list(&db, &project, &criteria, &page).await;
        assert_eq!(found, expected, "round {round}: {criteria:?} {page:?}");
    }
}

/// Ids of the page, and the count.
type Answer = (Vec<String>, i64);

async fn list(db: &Db, project: &ProjectId, criteria: &Criteria, page: &Page) -> Answer {
    let (project, criteria, page) = (project.clone(), criteria.clone(), page.clone());
    let found = db
        .snapshot(async move |tx| search::list(tx, &project, &criteria, &page).await)
        .await
        .unwrap();
    let ids = found.assets.into_iter().map(|a| a.asset_id.into_string());
    (ids.collect(), found.count)
}

fn naive(assets: &[Asset], criteria: &Criteria, page: &Page) -> Answer {
    let key = |asset: &Asset| match page.sort_key {
        SortKey::CreateTime => asset.created_at.millis(),
        SortKey::UpdateTime => asset.updated_at.millis(),
        SortKey::AssetOrder => asset.order,
    };
    let mut places: Vec<Position> = assets
        .iter()
        .filter(|asset| matches(asset, criteria))
        .map(|asset| Position {
            key: key(asset),
            id: asset.asset_id.to_string(),
        })
        .collect();
    places.sort();
    if page.descending {
        places.reverse();
    }
    let count = i64::try_from(places.len()).unwrap();
    if let Some(after) = &page.after {
        places.retain(|place| (place > after) != page.descending && place != after);
    }
    let (offset, limit) = (page.offset.unsigned_abs(), page.limit.unsigned_abs());
    let shown = places
        .into_iter()
        .skip(usize::try_from(offset).unwrap())
        .take(usize::try_from(limit).unwrap());
    (shown.map(|place| place.id).collect(), count)
}

fn matches(asset: &Asset, criteria: &Criteria) -> bool {
    let text = |wanted: &Text, have: &str| match wanted {
        Text::Exact(wanted) => wanted == have,
        Text::Fuzzy(wanted) => have.to_lowercase().contains(&wanted.to_lowercase()),
    };
    let has_tag = |wanted: &Text| asset.tags.iter().any(|tag| text(wanted, tag));
    let tags = if criteria.all_tags {
        criteria.tags.iter().all(has_tag)
    } else {
        criteria.tags.is_empty() || criteria.tags.iter().any(has_tag)
    };
    let asked = !criteria.attributes.is_empty() || !criteria.without.is_empty();
    let pairs = if asked {
        filter::attributes(asset)
    } else {
        BTreeSet::new()
    };
    let has = |name: &String, value: &String| pairs.contains(&(name.clone(), value.clone()));
    let states_hold = if criteria.states.is_empty() {
        asset.state() != AssetState::Deleted
    } else {
        criteria.states.contains(&asset.state())
    };
    tags && states_hold
        && criteria.name.iter().all(|name| text(name, &asset.name))
        && criteria.from.is_none_or(|from| asset.created_at >= from)
        && criteria.until.is_none_or(|until| asset.created_at <= until)
        && (criteria.types.is_empty() || criteria.types.contains(&asset.asset_type))
        && (criteria.ids.is_empty() || criteria.ids.iter().any(|id| id == asset.asset_id.as_str()))
        && (criteria.app_user_id.is_none() || criteria.app_user_id == asset.app_user_id)
        && criteria
            .attributes
            .iter()
            .all(|(name, values)| values.iter().any(|value| has(name, value)))
        && !criteria
            .without
            .iter()
            .any(|(name, value)| has(name, value))
        && !criteria.nothing
}

fn some_criteria(random: &mut StdRng, assets: &[Asset]) -> Criteria {
    let mut criteria = Criteria::default();
    let model = assets.choose(random).unwrap();
    for _ in 0..random.random_range(0..=2) {
        add_criterion(random, &mut criteria, assets, model);
    }
    criteria
}

#[expect(clippy::too_many_lines, reason = "a list of what there is to ask for")]
fn add_criterion(random: &mut StdRng, criteria: &mut Criteria, assets: &[Asset], model: &Asset) {
    let exact = random.random_bool(0.5);
    let text = |value: &str| {
        if exact {
            Text::Exact(value.into())
        } else {
            Text::Fuzzy(value.into())
        }
    };
    match random.random_range(0..14) {
        0 => criteria.name = Some(text(&model.name)),
        1 => criteria.name = Some(Text::Fuzzy((*WORDS.choose(random).unwrap()).into())),
        2 | 3 => {
            criteria.all_tags = random.random_bool(0.5);
            let tags = (0..random.random_range(1..=3)).map(|_| some_tag(random));
            criteria.tags = tags.map(|tag| text(&tag)).collect();
        }
        4 => {
            criteria.tags = vec![Text::Fuzzy(
                (*["", "tag", "TAG 1", "lake"].choose(random).unwrap()).into(),
            )];
        }
        5 => {
            criteria.from = random.random_bool(0.7).then_some(model.created_at);
            let later = random.random_range(0..i64::try_from(ASSETS).unwrap() * 1000);
            let until = Timestamp::from_millis(model.created_at.millis() + later);
            criteria.until = random.random_bool(0.7).then_some(until);
        }
        6 => {
            criteria.types = (0..random.random_range(1..4))
                .map(|_| some_type(random))
                .collect();
        }
        7 => {
            criteria.states = (0..random.random_range(1..4))
                .map(|_| some_state(random))
                .collect();
        }
        8 => {
            let ids = assets
                .choose_multiple(random, 5)
                .map(|a| a.asset_id.to_string());
            criteria.ids = ids.chain(["unknown".to_owned()]).collect();
        }
        9 => criteria.app_user_id = Some((*["many", "few", "none"].choose(random).unwrap()).into()),
        10 => criteria.property(
            "STYLE_ID",
            vec!["1".into(), format!("{}", random.random_range(0..50))],
        ),
        11 => criteria.any_of(
            filter::SERVICE,
            Some(vec![(*SERVICES.choose(random).unwrap()).into()]),
        ),
        12 => criteria.any_of(
            filter::SERVICE,
            Some(SERVICES[1..].iter().map(ToString::to_string).collect()),
        ),
        _ => {
            let device = (*DEVICES.choose(random).unwrap()).to_owned();
            criteria.without.push((filter::DEVICE_NAME.into(), device));
        }
    }
}

fn some_page(random: &mut StdRng) -> Page {
    let keys = [
        SortKey::CreateTime,
        SortKey::UpdateTime,
        SortKey::AssetOrder,
    ];
    let after = random.random_bool(0.2).then(|| Position {
        key: random.random_range(0..i64::try_from(ASSETS).unwrap() * 1000),
        id: Ids.next(),
    });
    Page {
        sort_key: *keys.choose(random).unwrap(),
        descending: random.random_bool(0.5),
        limit: random.random_range(1..=100),
        offset: *[0, 0, 0, 7, 300, 5100].choose(random).unwrap(),
        after,
    }
}

fn some_type(random: &mut StdRng) -> AssetType {
    // mostly the first few
    let most = random.random_range(1..=AssetType::ALL.len());
    AssetType::ALL[random.random_range(0..most)]
}

fn some_state(random: &mut StdRng) -> AssetState {
    let usual = [
        AssetState::Actived,
        AssetState::Unactived,
        AssetState::Creating,
    ];
    if random.random_bool(0.8) {
        return *usual.choose(random).unwrap();
    }
    *AssetState::ALL.choose(random).unwrap()
}

fn some_tag(random: &mut StdRng) -> String {
    match random.random_range(0..3) {
        0 => (*WORDS.choose(random).unwrap()).to_owned(),
        1 => format!("tag {}", random.random_range(0..800)),
        _ => format!("Tag {}", random.random_range(0..10)),
    }
}

fn some_asset(random: &mut StdRng, project: &ProjectId, n: usize) -> Asset {
    let created_at = Timestamp::from_millis(i64::try_from(n).unwrap() / 3 * 3000);
    let name = format!(
        "{} {} {n}",
        WORDS.choose(random).unwrap(),
        WORDS.choose(random).unwrap()
    );
    let mut asset = Asset {
        asset_id: AssetId::new(Ids.next()),
        project_id: project.clone(),
        version: 1,
        url_epoch: 1,
        name,
        description: None,
        asset_type: some_type(random),
        standing: Standing {
            state: some_state(random),
            before: None,
        },
        app_user_id: (*[None, Some("many"), Some("many")].choose(random).unwrap()).map(Into::into),
        order: random.random_range(0..20),
        needs_cover: false,
        block_reason_code: None,
        reason: None,
        tags: Vec::new(),
        properties: Vec::new(),
        services: Vec::new(),
        extra_meta: None,
        created_at,
        updated_at: Timestamp::from_millis(created_at.millis() + random.random_range(0..1_000_000)),
        deleted_at: None,
    };
    if n.is_multiple_of(1000) {
        asset.app_user_id = Some("few".into());
    }
    if asset.state() != AssetState::Deleted {
        fill(random, &mut asset);
    }
    asset
}

/// What only assets have that are not DELETED.
fn fill(random: &mut StdRng, asset: &mut Asset) {
    let tags: BTreeSet<String> = (0..random.random_range(0..5))
        .map(|_| some_tag(random))
        .collect();
    asset.tags = tags.into_iter().collect();
    asset.services = Vec::new();
    for service in SERVICES {
        if random.random_bool(0.8) {
            asset.services.push(service.into());
        }
    }
    asset.properties = vec![SystemProperty {
        action: None,
        key: "STYLE_ID".into(),
        value: Some(random.random_range(0..50).to_string()),
    }];
    if random.random_bool(0.5) {
        let device = DEVICES.choose(random).unwrap();
        let meta = json!({"human_model_2d_meta": {"device_names": [device]}});
        asset.extra_meta = meta.as_object().cloned();
    }
}

fn changed(random: &mut StdRng, before: &Asset) -> Asset {
    let mut asset = before.clone();
    asset.updated_at = Timestamp::from_millis(before.updated_at.millis() + 1);
    asset.order = random.random_range(0..20);
    asset.standing.state = some_state(random);
    if asset.state() == AssetState::Deleted {
        asset.tags.clear();
        asset.properties.clear();
        asset.services.clear();
        asset.extra_meta = None;
    } else {
        fill(random, &mut asset);
    }
    asset
}

async fn insert_project(db: &Db) -> ProjectId {
    let (domain, project) = (Ids.next(), ProjectId::new(Ids.next()));
    let made = project.clone();
    db.write(async move |tx| {
        let sql = "INSERT INTO domains (domain_id, name, created_at) VALUES ($1, $2, $3)";
        tx.execute(sql, params![&domain, &domain, 0]).await?;
        tx.execute(
            "INSERT INTO projects (project_id, domain_id, name, created_at) VALUES ($1, $2, $3, $4)",
            params![&project, &domain, "p", 0],
        )
        .await?;
        Ok(())
    })
    .await
    .unwrap();
    made
}

async fn insert(db: &Db, assets: Vec<Asset>) {
    db.write(async move |tx| {
        for asset in &assets {
            store::insert(tx, asset).await?;
        }
        Ok(())
    })
    .await
    .unwrap();
}

async fn update(db: &Db, before: Asset, changed: Asset) -> Asset {
    db.write(async move |tx| {
        let mut asset = changed.clone();
        store::update(tx, &before, &mut asset).await?;
        Ok(asset)
    })
    .await
    .unwrap()
}
