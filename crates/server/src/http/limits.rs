//! What one key, or one token's user, may ask for: requests a second, and requests at a time. Off
//! unless it is set.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use axum::response::Response;
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use hyper::body::{Body as HttpBody, Frame, SizeHint};

use crate::config::Config;
use crate::error::{Error, ErrorCode, Result};

/// Keys that were quiet are forgotten once so many are known.
const REMEMBERED: usize = 10_000;

/// Requests under way, by key.
type Counts = Arc<Mutex<HashMap<String, u32>>>;

#[derive(Debug)]
pub struct Limits {
    rate: Option<(u32, DefaultKeyedRateLimiter<String>)>,
    in_flight: Option<(u32, Counts)>,
}

impl Limits {
    pub fn new(config: &Config) -> Self {
        let per_second = config.key_requests_per_second;
        let rate = NonZeroU32::new(per_second)
            .map(|n| (per_second, RateLimiter::keyed(Quota::per_second(n))));
        let most = config.key_requests_in_flight;
        Self {
            rate,
            in_flight: (most > 0).then(|| (most, Arc::default())),
        }
    }

    /// Counts a request of `key`; what comes back is given up when its answer is through.
    pub fn admit(&self, key: impl FnOnce() -> String) -> Result<Option<InFlight>> {
        if self.rate.is_none() && self.in_flight.is_none() {
            return Ok(None);
        }
        let key = key();
        if let Some((per_second, rate)) = &self.rate {
            if rate.len() > REMEMBERED {
                rate.retain_recent();
            }
            if rate.check_key(&key).is_err() {
                return Err(throttled(&format!("limit:{per_second},time:1 second")));
            }
        }
        let Some((most, counts)) = &self.in_flight else {
            return Ok(None);
        };
        let mut locked = lock(counts);
        let count = locked.entry(key.clone()).or_default();
        if *count >= *most {
            return Err(throttled(&format!("limit:{most} at a time")));
        }
        *count += 1;
        drop(locked);
        Ok(Some(InFlight {
            counts: Arc::clone(counts),
            key,
        }))
    }
}

fn lock(counts: &Mutex<HashMap<String, u32>>) -> MutexGuard<'_, HashMap<String, u32>> {
    counts.lock().unwrap_or_else(PoisonError::into_inner)
}

fn throttled(limit: &str) -> Error {
    Error::new(
        ErrorCode::Throttled,
        format!("The throttling threshold has been reached: policy user over ratelimit,{limit}"),
    )
}

/// One request of a key under way.
#[derive(Debug)]
pub struct InFlight {
    counts: Counts,
    key: String,
}

impl Drop for InFlight {
    fn drop(&mut self) {
        let mut counts = lock(&self.counts);
        if let Some(count) = counts.get_mut(&self.key) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.key);
            }
        }
    }
}

/// A request is under way until the last byte of its answer was taken.
pub fn hold(response: Response, held: Option<InFlight>) -> Response {
    match held {
        None => response,
        Some(held) => response.map(|body| Body::new(Held { body, _held: held })),
    }
}

struct Held {
    body: Body,
    _held: InFlight,
}

impl HttpBody for Held {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(per_second: u32, in_flight: u32) -> Limits {
        Limits::new(&Config {
            key_requests_per_second: per_second,
            key_requests_in_flight: in_flight,
            ..Config::default()
        })
    }

    #[test]
    fn nothing_is_limited_unless_it_is_set() {
        let limits = limits(0, 0);
        assert!((0..1000).all(|_| limits.admit(|| "a".into()).is_ok_and(|held| held.is_none())));
    }

    #[test]
    fn one_key_s_requests_do_not_count_for_another() {
        let limits = limits(2, 0);
        let ask = |key: &str| limits.admit(|| key.to_owned()).is_ok();
        assert!(ask("a") && ask("a") && !ask("a"));
        assert!(ask("b"));
    }

    #[test]
    fn a_request_that_is_through_makes_room() {
        let limits = limits(0, 2);
        let ask = || limits.admit(|| "a".to_owned());
        let (one, _two) = (ask().unwrap(), ask().unwrap());
        assert_eq!(ask().unwrap_err().code, ErrorCode::Throttled);
        drop(one);
        assert!(ask().is_ok());
    }
}
