//! The assets to copy: those named, or those of a whole library that fit a filter, page by page.

use std::collections::{HashSet, VecDeque};

use entrepot_api::assets::{DigitalAssetInfo, ListAssetsResponse};
use futures_util::{Stream, stream};

use crate::client::api::Api;
use crate::client::failure::{Failure, Result};
use crate::client::filter::{Filter, query};
use crate::client::transfer::patiently;

/// What one request may ask for.
const PAGE: usize = 100;

/// What can be copied; others are only taken where their state is asked for.
const COPYABLE: [&str; 3] = ["UNACTIVED", "ACTIVED", "WAITING_DELETE"];

/// The ids named, each once.
pub fn named(ids: &[String]) -> impl Stream<Item = Result<String>> {
    let mut seen = HashSet::new();
    let ids: Vec<String> = ids.iter().filter(|id| seen.insert(*id)).cloned().collect();
    stream::iter(ids.into_iter().map(Ok))
}

/// The ids of all that fit, the oldest first; it ends with a failure where the list can't be read.
pub fn matching(api: &Api, mut filter: Filter) -> impl Stream<Item = Result<String>> {
    if filter.states.is_empty() {
        filter.states = COPYABLE.map(str::to_owned).into();
    }
    let listing = Listing {
        api,
        filter,
        place: Place::default(),
        page: VecDeque::new(),
        is_last: false,
    };
    stream::try_unfold(listing, |mut listing| async move {
        let next = listing.next().await?;
        Ok::<_, Failure>(next.map(|asset_id| (asset_id, listing)))
    })
}

struct Listing<'a> {
    api: &'a Api,
    filter: Filter,
    place: Place,
    page: VecDeque<DigitalAssetInfo>,
    is_last: bool,
}

impl Listing<'_> {
    async fn next(&mut self) -> Result<Option<String>> {
        if self.page.is_empty() && !self.is_last {
            let query = self.query()?;
            let found: ListAssetsResponse = patiently(|| self.api.list_assets(&query)).await?;
            self.is_last = found.assets.len() < PAGE;
            self.page = found.assets.into();
        }
        Ok(self.page.pop_front().map(|asset| {
            self.place.pass(&asset.create_time);
            asset.asset_id
        }))
    }

    fn query(&self) -> Result<String> {
        let mut pairs = vec![("sort_key", "create_time".to_owned())];
        self.filter.add_to(&mut pairs)?;
        if !self.place.second.is_empty() {
            pairs.push(("start_time", self.place.second.clone()));
            pairs.push(("offset", self.place.passed.to_string()));
        }
        pairs.push(("limit", PAGE.to_string()));
        Ok(query(&pairs))
    }
}

/// How far a list is. Counted from the last second of creation and not from the beginning: assets
/// that are deleted meanwhile do not shift others out of sight.
#[derive(Debug, Default, PartialEq, Eq)]
struct Place {
    second: String,
    /// Assets of this second that have passed.
    passed: u64,
}

impl Place {
    fn pass(&mut self, created: &str) {
        if self.second != created {
            created.clone_into(&mut self.second);
            self.passed = 0;
        }
        self.passed += 1;
    }
}

#[cfg(test)]
mod tests {
    use futures_util::StreamExt;

    use super::*;

    #[tokio::test]
    async fn an_asset_named_twice_is_copied_once() {
        let ids = ["a", "b", "a"].map(str::to_owned);
        let found: Vec<String> = named(&ids).map(Result::unwrap).collect().await;
        assert_eq!(found, ["a", "b"]);
    }

    #[test]
    fn a_list_goes_on_from_the_last_second_seen() {
        let mut place = Place::default();
        for created in [
            "2026-01-02T03:04:05Z",
            "2026-01-02T03:04:06Z",
            "2026-01-02T03:04:06Z",
        ] {
            place.pass(created);
        }
        let expected = Place {
            second: "2026-01-02T03:04:06Z".into(),
            passed: 2,
        };
        assert_eq!(place, expected);
    }
}
