//! Progress bars on standard error, where it is a terminal; results on standard output.

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::text::{plain, shortened};

const STYLE: &str = "{msg:32!} {prefix:9} [{bar:24}] {binary_bytes:>10}/{binary_total_bytes:<10} {binary_bytes_per_sec:>12} {eta:>4}";

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

    /// A line on standard output, above the bars.
    pub fn print(&self, line: &str) {
        self.bars.suspend(|| println!("{line}"));
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

    pub fn clear(&self) {
        self.0.finish_and_clear();
    }
}
