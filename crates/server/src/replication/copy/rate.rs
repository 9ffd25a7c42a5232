//! How fast copies may fetch, all together.

use std::num::NonZeroU32;

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};

/// KiB that may come at once, at most.
const BURST: u32 = 1024;

/// Counts in KiB.
#[derive(Debug)]
pub struct Rate(Option<(DefaultDirectRateLimiter, NonZeroU32)>);

impl Rate {
    /// 0 sets no limit.
    pub fn new(mib_per_second: u32) -> Self {
        let kib = NonZeroU32::new(mib_per_second.saturating_mul(1024));
        Self(kib.map(|kib| {
            let burst = NonZeroU32::new(BURST).map_or(kib, |burst| burst.min(kib));
            let quota = Quota::per_second(kib).allow_burst(burst);
            (RateLimiter::direct(quota), burst)
        }))
    }

    /// Waits until so many bytes may come.
    pub async fn take(&self, bytes: usize) {
        let Some((limiter, burst)) = &self.0 else {
            return;
        };
        let mut rest = u32::try_from(bytes.div_ceil(1024)).unwrap_or(u32::MAX);
        while let Some(some) = NonZeroU32::new(rest.min(burst.get())) {
            // never more than the burst, which is all that it could refuse
            let _ = limiter.until_n_ready(some).await;
            rest -= some.get();
        }
    }
}
