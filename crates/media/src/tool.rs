//! Outside programs (FFmpeg, LibreOffice, Poppler), run inside the walls that the worker has put
//! around itself: they inherit its limits, see its folder and the one file, and nothing else.

use std::ffi::OsStr;
use std::io::{self, ErrorKind, Read};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};
use std::thread::JoinHandle;

use crate::task::{Code, Reason};

/// Where programs are looked for.
pub const PATH: &str = "/usr/local/bin:/usr/bin:/bin";
/// Of what a program complains of, its last bytes are kept.
const COMPLAINT: usize = 4096;
/// Characters of a complaint that are told.
const TOLD: usize = 200;
const BLOCK: usize = 64 * 1024;

/// A program about to run. It gets no input, an environment with nothing but the task's folder as
/// home and place for temporary files, and its output is bounded.
#[derive(Debug)]
pub struct Tool {
    name: String,
    package: &'static str,
    command: Command,
}

impl Tool {
    /// `package` is Debian's, for the sentence that says what to install.
    pub fn new(program: impl AsRef<Path>, package: &'static str) -> Self {
        let program = program.as_ref();
        let mut command = Command::new(program);
        // the worker works in the task's folder
        let home = std::env::current_dir().unwrap_or_default();
        command
            .env_clear()
            .env("PATH", PATH)
            .env("LANG", "C.UTF-8")
            .env("HOME", &home)
            .env("TMPDIR", &home)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let name = program.file_name().unwrap_or_default();
        Self {
            name: name.to_string_lossy().into_owned(),
            package,
            command,
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

    /// Runs to the end and answers what was printed. More than `most` bytes of it, a bad end and a
    /// missing program are reasons; what the program complained of is part of the sentence.
    pub fn run(self, most: usize) -> Result<Vec<u8>, Reason> {
        let name = self.name.clone();
        let mut printed = Vec::new();
        self.stream(|block| {
            if printed.len() + block.len() > most {
                let told = format!("{name} has more to say about the file than is listened to");
                return Err(Reason::new(Code::TooLarge, told));
            }
            printed.extend_from_slice(block);
            Ok(())
        })?;
        Ok(printed)
    }

    /// The same, but hands the output to `take` as it comes, for what is too much to keep. When
    /// `take` refuses, the program is ended.
    pub fn stream(
        mut self,
        mut take: impl FnMut(&[u8]) -> Result<(), Reason>,
    ) -> Result<(), Reason> {
        let mut child = self.command.spawn().map_err(|e| self.not_started(&e))?;
        let complaint = child.stderr.take().map(listen);
        let taken = hand_on(&mut child, &mut take);
        if taken.is_err() {
            // what it still does nobody wants; a program that is gone already is as good
            let _ = child.kill();
        }
        let ended = child.wait();
        let complaint = complaint.and_then(|thread| thread.join().ok());
        taken?;
        match ended {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(self.ended_badly(status, &complaint.unwrap_or_default())),
            Err(error) => Err(self.not_started(&error)),
        }
    }

    fn not_started(&self, error: &io::Error) -> Reason {
        if error.kind() == ErrorKind::NotFound {
            let (name, package) = (&self.name, self.package);
            let told = format!(
                "{name} is not installed on the server (Debian package {package}); install it, then process the asset again"
            );
            return Reason::new(Code::ToolMissing, told);
        }
        Reason::new(
            Code::Crashed,
            format!("{} could not be started: {error}", self.name),
        )
    }

    fn ended_badly(&self, status: ExitStatus, complaint: &[u8]) -> Reason {
        let name = &self.name;
        if let Some(signal) = status.signal() {
            return by_signal(name, signal);
        }
        let said = last_line(complaint);
        if out_of_memory(complaint) {
            let told = format!("{name} needed more memory for the file than it may use");
            return Reason::new(Code::LimitExceeded, told);
        }
        let told = if said.is_empty() {
            format!("{name} can't read the file")
        } else {
            format!("{name} can't read the file: {said}")
        };
        Reason::new(Code::Damaged, told)
    }
}

/// What a deadly signal says about a file: limits of the kernel end processes in these ways.
pub fn by_signal(name: &str, signal: i32) -> Reason {
    match signal {
        libc::SIGXCPU | libc::SIGKILL => Reason::new(
            Code::LimitExceeded,
            format!("{name} needed more time for the file than it may use"),
        ),
        libc::SIGXFSZ => Reason::new(
            Code::LimitExceeded,
            format!("{name} wrote more than it may"),
        ),
        other => Reason::new(
            Code::Crashed,
            format!("{name} crashed on the file (signal {other})"),
        ),
    }
}

pub fn out_of_memory(complaint: &[u8]) -> bool {
    let text = String::from_utf8_lossy(complaint).to_lowercase();
    [
        "memory allocation of",
        "cannot allocate memory",
        "out of memory",
        "bad_alloc",
    ]
    .iter()
    .any(|sign| text.contains(sign))
}

fn hand_on(
    child: &mut Child,
    take: &mut impl FnMut(&[u8]) -> Result<(), Reason>,
) -> Result<(), Reason> {
    let Some(mut output) = child.stdout.take() else {
        return Ok(());
    };
    let mut block = vec![0; BLOCK];
    loop {
        match output.read(&mut block) {
            // an output that breaks off shows in how the program ends
            Ok(0) => return Ok(()),
            Err(error) if error.kind() != ErrorKind::Interrupted => return Ok(()),
            Err(_) => {}
            Ok(n) => take(&block[..n])?,
        }
    }
}

/// Keeps the end of what is complained of, so that the program never waits for a reader.
fn listen(mut complaints: ChildStderr) -> JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut kept = Vec::new();
        let mut block = [0; COMPLAINT];
        while let Ok(n) = complaints.read(&mut block) {
            if n == 0 {
                break;
            }
            kept.extend_from_slice(&block[..n]);
            let spare = kept.len().saturating_sub(COMPLAINT);
            kept.drain(..spare);
        }
        kept
    })
}

/// The last thing said, short, without control characters, addresses in memory and paths.
fn last_line(complaint: &[u8]) -> String {
    let text = String::from_utf8_lossy(complaint);
    let Some(line) = text.lines().rev().find(|line| !line.trim().is_empty()) else {
        return String::new();
    };
    let words = line
        .split_whitespace()
        .filter(|word| !word.contains('/') && !word.contains("0x"));
    let line = words.collect::<Vec<_>>().join(" ");
    line.chars()
        .filter(|c| !c.is_control())
        .take(TOLD)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_program_prints_is_bounded() {
        let shell = |script: &str| Tool::new("sh", "dash").args(["-c", script]);
        assert_eq!(shell("printf hello").run(5).unwrap(), b"hello");
        assert_eq!(
            shell("yes").run(1000).unwrap_err().code,
            Code::TooLarge,
            "a program that never stops is ended"
        );
    }

    #[test]
    fn a_missing_program_is_named_with_its_package() {
        let reason = Tool::new("no-such-program", "its-package")
            .run(1)
            .unwrap_err();
        assert_eq!(reason.code, Code::ToolMissing);
        assert!(reason.message.contains("its-package"));
    }

    #[test]
    fn complaints_are_told_without_paths() {
        let script =
            "echo first >&2; echo 'bad data in /secret/place/x at 0x55ffe here' >&2; exit 3";
        let reason = Tool::new("sh", "dash")
            .args(["-c", script])
            .run(1)
            .unwrap_err();
        assert_eq!(reason.code, Code::Damaged);
        assert_eq!(
            reason.message,
            "sh can't read the file: bad data in at here"
        );
    }

    #[test]
    fn a_program_that_talks_without_end_on_both_sides_does_not_hang() {
        let script = "i=0; while [ $i -lt 3000 ]; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx >&2; i=$((i+1)); done; printf ok";
        assert_eq!(
            Tool::new("sh", "dash").args(["-c", script]).run(2).unwrap(),
            b"ok"
        );
    }

    #[test]
    fn limits_of_the_kernel_are_told_as_such() {
        let reason = Tool::new("sh", "dash")
            .args(["-c", "kill -XCPU $$"])
            .run(1)
            .unwrap_err();
        assert_eq!(reason.code, Code::LimitExceeded);
    }
}
