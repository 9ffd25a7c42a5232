//! Runs the command that prints the master key.

use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::AsyncReadExt;
use tokio::process::{Child, Command};
use zeroize::Zeroizing;

const LIMIT: Duration = Duration::from_secs(30);
/// A key in base64 has 44 characters.
const MAX_OUTPUT: u64 = 1024;

/// What the command prints; its own complaints go where those of the server go.
pub async fn output(line: &str) -> Result<Zeroizing<String>, String> {
    output_within(line, LIMIT).await
}

async fn output_within(line: &str, limit: Duration) -> Result<Zeroizing<String>, String> {
    let mut child = Command::new("sh")
        .args(["-c", line])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| format!("it can't be run: {error}"))?;
    let mut group = Group(child.id());
    let done = tokio::time::timeout(limit, finish(&mut child)).await;
    // none where it has ended: its number may be another's by now
    group.0 = child.id();
    done.map_err(|_| format!("it did not end within {} s", limit.as_secs()))?
}

async fn finish(child: &mut Child) -> Result<Zeroizing<String>, String> {
    let failed = |error: std::io::Error| format!("its output can't be read: {error}");
    let mut text = Zeroizing::new(String::new());
    if let Some(stdout) = child.stdout.take() {
        let mut stdout = stdout.take(MAX_OUTPUT + 1);
        stdout.read_to_string(&mut text).await.map_err(failed)?;
    }
    if text.len() as u64 > MAX_OUTPUT {
        return Err(format!("it prints more than {MAX_OUTPUT} bytes"));
    }
    let status = child.wait().await.map_err(failed)?;
    if !status.success() {
        return Err(format!("it failed: {status}"));
    }
    Ok(text)
}

/// Ends a command that is cut short, with all that it has started.
struct Group(Option<u32>);

impl Drop for Group {
    fn drop(&mut self) {
        let pid = self.0.and_then(|id| i32::try_from(id).ok());
        if let Some(pid) = pid.and_then(Pid::from_raw) {
            // an error says that it has ended
            let _ = kill_process_group(pid, Signal::KILL);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn run(line: &str, seconds: u64) -> Result<String, String> {
        let output = output_within(line, Duration::from_secs(seconds)).await?;
        Ok(output.as_str().to_owned())
    }

    #[tokio::test]
    async fn answers_what_is_printed_or_why_not() {
        assert_eq!(run("echo a key", 60).await.unwrap(), "a key\n");
        let failed = run("echo half; exit 3", 60).await.unwrap_err();
        assert_eq!(failed, "it failed: exit status: 3");
        let long = run("yes", 60).await.unwrap_err();
        assert_eq!(long, "it prints more than 1024 bytes");
        let slow = run("sleep 60 & sleep 60", 1).await.unwrap_err();
        assert_eq!(slow, "it did not end within 1 s");
    }
}
