//! Query parameters, each accounted for: what is sent twice, out of range or unknown is an error
//! that names it, never silently ignored.

use std::collections::BTreeMap;

use axum::extract::FromRequestParts;
use http::request::Parts;
use percent_encoding::percent_decode_str;

use crate::error::{Error, Result};

/// The parameters of a request; each is taken out once, then [`Query::finish`] refuses the rest.
#[derive(Debug, Default)]
pub struct Query {
    values: BTreeMap<String, Vec<String>>,
}

impl<S: Sync> FromRequestParts<S> for Query {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        Self::parse(parts.uri.query().unwrap_or_default())
    }
}

fn decode(text: &str) -> Result<String> {
    let spaced = text.replace('+', " ");
    let decoded = percent_decode_str(&spaced).decode_utf8();
    decoded
        .map(std::borrow::Cow::into_owned)
        .map_err(|_| Error::parameter("the query", "must be UTF-8"))
}

fn split(joined: &str) -> Vec<String> {
    joined
        .split(',')
        .map(str::trim)
        .filter(|value| !value.is_empty())
        .map(str::to_owned)
        .collect()
}

impl Query {
    pub fn parse(query: &str) -> Result<Self> {
        let mut values: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = decode(value)?;
            if value.contains('\0') {
                return Err(Error::parameter(name, "must not contain a NUL character"));
            }
            values.entry(decode(name)?).or_default().push(value);
        }
        Ok(Self { values })
    }

    /// A parameter that may be sent once.
    pub fn one(&mut self, name: &str) -> Result<Option<String>> {
        let Some(mut values) = self.values.remove(name) else {
            return Ok(None);
        };
        if values.len() > 1 {
            return Err(Error::parameter(name, "may be sent only once"));
        }
        Ok(values.pop())
    }

    /// Text of a length in characters.
    pub fn text(
        &mut self,
        name: &str,
        length: std::ops::RangeInclusive<usize>,
    ) -> Result<Option<String>> {
        let Some(value) = self.one(name)? else {
            return Ok(None);
        };
        if !length.contains(&value.chars().count()) {
            let (from, to) = (length.start(), length.end());
            return Err(Error::parameter(
                name,
                format!("must have {from} to {to} characters"),
            ));
        }
        Ok(Some(value))
    }

    /// A whole number in a range.
    pub fn integer(
        &mut self,
        name: &str,
        range: std::ops::RangeInclusive<i64>,
    ) -> Result<Option<i64>> {
        let Some(value) = self.one(name)? else {
            return Ok(None);
        };
        match value.parse() {
            Ok(number) if range.contains(&number) => Ok(Some(number)),
            _ => {
                let (from, to) = (range.start(), range.end());
                Err(Error::parameter(
                    name,
                    format!("must be a whole number from {from} to {to}"),
                ))
            }
        }
    }

    pub fn boolean(&mut self, name: &str) -> Result<Option<bool>> {
        match self.one(name)?.as_deref() {
            None => Ok(None),
            Some("true") => Ok(Some(true)),
            Some("false") => Ok(Some(false)),
            Some(_) => Err(Error::parameter(name, "must be true or false")),
        }
    }

    /// Words joined by commas (or repeated), in a bounded length of text.
    pub fn words(
        &mut self,
        name: &str,
        length: std::ops::RangeInclusive<usize>,
    ) -> Result<Option<Vec<String>>> {
        let joined = self.values.get(name).map(|values| values.join(","));
        if let Some(joined) = joined {
            self.values.insert(name.to_owned(), vec![joined]);
        }
        let Some(text) = self.text(name, length)? else {
            return Ok(None);
        };
        let words = split(&text);
        Ok((!words.is_empty()).then_some(words))
    }

    /// A list: repeated or joined by commas, at most `most` values in all; empty ones are dropped.
    pub fn list(&mut self, name: &str, most: usize) -> Result<Option<Vec<String>>> {
        let Some(values) = self.values.remove(name) else {
            return Ok(None);
        };
        let list = split(&values.join(","));
        if list.len() > most {
            return Err(Error::parameter(
                name,
                format!("may have at most {most} values"),
            ));
        }
        Ok((!list.is_empty()).then_some(list))
    }

    /// Refuses what nobody asked for: a misspelt filter would otherwise match everything.
    pub fn finish(self) -> Result<()> {
        match self.values.into_keys().next() {
            None => Ok(()),
            Some(name) => Err(Error::parameter(&name, "is not a parameter of this call")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_come_repeated_or_joined() {
        let mut query = Query::parse("a=1&a=2,3&a=").unwrap();
        assert_eq!(query.list("a", 3).unwrap().unwrap(), ["1", "2", "3"]);
        query.finish().unwrap();
    }

    #[test]
    fn unknown_parameters_are_named() {
        let error = Query::parse("limt=5").unwrap().finish().unwrap_err();
        assert!(error.message.contains("limt"));
    }

    #[test]
    fn numbers_are_bounded() {
        let mut query = Query::parse("limit=101").unwrap();
        assert!(query.integer("limit", 1..=100).is_err());
    }
}
