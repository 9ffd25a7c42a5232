//! Which bytes a `Range` header asks for (RFC 9110, section 14).

use std::ops::Range;

use http::{HeaderMap, header};
use http_range_header::{EndPosition, StartPosition, SyntacticallyCorrectRange};

/// More ranges than this in one request are answered with the whole file.
const MAX_RANGES: usize = 50;

/// What to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    Whole,
    /// At least one, in the order asked for.
    Ranges(Vec<Range<u64>>),
    /// Nothing of what is asked for is there.
    Unsatisfiable,
}

/// A header that is not understood, or stale by `If-Range`, asks for the whole.
pub fn wanted(headers: &HeaderMap, etag: &str, size: u64) -> Wanted {
    let Some(text) = headers.get(header::RANGE).and_then(|v| v.to_str().ok()) else {
        return Wanted::Whole;
    };
    if let Some(known) = headers.get(header::IF_RANGE)
        && known.as_bytes() != etag.as_bytes()
    {
        return Wanted::Whole;
    }
    if text == "bytes=-0" {
        return Wanted::Unsatisfiable;
    }
    let Ok(parsed) = http_range_header::parse_range_header(text) else {
        return Wanted::Whole;
    };
    if parsed.ranges.len() > MAX_RANGES || parsed.ranges.iter().any(is_reversed) {
        return Wanted::Whole;
    }
    let ranges: Vec<Range<u64>> = parsed
        .ranges
        .iter()
        .filter_map(|range| satisfiable(range, size))
        .collect();
    if ranges.is_empty() {
        return Wanted::Unsatisfiable;
    }
    // ranges that overlap must not make an answer many times the file
    let total: u64 = ranges.iter().map(|range| range.end - range.start).sum();
    if total > size {
        return Wanted::Whole;
    }
    Wanted::Ranges(ranges)
}

fn is_reversed(range: &SyntacticallyCorrectRange) -> bool {
    match (range.start, range.end) {
        (StartPosition::Index(start), EndPosition::Index(end)) => start > end,
        _ => false,
    }
}

/// The part of a range that the file has.
fn satisfiable(range: &SyntacticallyCorrectRange, size: u64) -> Option<Range<u64>> {
    let start = match range.start {
        StartPosition::Index(start) => start,
        StartPosition::FromLast(length) => size.saturating_sub(length),
    };
    let end = match range.end {
        EndPosition::Index(last) => last.saturating_add(1).min(size),
        EndPosition::LastByte => size,
    };
    (start < end).then_some(start..end)
}

#[cfg(test)]
#[expect(
    clippy::single_range_in_vec_init,
    reason = "a list of one range is meant"
)]
mod tests {
    use super::*;

    fn of(range: &str) -> Wanted {
        let headers = HeaderMap::from_iter([(header::RANGE, range.parse().unwrap())]);
        wanted(&headers, "\"e\"", 100)
    }

    #[test]
    fn ranges_are_cut_to_the_file() {
        assert_eq!(of("bytes=90-200"), Wanted::Ranges(vec![90..100]));
        assert_eq!(of("bytes=-200"), Wanted::Ranges(vec![0..100]));
        assert_eq!(
            of("bytes=5-5, 200-300, -1"),
            Wanted::Ranges(vec![5..6, 99..100])
        );
    }

    #[test]
    fn what_is_not_there_is_told_from_what_is_not_understood() {
        assert_eq!(of("bytes=100-"), Wanted::Unsatisfiable);
        assert_eq!(of("bytes=-0"), Wanted::Unsatisfiable);
        assert_eq!(of("bytes=9-5"), Wanted::Whole);
        assert_eq!(of("lines=1-2"), Wanted::Whole);
    }

    #[test]
    fn overlapping_ranges_do_not_multiply_the_file() {
        assert_eq!(of("bytes=0-, 0-"), Wanted::Whole);
    }
}
