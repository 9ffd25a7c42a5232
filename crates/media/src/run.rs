//! The parent's side: starts a child for a task, hears its steps, ends it at the first limit.
//!
//! The child is the leader of a process group of its own, which it can't leave; whatever ends it,
//! the whole group is killed before its number can be anybody else's. A child that dies without a
//! word is answered for here: every part that was wanted and not told is refused with the reason.

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use rustix::fs::{Mode, OFlags};
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWriteExt, BufReader, Take};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

use crate::task::{Code, Part, Reason, Step, Task};
use crate::tool::{PATH, by_signal, out_of_memory};

/// All that a child may say: fifty pages of text and some lines.
const OUTPUT_MOST: u64 = 4 * 1024 * 1024;
/// Of what it complains of, its first bytes are kept.
const COMPLAINT_MOST: u64 = 4096;

/// How a child is started: a program and what stands before anything else on its command line.
#[derive(Debug, Clone)]
pub struct Program {
    pub path: PathBuf,
    pub args: Vec<OsString>,
}

/// A child at work. Dropping it kills it and all that it started.
#[derive(Debug)]
pub struct Running {
    child: Child,
    /// Open as long as the work is wanted.
    stdin: ChildStdin,
    stdout: BufReader<Take<ChildStdout>>,
    /// What was heard of the next line.
    line: Vec<u8>,
    complaint: JoinHandle<Vec<u8>>,
    deadline: Instant,
    seconds: u64,
    /// Wanted and not told yet.
    open: Vec<Part>,
    pages: u32,
    /// Why nothing more will be told.
    over: Option<Reason>,
}

impl Program {
    /// Starts a child for a task.
    pub async fn start(&self, task: &Task) -> io::Result<Running> {
        let mut child = Command::new(&self.path)
            .args(&self.args)
            // nothing of the server's environment, which may hold secrets
            .env_clear()
            .env("PATH", PATH)
            .env("LANG", "C.UTF-8")
            .process_group(0)
            .kill_on_drop(true)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let piped = || io::Error::other("a pipe of the child is missing");
        let stdin = child.stdin.take().ok_or_else(piped)?;
        let stdout = child.stdout.take().ok_or_else(piped)?;
        let stderr = child.stderr.take().ok_or_else(piped)?;
        let mut running = Running {
            child,
            stdin,
            stdout: BufReader::new(stdout.take(OUTPUT_MOST)),
            line: Vec::new(),
            complaint: tokio::spawn(keep(stderr)),
            deadline: Instant::now() + Duration::from_secs(task.limits.time),
            seconds: task.limits.time,
            open: task.parts(),
            pages: 0,
            over: None,
        };
        let mut line = serde_json::to_vec(task)?;
        line.push(b'\n');
        // a child that is gone already shows in what it says
        let _ = running.stdin.write_all(&line).await;
        Ok(running)
    }
}

impl Running {
    /// The next thing told; `None` after everything that was wanted was told or refused. May be
    /// dropped and called again.
    pub async fn next(&mut self) -> Option<Step> {
        if self.over.is_none() {
            match self.hear().await {
                Ok(step) => {
                    self.tick_off(&step);
                    return Some(step);
                }
                Err(reason) => {
                    self.kill();
                    self.over = Some(reason);
                }
            }
        }
        let reason = self.over.clone()?;
        let part = (!self.open.is_empty()).then(|| self.open.remove(0))?;
        Some(Step::Refused { part, reason })
    }

    /// Ends it if it has not ended, and waits until it is gone.
    pub async fn close(mut self) {
        self.kill();
        let _ = self.child.wait().await;
    }

    async fn hear(&mut self) -> Result<Step, Reason> {
        let line = self.stdout.read_until(b'\n', &mut self.line);
        match timeout_at(self.deadline, line).await {
            Ok(Ok(n)) if n > 0 && self.line.ends_with(b"\n") => {}
            Ok(_) if self.stdout.get_ref().limit() == 0 => {
                return Err(nonsense("said too much"));
            }
            Ok(_) => return Err(self.cause().await),
            Err(_) => return Err(self.too_slow()),
        }
        let step = serde_json::from_slice(&self.line);
        self.line.clear();
        match step {
            Ok(Step::Done) => Err(nonsense("ended without an answer")),
            Ok(step) => Ok(step),
            Err(_) => Err(nonsense("can't be understood")),
        }
    }

    fn tick_off(&mut self, step: &Step) {
        let told = match step {
            Step::Facts(_) => Part::Facts,
            Step::Thumbnail(_) => Part::Thumbnail,
            Step::Cover(_) => Part::Cover,
            Step::Pages { coming } => {
                self.pages = *coming;
                return;
            }
            Step::Page(page) if page.number == self.pages => Part::Pages,
            Step::Page(_) | Step::Done => return,
            Step::Refused { part, .. } => *part,
        };
        self.open.retain(|part| *part != told);
    }

    fn too_slow(&self) -> Reason {
        let seconds = self.seconds;
        Reason::new(
            Code::LimitExceeded,
            format!("looking at the file took longer than {seconds} seconds and was ended"),
        )
    }

    /// Why a child that says nothing more has ended.
    async fn cause(&mut self) -> Reason {
        // one that closed its output and goes on is none that is worth waiting for
        let ended = timeout_at(self.deadline, self.child.wait()).await;
        let complaint = timeout_at(self.deadline, &mut self.complaint).await;
        let complaint = complaint.ok().and_then(Result::ok).unwrap_or_default();
        let Ok(Ok(status)) = ended else {
            return self.too_slow();
        };
        tracing::warn!(
            %status,
            complaint = %String::from_utf8_lossy(&complaint).trim_end(),
            "a media worker ended early"
        );
        if out_of_memory(&complaint) {
            let told = "looking at the file needed more memory than it may use";
            return Reason::new(Code::LimitExceeded, told);
        }
        match status.signal() {
            Some(signal) => by_signal("the media worker", signal),
            None => nonsense("ended without an answer"),
        }
    }

    fn kill(&self) {
        // as long as the child was not waited for, the number of the group is its own
        let id = self.child.id().and_then(|id| i32::try_from(id).ok());
        if let Some(group) = id.and_then(Pid::from_raw) {
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
    }
}

fn nonsense(what: &str) -> Reason {
    Reason::new(
        Code::Crashed,
        format!("the program that looks at files {what}"),
    )
}

async fn keep(mut stderr: impl AsyncRead + Unpin) -> Vec<u8> {
    let mut kept = Vec::new();
    let _ = (&mut stderr)
        .take(COMPLAINT_MOST)
        .read_to_end(&mut kept)
        .await;
    // the rest is drained, so that nobody waits for a reader
    let _ = tokio::io::copy(&mut stderr, &mut tokio::io::sink()).await;
    kept
}

/// Opens what a child has made, if it is a plain file of at most `most` bytes: a hostile one may
/// have put something else there.
pub fn open_output(path: &Path, most: u64) -> io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::open(path, flags, Mode::empty())?);
    let about = file.metadata()?;
    if !about.is_file() || about.len() == 0 || about.len() > most {
        return Err(io::Error::other(
            "what was made is not a file of a fitting size",
        ));
    }
    Ok(file)
}
