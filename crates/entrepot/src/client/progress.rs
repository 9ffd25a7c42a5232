//! Progress bars on standard error, where it is a terminal; results on standard output.

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::text::{plain, shortened};

const STYLE: &str = "{msg:32!} {prefix:9} [{bar:24}] {binary_bytes:>10}/{binary_total_bytes:<10} {binary_bytes_per_sec:>12} {eta:>4}";

const WATCHED: &str = "{msg:32!} [{bar:24}] {binary_bytes:>10}/{binary_total_bytes:<10} {prefix}";

const SHARE: &str = "{msg:32!} [{bar:24}] {percent:>3} %";
/// Steps of a bar that has no bytes to count.
const STEPS: u64 = 1000;

/// The bars of one command. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Progress {
    bars: MultiProgress,
}

impl Progress {
    /// A bar that is gone once its last handle is.
    pub fn bar(&self, name: &str) -> Bar {
        let bar = ProgressBar::no_length().with_message(shortened(&plain(name), 32));
        if let Ok(style) = ProgressStyle::with_template(STYLE) {
            bar.set_style(style.progress_chars("=> "));
        }
        Bar(self.bars.add(bar))
    }

    /// A bar of work that goes on elsewhere.
    pub fn watched(&self, name: &str) -> Bar {
        let bar = ProgressBar::no_length().with_message(shortened(&plain(name), 32));
        if let Ok(style) = ProgressStyle::with_template(WATCHED) {
            bar.set_style(style.progress_chars("=> "));
        }
        Bar(self.bars.add(bar))
    }

    /// A bar of work that is told as a share of the whole.
    pub fn share(&self, name: &str) -> Bar {
        let bar = ProgressBar::new(STEPS).with_message(shortened(&plain(name), 32));
        if let Ok(style) = ProgressStyle::with_template(SHARE) {
            bar.set_style(style.progress_chars("=> "));
        }
        Bar(self.bars.add(bar))
    }

    /// A line on standard output, above the bars.
    pub fn print(&self, line: &str) {
        self.bars.suspend(|| println!("{line}"));
    }

    /// A piece of a line on standard output.
    pub fn write(&self, text: &str) {
        self.bars.suspend(|| print!("{text}"));
    }

    /// A line on standard error, above the bars.
    pub fn note(&self, line: &str) {
        self.bars.suspend(|| eprintln!("{line}"));
    }
}

/// How far one file is. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Bar(ProgressBar);

impl Bar {
    /// Begins a stage of `total` bytes.
    pub fn stage(&self, name: &'static str, total: u64) {
        self.0.set_prefix(name);
        self.0.set_length(total);
        self.0.set_position(0);
        self.0.reset_eta();
    }

    /// Of a bar made by [`Progress::watched`]; `total` is 0 where it is not known yet.
    pub fn tell(&self, state: String, bytes: u64, total: u64) {
        if total > 0 {
            self.0.set_length(total);
        } else {
            self.0.unset_length();
        }
        self.0.set_prefix(state);
        self.0.set_position(bytes);
    }

    pub fn advance(&self, bytes: u64) {
        self.0.inc(bytes);
    }

    /// What was counted did not arrive after all.
    pub fn retreat(&self, bytes: u64) {
        self.0.dec(bytes);
    }

    pub fn set(&self, bytes: u64) {
        self.0.set_position(bytes);
    }

    /// Of a bar made by [`Progress::share`]; 0 to 1.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a share between 0 and 1, in thousandths"
    )]
    pub fn set_share(&self, share: f64) {
        let steps = (share.clamp(0.0, 1.0) * STEPS as f64) as u64;
        self.0.set_position(steps);
    }

    pub fn clear(&self) {
        self.0.finish_and_clear();
    }
}
