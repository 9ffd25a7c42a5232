//! Time, injected so that tests can set it. Nothing else in the server asks the system's clock.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;

use crate::db::{Cell, FromCell, Value};

/// A moment, in milliseconds since 1970.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }
    pub fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1000))
    }
    pub fn millis(self) -> i64 {
        self.0
    }
    pub fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        let millis = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        Self(self.0.saturating_add(millis))
    }
    #[must_use]
    pub fn minus(self, duration: Duration) -> Self {
        let millis = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        Self(self.0.saturating_sub(millis))
    }

    fn date_time(self) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1_000_000)
            .unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }

    /// `2021-10-30T12:30:35Z`, always 20 characters.
    pub fn rfc3339(self) -> String {
        let format = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");
        self.date_time().format(format).unwrap_or_default()
    }

    /// `2020-01-04T09:05:22.701000Z`, as tokens carry it.
    pub fn rfc3339_micros(self) -> String {
        let format = format_description!(
            "[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:6]Z"
        );
        self.date_time().format(format).unwrap_or_default()
    }

    /// Reads RFC 3339 with any offset.
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        let parsed = OffsetDateTime::parse(text, &Rfc3339).ok()?;
        i64::try_from(parsed.unix_timestamp_nanos() / 1_000_000)
            .ok()
            .map(Self)
    }

    /// Reads `20211030T123035Z`, the form of `X-Sdk-Date`.
    pub fn parse_compact(text: &str) -> Option<Self> {
        let format = format_description!("[year][month][day]T[hour][minute][second]Z");
        let parsed = time::PrimitiveDateTime::parse(text, format).ok()?;
        Some(Self::from_seconds(parsed.assume_utc().unix_timestamp()))
    }

    /// Writes `20211030T123035Z`.
    pub fn compact(self) -> String {
        let format = format_description!("[year][month][day]T[hour][minute][second]Z");
        self.date_time().format(format).unwrap_or_default()
    }
}

impl From<Timestamp> for Value<'_> {
    fn from(time: Timestamp) -> Self {
        Value::Int(time.0)
    }
}
impl From<&Timestamp> for Value<'_> {
    fn from(time: &Timestamp) -> Self {
        Value::Int(time.0)
    }
}
impl FromCell for Timestamp {
    const EXPECTED: &'static str = "a time in milliseconds";
    fn from_cell(cell: Cell) -> Option<Self> {
        i64::from_cell(cell).map(Self)
    }
}

/// Where the time comes from.
#[derive(Debug, Clone, Default)]
pub enum Clock {
    #[default]
    System,
    /// Stands still until a test moves it.
    Fixed(Arc<AtomicI64>),
}

impl Clock {
    pub fn fixed(at: Timestamp) -> Self {
        Self::Fixed(Arc::new(AtomicI64::new(at.0)))
    }

    #[expect(clippy::disallowed_methods, reason = "this is the one place that asks")]
    pub fn now(&self) -> Timestamp {
        match self {
            Clock::System => {
                let since = SystemTime::now()
                    .duration_since(UNIX_EPOCH)
                    .unwrap_or_default();
                Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
            }
            Clock::Fixed(millis) => Timestamp(millis.load(Ordering::SeqCst)),
        }
    }

    /// Moves a fixed clock forward; the system's goes by itself.
    pub fn advance(&self, by: Duration) {
        if let Clock::Fixed(millis) = self {
            let by = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
            millis.fetch_add(by, Ordering::SeqCst);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_read_back_as_written() {
        let time = Timestamp::from_millis(1_635_597_035_701);
        assert_eq!(time.rfc3339(), "2021-10-30T12:30:35Z");
        assert_eq!(time.rfc3339_micros(), "2021-10-30T12:30:35.701000Z");
        assert_eq!(time.compact(), "20211030T123035Z");
        assert_eq!(
            Timestamp::parse_compact(&time.compact()).unwrap().seconds(),
            time.seconds()
        );
        let offset = Timestamp::parse_rfc3339("2021-10-30T14:30:35+02:00").unwrap();
        assert_eq!(offset.seconds(), time.seconds());
    }
}
