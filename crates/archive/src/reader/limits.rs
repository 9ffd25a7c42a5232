//! How much an archive may hold, and where a reader goes on.

use super::Mark;

/// Bounds on an archive. All sizes in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Folders count.
    pub max_entries: u64,
    /// Of one entry, inflated.
    pub max_entry_size: u64,
    /// Of all entries together, inflated.
    pub max_total_size: u64,
    /// Of one deflated entry, inflated.
    pub max_inflated_size: u64,
    /// How many times its size in the archive an entry may inflate to, once that is over 1 MiB.
    pub max_ratio: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_entries: 1_000_000,
            max_entry_size: u64::MAX,
            max_total_size: u64::MAX,
            max_inflated_size: 1 << 30,
            max_ratio: 200,
        }
    }
}

/// Where a reader goes on: an entry has just ended.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Checkpoint {
    /// The `next_offset` of the last entry or folder; 0 is the archive's begin.
    pub offset: u64,
    /// The sizes of all entries before it.
    pub total_size: u64,
    /// The marks of all entries and folders before it, in the archive's order.
    pub marks: Vec<Mark>,
}
