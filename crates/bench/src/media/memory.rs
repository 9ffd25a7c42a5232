//! Anonymous memory of a server and all its children together, sampled while they work.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::process::{anonymous, children};

const SAMPLE_EVERY: Duration = Duration::from_millis(5);

#[derive(Debug)]
pub struct Sampler {
    peak: Arc<AtomicU64>,
    over: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Sampler {
    pub fn start(pid: u32) -> Self {
        let (peak, over) = (
            Arc::new(AtomicU64::new(0)),
            Arc::new(AtomicBool::new(false)),
        );
        let (seen, ended) = (Arc::clone(&peak), Arc::clone(&over));
        let thread = std::thread::spawn(move || {
            while !ended.load(Ordering::Relaxed) {
                seen.fetch_max(family(pid), Ordering::Relaxed);
                std::thread::sleep(SAMPLE_EVERY);
            }
        });
        Self { peak, over, thread }
    }

    /// Bytes at the highest moment.
    pub fn stop(self) -> u64 {
        self.over.store(true, Ordering::Relaxed);
        let _ = self.thread.join();
        self.peak.load(Ordering::Relaxed)
    }
}

/// With children of children: a worker starts programs of its own.
fn family(pid: u32) -> u64 {
    anonymous(pid) + children(pid).into_iter().map(family).sum::<u64>()
}
