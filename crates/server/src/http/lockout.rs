//! Locks an access key for a source address after failures in a row, so that a signature can't be
//! guessed, and so that a stranger can't lock the key for its owner, who calls from elsewhere.

use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use moka::sync::Cache;

const FAILURES: u32 = 5;
const LOCKED_FOR: Duration = Duration::from_mins(5);
/// Bounds the memory that strangers can fill.
const REMEMBERED: u64 = 100_000;

#[derive(Debug)]
pub struct Lockout {
    /// Most servers never see a failure: then there is nothing to look up or forget.
    used: AtomicBool,
    failures: Cache<(String, Option<IpAddr>), u32>,
}

impl Default for Lockout {
    fn default() -> Self {
        Self {
            used: AtomicBool::new(false),
            failures: Cache::builder()
                .max_capacity(REMEMBERED)
                .time_to_live(LOCKED_FOR)
                .build(),
        }
    }
}

impl Lockout {
    pub fn is_locked(&self, access_key: &str, from: Option<IpAddr>) -> bool {
        self.used.load(Ordering::Relaxed)
            && self
                .failures
                .get(&(access_key.to_owned(), from))
                .is_some_and(|n| n >= FAILURES)
    }

    pub fn failed(&self, access_key: &str, from: Option<IpAddr>) {
        self.used.store(true, Ordering::Relaxed);
        self.failures
            .entry((access_key.to_owned(), from))
            .and_upsert_with(|n| n.map_or(1, |n| n.into_value().saturating_add(1)));
    }

    pub fn succeeded(&self, access_key: &str, from: Option<IpAddr>) {
        if self.used.load(Ordering::Relaxed) {
            self.failures.invalidate(&(access_key.to_owned(), from));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_failures_in_a_row_lock_only_that_address() {
        let lockout = Lockout::default();
        let (here, there) = ("10.0.0.1".parse().ok(), "10.0.0.2".parse().ok());
        for _ in 0..4 {
            lockout.failed("ak", here);
        }
        assert!(!lockout.is_locked("ak", here));
        lockout.failed("ak", here);
        assert!(lockout.is_locked("ak", here));
        assert!(!lockout.is_locked("ak", there));
    }

    #[test]
    fn a_success_starts_the_count_again() {
        let lockout = Lockout::default();
        for _ in 0..4 {
            lockout.failed("ak", None);
        }
        lockout.succeeded("ak", None);
        lockout.failed("ak", None);
        assert!(!lockout.is_locked("ak", None));
    }
}
