//! Times as packages write them: MS-DOS stamps in the zip, RFC 3339 in JSON.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

const SECONDS_A_DAY: i64 = 86_400;

/// A zip entry's time: UTC, to two seconds, within 1980 and 2107.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DosTime {
    pub(crate) date: u16,
    pub(crate) time: u16,
}

impl DosTime {
    /// From seconds since 1970; what lies outside is moved to the nearest time that can be written.
    #[must_use]
    pub fn from_unix(seconds: i64) -> Self {
        let first = Civil {
            year: 1980,
            ..Civil::from_unix(0)
        };
        let last = Civil {
            year: 2107,
            month: 12,
            day: 31,
            hour: 23,
            minute: 59,
            second: 58,
        };
        let civil = Civil::from_unix(seconds);
        let civil = match civil.year {
            ..1980 => first,
            1980..=2107 => civil,
            _ => last,
        };
        let years = u16::try_from(civil.year - 1980).expect("at most 127");
        Self {
            date: years << 9 | u16::from(civil.month) << 5 | u16::from(civil.day),
            time: u16::from(civil.hour) << 11
                | u16::from(civil.minute) << 5
                | u16::from(civil.second / 2),
        }
    }
}

/// A point in time, to the millisecond. In JSON: RFC 3339 in UTC, `2026-03-01T08:09:10.123Z`,
/// without the fraction when that is zero. Years 0 to 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(i64);

impl Moment {
    const FIRST: i64 = -62_167_219_200_000;
    const LAST: i64 = 253_402_300_799_999;

    /// From milliseconds since 1970, moved into the years 0 to 9999.
    #[must_use]
    pub fn from_millis(millis: i64) -> Self {
        Self(millis.clamp(Self::FIRST, Self::LAST))
    }

    #[must_use]
    pub fn millis(self) -> i64 {
        self.0
    }

    #[must_use]
    pub fn unix_seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// Takes UTC only (`Z`), with up to nine digits of a fraction, cut to milliseconds.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let body = text.strip_suffix('Z')?;
        let (whole, fraction) = body.split_once('.').unwrap_or((body, "0"));
        if fraction.is_empty() || fraction.len() > 9 {
            return None;
        }
        let nanos: i64 = digits(&format!("{fraction:0<9}"))?;
        let seconds = Civil::parse(whole)?.unix_seconds();
        Some(Self(seconds * 1000 + nanos / 1_000_000))
    }

    /// `2026-03-01`
    #[must_use]
    pub fn date(self) -> String {
        let civil = Civil::from_unix(self.unix_seconds());
        format!("{:04}-{:02}-{:02}", civil.year, civil.month, civil.day)
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let civil = Civil::from_unix(self.unix_seconds());
        write!(
            f,
            "{}T{:02}:{:02}:{:02}",
            self.date(),
            civil.hour,
            civil.minute,
            civil.second
        )?;
        match self.0.rem_euclid(1000) {
            0 => f.write_str("Z"),
            millis => write!(f, ".{millis:03}Z"),
        }
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text)
            .ok_or_else(|| de::Error::custom("a time is written like 2026-03-01T08:09:10.123Z"))
    }
}

/// A date and time of the Gregorian calendar.
#[derive(Clone, Copy)]
struct Civil {
    year: i64,
    month: u8,
    day: u8,
    hour: u8,
    minute: u8,
    second: u8,
}

impl Civil {
    /// Howard Hinnant's `civil_from_days`, over eras of 400 years that begin in March.
    fn from_unix(seconds: i64) -> Self {
        let (days, of_day) = (
            seconds.div_euclid(SECONDS_A_DAY) + 719_468,
            seconds.rem_euclid(SECONDS_A_DAY),
        );
        let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
        let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let from_march = (5 * of_year + 2) / 153;
        let month = if from_march < 10 {
            from_march + 3
        } else {
            from_march - 9
        };
        Self {
            year: era * 400 + year_of_era + i64::from(month <= 2),
            month: small(month),
            day: small(of_year - (153 * from_march + 2) / 5 + 1),
            hour: small(of_day / 3600),
            minute: small(of_day / 60 % 60),
            second: small(of_day % 60),
        }
    }

    fn unix_seconds(self) -> i64 {
        let year = if self.month <= 2 {
            self.year - 1
        } else {
            self.year
        };
        let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
        let from_march = (i64::from(self.month) + 9) % 12;
        let of_year = (153 * from_march + 2) / 5 + i64::from(self.day) - 1;
        let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
        days * SECONDS_A_DAY
            + i64::from(self.hour) * 3600
            + i64::from(self.minute) * 60
            + i64::from(self.second)
    }

    /// `2026-03-01T08:09:10`
    fn parse(text: &str) -> Option<Self> {
        let marks = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')];
        let bytes = text.as_bytes();
        let shaped = bytes.len() == 19 && marks.iter().all(|&(at, mark)| bytes[at] == mark);
        if !shaped || !text.is_ascii() {
            return None;
        }
        let civil = Self {
            year: digits(&text[..4])?,
            month: digits(&text[5..7])?,
            day: digits(&text[8..10])?,
            hour: digits(&text[11..13])?,
            minute: digits(&text[14..16])?,
            second: digits(&text[17..])?,
        };
        // A date that does not exist comes back as another one.
        let again = Self::from_unix(civil.unix_seconds());
        let same = (
            again.month,
            again.day,
            again.hour,
            again.minute,
            again.second,
        ) == (
            civil.month,
            civil.day,
            civil.hour,
            civil.minute,
            civil.second,
        );
        same.then_some(civil)
    }
}

fn small(value: i64) -> u8 {
    u8::try_from(value).expect("a part of a date is below 100")
}

fn digits<T: std::str::FromStr>(text: &str) -> Option<T> {
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dos_times_stay_within_their_range() {
        let date = |seconds| {
            let stamp = DosTime::from_unix(seconds);
            (
                stamp.date >> 9,
                stamp.date >> 5 & 0xf,
                stamp.date & 0x1f,
                stamp.time,
            )
        };
        assert_eq!(date(0), (0, 1, 1, 0));
        assert_eq!(date(i64::MIN), (0, 1, 1, 0));
        assert_eq!(date(315_532_800), (0, 1, 1, 0));
        assert_eq!(date(4_354_819_199).0, 127);
        assert_eq!(date(i64::MAX), (127, 12, 31, 0xbf7d));
        // 2026-03-01T08:09:10Z
        assert_eq!(date(1_772_352_550), (46, 3, 1, 0x4125));
    }

    #[test]
    fn moments_are_rfc_3339() {
        for (millis, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (1_772_352_550_123, "2026-03-01T08:09:10.123Z"),
            (951_782_400_000, "2000-02-29T00:00:00Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
            (Moment::FIRST, "0000-01-01T00:00:00Z"),
            (Moment::LAST, "9999-12-31T23:59:59.999Z"),
        ] {
            assert_eq!(Moment::from_millis(millis).to_string(), text);
            assert_eq!(Moment::parse(text), Some(Moment(millis)));
        }
        assert_eq!(Moment::parse("1970-01-01T00:00:00.0019Z"), Some(Moment(1)));
        for wrong in [
            "",
            "Z",
            "1970-01-01T00:00:00",
            "1970-01-01 00:00:00Z",
            "1970-02-29T00:00:00Z",
            "1970-13-01T00:00:00Z",
            "1970-01-01T24:00:00Z",
            "1970-01-01T00:00:60Z",
            "1970-01-01T00:00:00+00:00",
            "1970-01-01T00:00:00.Z",
            "1970-01-01T00:00:+1Z",
            "1970-01-01T00:00:00.-1Z",
            "1970-01-01T00:00:é0Z",
        ] {
            assert_eq!(Moment::parse(wrong), None, "{wrong}");
        }
    }
}
