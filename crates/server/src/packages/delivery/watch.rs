//! Watches a delivery that is under way while its own holder asks again: two requests that race,
//! or one that goes on after the line broke? What moves is alive; what does not, is stuck.

use std::time::Duration;

use tokio::time::Instant;

use super::Running;
use crate::app::App;
use crate::error::Result;
use crate::packages::model::Archive;
use crate::packages::store;

/// What moves in this time may be the rest of what has ended.
const SETTLE_HERE: Duration = Duration::from_millis(250);
/// The row is renewed once a second, with what was sent before.
const SETTLE_ELSEWHERE: Duration = Duration::from_millis(2250);
const LOOK_HERE: Duration = Duration::from_millis(50);
const LOOK_ELSEWHERE: Duration = Duration::from_millis(150);
/// What has not moved for so long is stuck.
const PATIENCE: Duration = Duration::from_secs(5);
/// An answer is given by then.
const LONGEST: Duration = Duration::from_secs(15);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// It is not under way any more; the row says how it ended.
    Ended,
    Alive,
    Stuck,
}

/// Judges from what is seen at single moments.
struct Watcher {
    settle: Duration,
    first: Option<u64>,
    last: u64,
    moved_at: Duration,
}

impl Watcher {
    fn new(settle: Duration) -> Self {
        Self {
            settle,
            first: None,
            last: 0,
            moved_at: Duration::ZERO,
        }
    }

    /// `finishing`: only acknowledgements are missing, which is worth waiting for.
    fn look(&mut self, elapsed: Duration, progress: u64, finishing: bool) -> Option<Seen> {
        if progress != self.last {
            self.last = progress;
            self.moved_at = elapsed;
        }
        if elapsed < self.settle {
            return None;
        }
        let first = *self.first.get_or_insert(progress);
        if (progress != first && !finishing) || elapsed >= LONGEST {
            return Some(Seen::Alive);
        }
        (elapsed >= self.moved_at + PATIENCE).then_some(Seen::Stuck)
    }
}

/// Watches a delivery of this process.
pub(super) async fn here(running: &Running) -> Seen {
    let begun = Instant::now();
    let mut watcher = Watcher::new(SETTLE_HERE);
    let tracker = &running.tracker;
    loop {
        let looked = watcher.look(
            begun.elapsed(),
            tracker.progress(),
            tracker.is_taken_whole(),
        );
        if let Some(seen) = looked {
            return seen;
        }
        let ended = tokio::time::timeout(LOOK_HERE, running.ended());
        if ended.await.is_ok() {
            return Seen::Ended;
        }
    }
}

/// Watches a delivery of another process by what it writes.
pub(super) async fn elsewhere(app: &App, known: &Archive) -> Result<Seen> {
    let begun = Instant::now();
    let mut watcher = Watcher::new(SETTLE_ELSEWHERE);
    loop {
        tokio::time::sleep(LOOK_ELSEWHERE).await;
        let wanted = known.clone();
        let archive = app
            .db
            .read(async move |tx| store::archives::reread(tx, &wanted).await)
            .await?;
        let same = |archive: &Archive| {
            archive.state == known.state
                && archive.delivery.number == known.delivery.number
                && archive.delivery.until.is_some()
        };
        let Some(archive) = archive.filter(same) else {
            return Ok(Seen::Ended);
        };
        if let Some(seen) = watcher.look(begun.elapsed(), archive.sent_bytes, false) {
            return Ok(seen);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn what_moves_after_it_had_time_to_settle_is_alive() {
        let mut watcher = Watcher::new(ms(250));
        assert_eq!(watcher.look(ms(0), 10, false), None);
        assert_eq!(watcher.look(ms(200), 20, false), None);
        assert_eq!(watcher.look(ms(250), 30, false), None);
        assert_eq!(watcher.look(ms(300), 31, false), Some(Seen::Alive));
    }

    #[test]
    fn what_does_not_move_is_stuck_after_five_seconds() {
        let mut watcher = Watcher::new(ms(250));
        assert_eq!(watcher.look(ms(100), 10, false), None);
        assert_eq!(watcher.look(ms(5099), 10, false), None);
        assert_eq!(watcher.look(ms(5100), 10, false), Some(Seen::Stuck));
    }

    #[test]
    fn acknowledgements_are_waited_for_but_not_for_ever() {
        let mut watcher = Watcher::new(ms(250));
        for second in 0..15 {
            assert_eq!(watcher.look(ms(second * 1000), second, true), None);
        }
        assert_eq!(watcher.look(ms(15_000), 15, true), Some(Seen::Alive));
    }
}
