//! How a file is sent: by one PUT, or in how many parts of which size.

use std::ops::Range;

/// Files above this go in parts.
pub const LARGE: u64 = 100 * MIB;
/// What one PUT may carry.
const MOST_AT_ONCE: u64 = 5 * 1024 * MIB;
/// The parts of a file of up to 3.1 GiB; a cut line costs at most this much again.
const PART: u64 = 32 * MIB;
const MOST_PARTS: u64 = 100;
const MIB: u64 = 1024 * 1024;

/// The size of the parts that a file is sent in; `None` is one PUT of the whole.
///
/// `wanted` makes every file above it go in parts of about that size.
pub fn part_size(size: u64, wanted: Option<u64>) -> Option<u64> {
    let large = wanted.unwrap_or(LARGE).min(MOST_AT_ONCE);
    if size <= large {
        return None;
    }
    let least = size.div_ceil(MOST_PARTS);
    let part = wanted.unwrap_or(PART);
    if part >= least {
        return Some(part);
    }
    Some(least.next_multiple_of(MIB))
}

/// The parts in order.
pub fn parts(size: u64, part_size: u64) -> Vec<Range<u64>> {
    let mut parts = Vec::new();
    let mut start = 0;
    while start < size {
        let end = size.min(start.saturating_add(part_size.max(1)));
        parts.push(start..end);
        start = end;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_files_go_at_once() {
        assert_eq!(part_size(1, None), None);
        assert_eq!(part_size(LARGE, None), None);
        assert_eq!(part_size(LARGE + 1, None), Some(PART));
        assert_eq!(part_size(1000, Some(1000)), None);
        assert_eq!(part_size(1001, Some(1000)), Some(1000));
    }

    #[test]
    fn more_than_five_gib_never_goes_at_once() {
        let size = MOST_AT_ONCE + 1;
        assert_eq!(
            part_size(size, Some(100 * 1024 * MIB)),
            Some(100 * 1024 * MIB)
        );
    }

    #[test]
    fn a_hundred_parts_are_enough_for_every_size() {
        for size in [LARGE + 1, 100 * PART, 100 * PART + 1, 500 * 1024 * MIB] {
            for wanted in [None, Some(1), Some(7 * MIB), Some(1024 * MIB)] {
                let part = part_size(size, wanted).unwrap_or(size);
                let parts = parts(size, part);
                assert!(parts.len() <= 100, "{size} {wanted:?}: {}", parts.len());
                assert_eq!(parts.iter().map(|p| p.end - p.start).sum::<u64>(), size);
            }
        }
    }

    #[test]
    fn parts_join_without_gap_and_none_is_empty() {
        assert_eq!(parts(10, 4), [0..4, 4..8, 8..10]);
        assert_eq!(parts(8, 4), [0..4, 4..8]);
    }
}
