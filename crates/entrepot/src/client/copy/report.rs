//! What became of each copy: told as it happens, so that a whole library needs no memory.

use entrepot_api::replication::CopyInfo;
use serde::Serialize;

use crate::client::failure::{Failure, Result};
use crate::client::progress::Progress;
use crate::client::text::{plain, size};
use crate::client::to_json;

/// An asset that the other region has, or is about to have.
#[derive(Debug, Serialize)]
pub struct Copied {
    pub asset_id: String,
    pub asset_name: String,
    pub state: String,
    pub version: i64,
    pub bytes_done: u64,
    /// Of those, bytes that the project had already.
    pub bytes_held: u64,
    /// The other region had this version before.
    pub was_there: bool,
}

impl Copied {
    pub fn of(copy: CopyInfo, was_there: bool) -> Self {
        Self {
            asset_id: copy.asset_id,
            asset_name: copy.asset_name,
            state: copy.state,
            version: copy.version,
            bytes_done: copy.bytes_done,
            bytes_held: copy.bytes_held,
            was_there,
        }
    }

    fn line(&self) -> String {
        let (id, state, name) = (
            plain(&self.asset_id),
            plain(&self.state),
            plain(&self.asset_name),
        );
        let bytes = size(self.bytes_done);
        let more = match (self.was_there, self.bytes_held) {
            (true, _) => "  (was there)".to_owned(),
            (false, 0) => String::new(),
            (false, held) => format!("  ({} held already)", size(held)),
        };
        format!("{id}  {state}  {bytes}  {name}{more}")
    }
}

#[derive(Debug, Serialize)]
pub struct Failed {
    pub asset_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_code: Option<String>,
    pub error: String,
}

impl Failed {
    pub fn of(asset_id: &str, failure: &Failure) -> Self {
        let more = if failure.may_pass() {
            "; the same command goes on from here"
        } else {
            ""
        };
        Self {
            asset_id: plain(asset_id),
            error_code: failure.code().map(str::to_owned),
            error: format!("{failure}{more}"),
        }
    }
}

/// The outcome of a command: `{"copies": […], "failed": […]}`, or lines.
pub struct Report<'a> {
    progress: &'a Progress,
    as_json: bool,
    copied: u64,
    was_there: u64,
    failed: Vec<Failed>,
}

impl<'a> Report<'a> {
    pub fn new(progress: &'a Progress, as_json: bool) -> Self {
        if as_json {
            progress.write("{\"copies\":[");
        }
        Self {
            progress,
            as_json,
            copied: 0,
            was_there: 0,
            failed: Vec::new(),
        }
    }

    pub fn add(&mut self, asset_id: &str, done: Result<Copied>) -> Result<()> {
        let copy = match done {
            Ok(copy) => copy,
            Err(failure) => {
                let failed = Failed::of(asset_id, &failure);
                self.progress
                    .note(&format!("asset {}: {}", failed.asset_id, failed.error));
                self.failed.push(failed);
                return Ok(());
            }
        };
        if self.as_json {
            let comma = if self.count() == 0 { "" } else { "," };
            let text = to_json(&copy)?;
            self.progress.write(&format!("{comma}{text}"));
        } else {
            self.progress.print(&copy.line());
        }
        if copy.was_there {
            self.was_there += 1;
        } else {
            self.copied += 1;
        }
        Ok(())
    }

    fn count(&self) -> u64 {
        self.copied + self.was_there
    }

    /// Ends the JSON, tells the sums, and says whether every copy succeeded. `copied` is the word
    /// for what was done.
    pub fn finish(self, copied: &str) -> Result<()> {
        let failed = self.failed.len();
        if self.as_json {
            let text = to_json(&self.failed)?;
            self.progress.print(&format!("],\"failed\":{text}}}"));
        } else if self.count() + failed as u64 > 1 {
            let (done, there) = (self.copied, self.was_there);
            self.progress.note(&format!(
                "{done} {copied}, {there} already there, {failed} failed"
            ));
            for failed in &self.failed {
                self.progress
                    .note(&format!("  {}: {}", failed.asset_id, failed.error));
            }
        }
        match failed {
            0 => Ok(()),
            1 => Err(Failure::Local(format!("1 asset not {copied}"))),
            failed => Err(Failure::Local(format!("{failed} assets not {copied}"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_tells_what_was_there_and_drives_no_terminal() {
        let copy = |held, was_there| {
            let copy = CopyInfo {
                asset_id: "a1".into(),
                asset_name: "x\u{1b}[2J".into(),
                state: "DONE".into(),
                bytes_done: 2048,
                bytes_held: held,
                ..CopyInfo::default()
            };
            Copied::of(copy, was_there).line()
        };
        assert_eq!(copy(0, false), "a1  DONE  2.00 KiB  x\u{fffd}[2J");
        assert!(copy(1024, false).ends_with("(1.00 KiB held already)"));
        assert!(copy(2048, true).ends_with("(was there)"));
    }

    #[test]
    fn the_status_tells_of_a_failure() {
        let progress = Progress::default();
        let mut report = Report::new(&progress, false);
        let failure = Failure::Job("no".into());
        report.add("a1", Err(failure)).unwrap();
        let failure = report.finish("copied").unwrap_err();
        assert_eq!(failure.to_string(), "1 asset not copied");
        assert_eq!(failure.exit_code(), 1);
    }
}
