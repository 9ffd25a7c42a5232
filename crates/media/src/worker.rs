//! The child's side: takes a task, locks itself in, looks at the file, tells each result.

use std::io::Write;
use std::process::ExitCode;

use crate::input::Input;
use crate::kind::Kind;
use crate::task::{Part, Reason, Step, Task};

/// A task under way.
#[derive(Debug)]
pub struct Work {
    pub task: Task,
    pub input: Input,
    pub kind: Kind,
}

impl Work {
    /// Tells a result to the parent; when nobody listens any more, there is nobody to work for.
    pub fn tell(&self, step: &Step) {
        tell(step);
    }

    /// Tells that a part will not come.
    pub fn refuse(&self, part: Part, reason: Reason) {
        tell(&Step::Refused { part, reason });
    }

    /// Tells a result, or why there is none.
    pub fn tell_or_refuse(&self, part: Part, result: Result<Step, Reason>) {
        match result {
            Ok(step) => self.tell(&step),
            Err(reason) => self.refuse(part, reason),
        }
    }

    /// Whether the task asks for a part.
    pub fn wants(&self, part: Part) -> bool {
        match part {
            Part::Facts => self.task.facts,
            Part::Thumbnail => self.task.thumbnail,
            Part::Cover => self.task.cover,
            Part::Pages => self.task.pages,
        }
    }
}

fn tell(step: &Step) {
    let mut line = serde_json::to_vec(step).unwrap_or_default();
    line.push(b'\n');
    if std::io::stdout().lock().write_all(&line).is_err() {
        std::process::exit(1);
    }
}

/// What `entrepot media-worker` runs: one task from standard input, steps to standard output.
pub fn main() -> ExitCode {
    ExitCode::FAILURE
}
