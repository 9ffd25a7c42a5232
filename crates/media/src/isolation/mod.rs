//! The walls: limits of the kernel on processor time, memory and files; no network; no files but
//! the task's own. What a process has put around itself, all that it starts inherits.
//!
//! It is put up by the child itself, first thing, in its only thread. Limits and the filter of
//! system calls are a must: without them nothing is looked at. Landlock is used as far as the kernel
//! has it; before Linux 5.13 a program could still read what the server's user can.

mod calls;
mod files;
mod limits;

use crate::task::Task;

/// Locks the process in. The error is for the log.
pub fn lock_in(task: &Task) -> Result<(), String> {
    limits::set(&task.limits).map_err(|e| format!("limits: {e}"))?;
    files::restrict(task).map_err(|e| format!("Landlock: {e}"))?;
    calls::restrict().map_err(|e| format!("seccomp: {e}"))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write;
    use std::net::{TcpStream, UdpSocket};
    use std::os::unix::process::ExitStatusExt;
    use std::path::{Path, PathBuf};
    use std::process::{Command, ExitStatus};

    use super::*;
    use crate::task::{Family, Limits};

    const FOLDER: &str = "ENTREPOT_TEST_FOLDER";
    const MIB: u64 = 1024 * 1024;

    fn task(folder: &Path) -> Task {
        Task {
            family: Family::Picture,
            input: vec![folder.with_extension("input")],
            size: 5,
            folder: folder.to_owned(),
            facts: true,
            thumbnail: false,
            cover: false,
            pages: false,
            limits: Limits {
                memory: 64 * MIB,
                cpu: 1,
                time: 10,
                file: MIB,
                pixels: 1,
            },
        }
    }

    /// Runs one of the tests below that are marked as ignored, in a process of its own.
    fn inside(name: &str) -> (ExitStatus, String) {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("task");
        fs::create_dir(&folder).unwrap();
        fs::write(folder.with_extension("input"), "bytes").unwrap();
        fs::write(place.path().join("secret"), "secret").unwrap();
        let test = format!("isolation::tests::{name}");
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", &test, "--ignored", "--nocapture"])
            .env(FOLDER, &folder)
            .env("SECRET_OF_THE_PARENT", "x")
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let complained = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status, said + &complained)
    }

    /// The folder, with the walls up.
    fn locked_in() -> PathBuf {
        let folder = PathBuf::from(std::env::var_os(FOLDER).unwrap());
        lock_in(&task(&folder)).unwrap();
        folder
    }

    fn succeeds(program: &str, args: &[&str]) -> bool {
        let mut command = Command::new(program);
        command.args(args).output().unwrap().status.success()
    }

    #[test]
    fn only_the_task_is_there() {
        let (status, said) = inside("sees_only_the_task");
        assert!(status.success(), "{said}");
    }

    #[test]
    #[ignore = "runs behind the walls, started by another test"]
    fn sees_only_the_task() {
        let folder = locked_in();
        assert_eq!(fs::read(folder.with_extension("input")).unwrap(), b"bytes");
        assert!(fs::write(folder.with_extension("input"), "changed").is_err());
        assert!(fs::read(folder.with_file_name("secret")).is_err());
        assert!(fs::read_dir(folder.parent().unwrap()).is_err());
        assert!(fs::read("/etc/passwd").is_err());
        let parent = rustix::process::getppid().unwrap().as_raw_nonzero();
        assert!(fs::read(format!("/proc/{parent}/environ")).is_err());
        fs::write(folder.join("result"), "mine").unwrap();
        assert!(fs::write(folder.with_file_name("other"), "x").is_err());
        assert!(std::os::unix::fs::symlink("/etc/passwd", folder.join("link")).is_err());
        // and so for what it starts
        assert!(succeeds("sh", &["-c", "exit 0"]));
        assert!(!succeeds("cat", &["/etc/passwd"]));
        assert!(!succeeds("cat", &[&format!("/proc/{parent}/environ")]));
    }

    #[test]
    fn there_is_no_network_and_no_way_out_of_the_group() {
        let (status, said) = inside("has_no_network");
        assert!(status.success(), "{said}");
    }

    #[test]
    #[ignore = "runs behind the walls, started by another test"]
    fn has_no_network() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        TcpStream::connect(address).unwrap();
        locked_in();
        assert!(TcpStream::connect(address).is_err());
        assert!(UdpSocket::bind("127.0.0.1:0").is_err());
        assert!(std::os::unix::net::UnixStream::pair().is_ok());
        assert!(!succeeds("setsid", &["--fork", "--wait", "true"]));
        assert!(!succeeds("unshare", &["--user", "true"]));
    }

    #[test]
    fn time_memory_and_files_are_bounded() {
        let (status, said) = inside("spins");
        assert_eq!(status.signal(), Some(libc::SIGKILL), "{said}");
        let (status, said) = inside("takes_memory");
        assert!(status.success(), "{said}");
        let (status, said) = inside("writes_much");
        assert_eq!(status.signal(), Some(libc::SIGXFSZ), "{said}");
    }

    #[test]
    #[ignore = "runs behind the walls, started by another test"]
    fn spins() {
        locked_in();
        loop {
            std::hint::spin_loop();
        }
    }

    #[test]
    #[ignore = "runs behind the walls, started by another test"]
    fn takes_memory() {
        locked_in();
        assert!(Vec::<u8>::new().try_reserve_exact(32 << 20).is_ok());
        assert!(Vec::<u8>::new().try_reserve_exact(65 << 20).is_err());
    }

    #[test]
    #[ignore = "runs behind the walls, started by another test"]
    fn writes_much() {
        let folder = locked_in();
        let mut file = fs::File::create(folder.join("result")).unwrap();
        for _ in 0..3 {
            let _ = file.write_all(&vec![1; 1 << 20]);
        }
    }
}
