//! What a list can be asked for, in the words of its parameters.

use crate::assets::filter;
use crate::assets::model::AssetType;
use crate::assets::state::AssetState;
use crate::clock::Timestamp;
use crate::iam::policy::Rest;

/// What to list. Everything that is set must hold; a list means any of its values.
#[derive(Debug, Clone, Default)]
pub struct Criteria {
    pub name: Option<Text>,
    pub tags: Vec<Text>,
    /// All of `tags` instead of any.
    pub all_tags: bool,
    /// Creation, both ends included.
    pub from: Option<Timestamp>,
    pub until: Option<Timestamp>,
    pub types: Vec<AssetType>,
    /// Empty: all but DELETED.
    pub states: Vec<AssetState>,
    pub ids: Vec<String>,
    pub app_user_id: Option<String>,
    /// Attributes (see `filter`) of which each must be there with one of the values …
    pub attributes: Vec<(String, Vec<String>)>,
    /// … and some that must not be there.
    pub without: Vec<(String, String)>,
    /// What the caller's policies leave to check of each asset; all of it counts.
    pub permitted: Vec<Rest>,
    /// Known to match nothing, such as what others share.
    pub nothing: bool,
}

/// Text to look for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Text {
    /// Somewhere inside, in upper or lower case.
    Fuzzy(String),
    Exact(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SortKey {
    #[default]
    CreateTime,
    UpdateTime,
    AssetOrder,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Page {
    pub sort_key: SortKey,
    pub descending: bool,
    pub limit: i64,
    pub offset: i64,
    /// Only what comes after this one in the order: costs the same on every page.
    pub after: Option<Position>,
}

/// An asset's place in an order: its sort key, then its id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    pub key: i64,
    pub id: String,
}

impl SortKey {
    pub(super) fn column(self) -> &'static str {
        match self {
            SortKey::CreateTime => "created_at",
            SortKey::UpdateTime => "updated_at",
            SortKey::AssetOrder => "asset_order",
        }
    }
}

impl Criteria {
    pub fn flag(&mut self, name: &str, set: Option<bool>) {
        if let Some(set) = set {
            self.attributes
                .push((name.to_owned(), vec![set.to_string()]));
        }
    }

    pub fn any_of(&mut self, name: &str, values: Option<Vec<String>>) {
        if let Some(values) = values {
            self.attributes.push((name.to_owned(), values));
        }
    }

    pub fn property(&mut self, key: &str, values: Vec<String>) {
        self.attributes.push((filter::property(key), values));
    }
}
