//! Which assets of a library: the words of `ls` and `copy`, as the list call takes them.

use super::api::encode;
use super::failure::{Failure, Result};

/// What assets must have; empty is every asset that is not DELETED.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// One of these.
    pub types: Vec<String>,
    /// One of these.
    pub states: Vec<String>,
    /// Somewhere in the name; case does not count.
    pub name: Option<String>,
    /// All of these.
    pub tags: Vec<String>,
}

impl Filter {
    /// Reads `type=IMAGE,VIDEO`, `state=ACTIVED`, `tag=TAG`, `name=TEXT`.
    pub fn parse<T: AsRef<str>>(pairs: &[T]) -> Result<Self> {
        let mut filter = Self::default();
        for pair in pairs {
            let pair = pair.as_ref();
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            let words = || value.split(',').map(str::to_owned);
            match key {
                _ if value.is_empty() => return Err(not_understood(pair)),
                "type" => filter.types.extend(words()),
                "state" => filter.states.extend(words()),
                "tag" => filter.tags.push(value.to_owned()),
                "name" if filter.name.is_some() => {
                    return Err(Failure::Usage(
                        "--filter name=… can be given once only".into(),
                    ));
                }
                "name" => filter.name = Some(value.to_owned()),
                _ => return Err(not_understood(pair)),
            }
        }
        Ok(filter)
    }

    /// Adds what the list call needs.
    pub fn add_to(&self, pairs: &mut Vec<(&'static str, String)>) -> Result<()> {
        if let Some(tag) = self.tags.iter().find(|tag| tag.contains(',')) {
            return Err(Failure::Usage(format!(
                "'{tag}': the API can't look for a tag with a comma in it"
            )));
        }
        for (name, words) in [("asset_type", &self.types), ("asset_state", &self.states)] {
            if !words.is_empty() {
                pairs.push((name, words.join(",").to_ascii_uppercase()));
            }
        }
        if let Some(text) = &self.name {
            pairs.push(("name", text.clone()));
        }
        if !self.tags.is_empty() {
            pairs.push(("tag", self.tags.join(",")));
            pairs.push(("tag_combination_type", "INTERSECTION".into()));
            pairs.push(("accurate_query_field", "tag".into()));
        }
        Ok(())
    }
}

fn not_understood(pair: &str) -> Failure {
    Failure::Usage(format!(
        "--filter '{pair}' is not understood; it is type=TYPE, state=STATE, tag=TAG or name=TEXT"
    ))
}

/// The query of a list call, encoded.
pub fn query(pairs: &[(&'static str, String)]) -> String {
    let pairs = pairs.iter();
    let pairs: Vec<String> = pairs
        .map(|(name, value)| format!("{name}={}", encode(value)))
        .collect();
    pairs.join("&")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query_of(pairs: &[&str]) -> Result<String> {
        let mut query_pairs = Vec::new();
        Filter::parse(pairs)?.add_to(&mut query_pairs)?;
        Ok(query(&query_pairs))
    }

    #[test]
    fn pairs_become_the_query_of_a_list() {
        assert_eq!(
            query_of(&["type=image,video", "type=PPT", "state=ACTIVED", "name=a=b"]).unwrap(),
            "asset_type=IMAGE%2CVIDEO%2CPPT&asset_state=ACTIVED&name=a%3Db"
        );
        assert_eq!(
            query_of(&["tag=x", "tag=y"]).unwrap(),
            "tag=x%2Cy&tag_combination_type=INTERSECTION&accurate_query_field=tag"
        );
    }

    #[test]
    fn pairs_that_mean_nothing_are_refused() {
        for pairs in [
            &["colour=red"][..],
            &["type"],
            &["type="],
            &["tag=a,b"],
            &["name=a", "name=b"],
        ] {
            assert!(query_of(pairs).is_err(), "{pairs:?}");
        }
    }
}
