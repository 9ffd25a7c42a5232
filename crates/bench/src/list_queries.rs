//! One list query for each filter: as the API is asked, as the store is asked, and as the best SQL
//! that we could write by hand. Where it is not plain which statement is best, there are several,
//! and the fastest counts; one that the schema does not fit is left out.

use entrepot_server::assets::search::{Criteria, Page, SortKey, Text};
use entrepot_server::assets::{AssetState, AssetType};
use entrepot_server::clock::Timestamp;

use crate::content;

pub const LIMIT: i64 = 50;

pub struct Filter {
    pub name: &'static str,
    pub query: String,
    pub criteria: Criteria,
    pub counts: Vec<String>,
    /// With `{column}`, `{direction}`, `{order}` for the sort of assets `a`, and `{order_x}` for that of attributes `x`.
    pages: Vec<String>,
    /// Pages that are right for this order only.
    by_create_time: Vec<String>,
}

#[derive(Debug, Clone, Copy)]
pub struct Sort {
    pub name: &'static str,
    pub query: &'static str,
    key: SortKey,
    descending: bool,
    column: &'static str,
}

pub const SORTS: [Sort; 4] = [
    Sort {
        name: "create_time",
        query: "sort_key=create_time",
        key: SortKey::CreateTime,
        descending: false,
        column: "created_at",
    },
    Sort {
        name: "create_time desc",
        query: "sort_key=create_time&sort_dir=desc",
        key: SortKey::CreateTime,
        descending: true,
        column: "created_at",
    },
    Sort {
        name: "update_time desc",
        query: "sort_key=update_time&sort_dir=desc",
        key: SortKey::UpdateTime,
        descending: true,
        column: "updated_at",
    },
    Sort {
        name: "asset_order",
        query: "sort_key=asset_order",
        key: SortKey::AssetOrder,
        descending: false,
        column: "asset_order",
    },
];

impl Filter {
    pub fn pages(&self, sort: Sort) -> Vec<String> {
        let mut pages: Vec<&String> = self.pages.iter().collect();
        if sort.key == SortKey::CreateTime {
            pages.extend(&self.by_create_time);
        }
        pages.into_iter().map(|page| sort.order(page)).collect()
    }
}

impl Sort {
    pub fn page(self) -> Page {
        Page {
            sort_key: self.key,
            descending: self.descending,
            limit: LIMIT,
            ..Page::default()
        }
    }

    /// Fills in the order of a hand-written page.
    fn order(self, page: &str) -> String {
        let (column, direction) = (self.column, if self.descending { "DESC" } else { "ASC" });
        let of =
            |table: &str| format!("{table}.{column} {direction}, {table}.asset_id {direction}");
        page.replace("{order}", &of("a"))
            .replace("{order_x}", &of("x"))
            .replace("{column}", column)
            .replace("{direction}", direction)
    }
}

const ALIVE: &str = "a.project_id = $p AND a.state <> 'DELETED'";

/// The page by a condition on the asset itself: as the planner likes, or ids first, rows after.
fn pages_where(condition: &str) -> Vec<String> {
    vec![
        format!("SELECT a.* FROM assets a WHERE {condition} ORDER BY {{order}} LIMIT 50"),
        format!(
            "WITH hit AS MATERIALIZED (SELECT a.asset_id FROM assets a WHERE {condition} \
             ORDER BY {{order}} LIMIT 50) SELECT a.* FROM hit JOIN assets a USING (asset_id) \
             ORDER BY {{order}}"
        ),
    ]
}

/// The page of several kinds, each read in order from its own stretch of an index, then merged.
fn merged<'a>(kinds: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let each = kinds.map(|(kind, state)| {
        format!(
            "SELECT * FROM (SELECT a.asset_id, a.{{column}} AS k FROM assets a \
             WHERE a.project_id = $p AND a.asset_type = '{kind}' AND a.state = '{state}' \
             ORDER BY {{order}} LIMIT 50)"
        )
    });
    let each: Vec<String> = each.collect();
    format!(
        "WITH hit AS MATERIALIZED (SELECT asset_id FROM ({}) ORDER BY k {{direction}}, \
         asset_id {{direction}} LIMIT 50) SELECT a.* FROM hit JOIN assets a USING (asset_id) \
         ORDER BY {{order}}",
        each.join(" UNION ALL ")
    )
}

fn filter(
    name: &'static str,
    query: impl Into<String>,
    criteria: Criteria,
    condition: &str,
) -> Filter {
    Filter {
        name,
        query: query.into(),
        criteria,
        counts: vec![format!("SELECT COUNT(*) FROM assets a WHERE {condition}")],
        pages: pages_where(condition),
        by_create_time: Vec::new(),
    }
}

fn none() -> Filter {
    let mut none = filter("none", "", Criteria::default(), ALIVE);
    none.counts.insert(
        0,
        "SELECT SUM(n) FROM asset_counts WHERE project_id = $p AND state <> 'DELETED'".into(),
    );
    none
}

fn of_type() -> Filter {
    let criteria = Criteria {
        types: vec![AssetType::Audio],
        ..Criteria::default()
    };
    let condition = format!("{ALIVE} AND a.asset_type = 'AUDIO'");
    let mut filter = filter("asset_type", "asset_type=AUDIO", criteria, &condition);
    let states = AssetState::ALL.iter().map(|state| state.as_str());
    let alive = states.filter(|state| *state != "DELETED");
    filter
        .pages
        .push(merged(alive.map(|state| ("AUDIO", state))));
    filter.counts.insert(
        0,
        "SELECT SUM(n) FROM asset_counts WHERE project_id = $p AND asset_type = 'AUDIO' \
         AND state <> 'DELETED'"
            .into(),
    );
    filter
}

fn in_state() -> Filter {
    let criteria = Criteria {
        states: vec![AssetState::Unactived],
        ..Criteria::default()
    };
    let condition = "a.project_id = $p AND a.state = 'UNACTIVED'";
    let mut filter = filter("asset_state", "asset_state=UNACTIVED", criteria, condition);
    let types = AssetType::ALL.iter().map(|kind| kind.as_str());
    filter
        .pages
        .push(merged(types.map(|kind| (kind, "UNACTIVED"))));
    filter.counts.insert(
        0,
        "SELECT SUM(n) FROM asset_counts WHERE project_id = $p AND state = 'UNACTIVED'".into(),
    );
    filter
}

/// By a row of `asset_attributes` with one of the values that `value` describes.
fn attribute(
    name: &'static str,
    query: &str,
    criteria: Criteria,
    attribute: &str,
    value: &str,
) -> Filter {
    let has = format!("x.project_id = $p AND x.name = '{attribute}' AND x.value = '{value}'");
    let probe = format!(
        "{ALIVE} AND EXISTS (SELECT 1 FROM asset_attributes x WHERE x.asset_id = a.asset_id \
         AND x.name = '{attribute}' AND x.value = '{value}')"
    );
    let mut filter = filter(name, query, criteria, &probe);
    filter.counts = vec![
        format!("SELECT SUM(n) FROM attribute_counts x WHERE {has}"),
        format!("SELECT COUNT(*) FROM asset_attributes x WHERE {has}"),
    ];
    let joined = "FROM asset_attributes x JOIN assets a ON a.asset_id = x.asset_id";
    filter.pages.push(format!(
        "SELECT a.* {joined} WHERE {has} ORDER BY {{order}} LIMIT 50"
    ));
    let in_its_own_order = format!(
        "WITH hit AS MATERIALIZED (SELECT x.asset_id FROM asset_attributes x WHERE {has} \
         ORDER BY {{order_x}} LIMIT 50) SELECT a.* FROM hit JOIN assets a USING (asset_id) \
         ORDER BY {{order}}"
    );
    // tags are kept with every column that lists are sorted by, other attributes with one
    if attribute == "tag" {
        filter.pages.push(in_its_own_order);
    } else {
        filter.by_create_time.push(in_its_own_order);
    }
    filter
}

fn with_attribute(name: &str, value: &str) -> Criteria {
    Criteria {
        attributes: vec![(name.to_owned(), vec![value.to_owned()])],
        ..Criteria::default()
    }
}

fn tagged(name: &'static str, query: &str, text: Text) -> Filter {
    let criteria = Criteria {
        tags: vec![text],
        ..Criteria::default()
    };
    attribute(name, query, criteria, "tag", "tag-23")
}

fn without_device() -> Filter {
    let criteria = Criteria {
        without: vec![("meta:device_name".to_owned(), "camera-1".to_owned())],
        ..Criteria::default()
    };
    let condition = format!(
        "{ALIVE} AND NOT EXISTS (SELECT 1 FROM asset_attributes x WHERE x.asset_id = a.asset_id \
         AND x.name = 'meta:device_name' AND x.value = 'camera-1')"
    );
    let query = "exclude_device_name=camera-1";
    let mut filter = filter("exclude_device_name", query, criteria, &condition);
    filter.counts.insert(
        0,
        "SELECT (SELECT SUM(n) FROM asset_counts WHERE project_id = $p AND state <> 'DELETED') - \
         (SELECT COUNT(*) FROM asset_attributes WHERE project_id = $p \
         AND name = 'meta:device_name' AND value = 'camera-1')"
            .into(),
    );
    filter
}

fn named(name: &'static str, query: &str, text: Text, condition: &str) -> Filter {
    let criteria = Criteria {
        name: Some(text),
        ..Criteria::default()
    };
    filter(name, query, criteria, &format!("{ALIVE} AND {condition}"))
}

/// Created within a window in the middle of the library, one asset in fifty.
fn window(assets: u64) -> Filter {
    let at = |i: u64| Timestamp::from_seconds(content::created_seconds(i));
    let (from, until) = (at(assets / 2), at(assets / 2 + assets / 50));
    let criteria = Criteria {
        from: Some(from),
        until: Some(Timestamp::from_millis(until.millis() + 999)),
        ..Criteria::default()
    };
    let query = format!("start_time={}&end_time={}", from.rfc3339(), until.rfc3339());
    let condition = format!(
        "{ALIVE} AND a.created_at BETWEEN {} AND {}",
        from.millis(),
        until.millis() + 999
    );
    filter("start_time, end_time", query, criteria, &condition)
}

fn ids(assets: u64) -> Filter {
    let ids: Vec<String> = (0..100)
        .map(|n| content::asset_id(n * 7919 % assets))
        .collect();
    let query = format!("asset_id={}", ids.join(","));
    let condition = format!("{ALIVE} AND a.asset_id IN ('{}')", ids.join("','"));
    let criteria = Criteria {
        ids,
        ..Criteria::default()
    };
    filter("asset_id (100)", query, criteria, &condition)
}

fn of_app_user() -> Filter {
    let criteria = Criteria {
        app_user_id: Some("user-77".to_owned()),
        ..Criteria::default()
    };
    let condition = format!("{ALIVE} AND a.app_user_id = 'user-77'");
    filter("app_user_id", "app_user_id=user-77", criteria, &condition)
}

pub fn filters(assets: u64) -> Vec<Filter> {
    let exact = Text::Exact("tag-23".to_owned());
    let fuzzy = |text: &str| Text::Fuzzy(text.to_owned());
    vec![
        none(),
        of_type(),
        in_state(),
        tagged("tag", "tag=tag-23", fuzzy("tag-23")),
        tagged("tag, exact", "tag=tag-23&accurate_query_field=tag", exact),
        named(
            "name, common",
            "name=harbour",
            fuzzy("harbour"),
            "a.name_folded LIKE '%harbour%' ESCAPE '\\'",
        ),
        named(
            "name, rare",
            "name=train%20000",
            fuzzy("train 000"),
            "a.name_folded LIKE '%train 000%' ESCAPE '\\'",
        ),
        window(assets),
        ids(assets),
        of_app_user(),
        attribute(
            "system_property",
            "system_property=STYLE_ID:style-3",
            with_attribute("property:STYLE_ID", "style-3"),
            "property:STYLE_ID",
            "style-3",
        ),
        attribute(
            "supported_service",
            "supported_service=VIDEO_2D",
            with_attribute("service", "VIDEO_2D"),
            "service",
            "VIDEO_2D",
        ),
        attribute(
            "sex",
            "sex=FEMALE",
            with_attribute("meta:sex", "FEMALE"),
            "meta:sex",
            "FEMALE",
        ),
        without_device(),
    ]
}
