//! The child's side: takes a task, locks itself in, looks at the file, tells each result.

use std::io::{BufRead, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use rustix::process::{Signal, getpgrp, kill_process_group};

use crate::input::Input;
use crate::kind::Kind;
use crate::task::{Code, Family, Part, Reason, Step, Task};
use crate::{deck, film, isolation, kind, picture, sound};

/// A task is a few hundred bytes, and a path for each piece of the input.
const TASK_MOST: u64 = 1024 * 1024;

/// A task under way.
#[derive(Debug)]
pub struct Work {
    pub task: Task,
    pub input: Input,
    pub kind: Kind,
}

impl Work {
    /// Tells a result to the parent; when nobody listens any more, there is nobody to work for.
    #[expect(clippy::unused_self, reason = "what is told belongs to the work")]
    pub fn tell(&self, step: &Step) {
        tell(step);
    }

    /// Tells that a part will not come.
    #[expect(clippy::unused_self, reason = "what is told belongs to the work")]
    pub fn refuse(&self, part: Part, reason: Reason) {
        tell(&Step::Refused { part, reason });
    }

    /// Tells that nothing of what is wanted will come.
    pub fn refuse_all(&self, reason: &Reason) {
        for part in self.task.parts() {
            self.refuse(part, reason.clone());
        }
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
        self.task.wants(part)
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
    let task = match read_task() {
        Ok(task) => task,
        Err(error) => return give_up(&format!("the task is not understood: {error}")),
    };
    // before anything of the file is looked at, and before there is a second thread
    if let Err(error) = isolation::lock_in(&task) {
        return give_up(&format!("no isolation, so nothing is looked at: {error}"));
    }
    if let Err(error) = std::env::set_current_dir(&task.folder) {
        return give_up(&format!("the folder can't be used: {error}"));
    }
    end_with_the_parent();
    let wanted = task.parts();
    let worked = catch_unwind(AssertUnwindSafe(|| work(task)));
    let refused = match worked {
        Ok(Ok(())) => None,
        Ok(Err(reason)) => Some(reason),
        Err(_) => Some(Reason::new(Code::Crashed, "the file could not be handled")),
    };
    if let Some(reason) = refused {
        for part in wanted {
            let reason = reason.clone();
            tell(&Step::Refused { part, reason });
        }
    }
    tell(&Step::Done);
    ExitCode::SUCCESS
}

fn give_up(why: &str) -> ExitCode {
    eprintln!("{why}");
    ExitCode::FAILURE
}

fn read_task() -> std::io::Result<Task> {
    let mut line = Vec::new();
    let mut stdin = std::io::stdin().lock();
    stdin
        .by_ref()
        .take(TASK_MOST)
        .read_until(b'\n', &mut line)?;
    Ok(serde_json::from_slice(&line)?)
}

/// The parent keeps standard input open as long as it wants the work. When it is gone, even by
/// kill -9, everything that was started here goes with it.
fn end_with_the_parent() {
    std::thread::spawn(|| {
        let mut stdin = std::io::stdin().lock();
        // nothing more is ever sent; what matters is the end
        let _ = std::io::copy(&mut stdin, &mut std::io::sink());
        let _ = kill_process_group(getpgrp(), Signal::KILL);
        std::process::exit(1);
    });
}

fn work(task: Task) -> Result<(), Reason> {
    let input = Input::open(&task.input)
        .map_err(|e| Reason::new(Code::Crashed, format!("the file can't be opened: {e}")))?;
    let kind = kind::of(&input)?;
    let family = task.family;
    if !may_be(kind, family) {
        return Err(mismatch(family));
    }
    let work = Work { task, input, kind };
    match family {
        Family::Picture => picture::tell(&work),
        Family::Film => film::tell(&work),
        Family::Sound => sound::tell(&work),
        Family::Deck => deck::tell(&work),
    }
    Ok(())
}

/// Of a container, the streams decide whether it is a film or sound.
fn may_be(kind: Kind, family: Family) -> bool {
    match kind {
        Kind::Stream(_) => matches!(family, Family::Film | Family::Sound),
        other => other.family() == Some(family),
    }
}

fn mismatch(family: Family) -> Reason {
    let what = match family {
        Family::Picture => "a picture",
        Family::Film => "a video",
        Family::Sound => "sound",
        Family::Deck => "slides or a PDF",
    };
    Reason::new(
        Code::FormatMismatch,
        format!("the asset's type says that the file is {what}, but its content is something else"),
    )
}
