//! A child process: its memory is watched while it lives, and it is gone when dropped.

use std::net::{SocketAddr, TcpListener};
use std::process::{Child, Command};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

use crate::interrupt;

const SAMPLE_EVERY: Duration = Duration::from_millis(20);
const STOP_TIME: Duration = Duration::from_secs(15);
/// What `/proc/PID/stat` counts in, on every Linux.
const TICKS_PER_SECOND: f64 = 100.0;

#[derive(Debug)]
pub struct Process {
    child: Child,
    /// Not the child itself where that is a tracer.
    pid: u32,
    watch: Arc<Watch>,
}

#[derive(Debug, Default)]
struct Watch {
    peak: AtomicU64,
    over: AtomicBool,
}

impl Process {
    pub fn spawn(command: &mut Command) -> anyhow::Result<Self> {
        let name = command.get_program().to_string_lossy().into_owned();
        let child = command
            .spawn()
            .with_context(|| format!("starting {name}"))?;
        let pid = child.id();
        interrupt::started(pid);
        Ok(Self {
            child,
            pid,
            watch: Arc::default(),
        })
    }

    /// Begins to sample anonymous memory.
    pub fn watch(&self) {
        let (watch, pid) = (Arc::clone(&self.watch), self.pid);
        std::thread::spawn(move || {
            while !watch.over.load(Ordering::Relaxed) {
                watch.peak.fetch_max(anonymous(pid), Ordering::Relaxed);
                std::thread::sleep(SAMPLE_EVERY);
            }
        });
    }

    /// The process that a tracer has started.
    pub fn traced(&mut self) -> anyhow::Result<()> {
        let children = children(self.pid);
        self.pid = *children.first().context("the tracer has no child")?;
        interrupt::started(self.pid);
        Ok(())
    }

    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Bytes of anonymous memory, now.
    pub fn anonymous(&self) -> u64 {
        anonymous(self.pid)
    }

    pub fn peak(&self) -> u64 {
        self.watch.peak.load(Ordering::Relaxed)
    }

    /// CPU seconds so far, of the process and its children.
    pub fn cpu(&self) -> f64 {
        cpu(self.pid) + children(self.pid).into_iter().map(cpu).sum::<f64>()
    }

    pub fn check_alive(&mut self) -> anyhow::Result<()> {
        match self.child.try_wait()? {
            Some(status) => bail!("it ended early: {status}"),
            None => Ok(()),
        }
    }

    /// Asks it to stop and waits.
    pub fn stop(&mut self) {
        self.watch.over.store(true, Ordering::Relaxed);
        let pid = self.pid.to_string();
        let _ = Command::new("kill").args(["-TERM", &pid]).status();
        let until = Instant::now() + STOP_TIME;
        while Instant::now() < until {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.stop();
        }
        self.watch.over.store(true, Ordering::Relaxed);
        interrupt::ended(self.pid);
        interrupt::ended(self.child.id());
    }
}

pub fn anonymous(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("RssAnon:"));
    let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kib.unwrap_or(0) * 1024
}

/// Whichever of its threads has started them.
pub fn children(pid: u32) -> Vec<u32> {
    let threads = std::fs::read_dir(format!("/proc/{pid}/task"));
    let threads = threads.into_iter().flatten().flatten();
    let lists = threads
        .map(|thread| std::fs::read_to_string(thread.path().join("children")).unwrap_or_default());
    lists
        .flat_map(|list| {
            let pids = list.split_whitespace().filter_map(|pid| pid.parse().ok());
            pids.collect::<Vec<u32>>()
        })
        .collect()
}

fn cpu(pid: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // the name, in parentheses, may hold spaces; user and system time are the 12th and 13th after it
    let after = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks: f64 = after
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|ticks| ticks.parse::<f64>().ok())
        .sum();
    ticks / TICKS_PER_SECOND
}

/// An address on this machine that nothing listens on.
pub fn free_address() -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").context("a free port")?;
    Ok(listener.local_addr()?)
}
