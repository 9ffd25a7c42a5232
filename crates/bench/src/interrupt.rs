//! An end from outside: the processes started are stopped and the temporary folder goes.

use std::path::PathBuf;
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use tokio::signal::unix::{SignalKind, signal};

static STARTED: Mutex<Vec<u32>> = Mutex::new(Vec::new());

/// A process that must not outlive this one.
pub fn started(pid: u32) {
    let mut started = STARTED.lock().unwrap_or_else(PoisonError::into_inner);
    started.push(pid);
}

pub fn ended(pid: u32) {
    let mut started = STARTED.lock().unwrap_or_else(PoisonError::into_inner);
    started.retain(|other| *other != pid);
}

/// Cleans up when a signal asks this process to end.
pub fn watch(folder: PathBuf) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    std::thread::Builder::new()
        .name("interrupt".into())
        .spawn(move || {
            runtime.block_on(async {
                let Ok(mut terminate) = signal(SignalKind::terminate()) else {
                    return;
                };
                tokio::select! {
                    _ = terminate.recv() => {}
                    _ = tokio::signal::ctrl_c() => {}
                }
                clean_up(&folder);
                std::process::exit(130);
            });
        })?;
    Ok(())
}

fn clean_up(folder: &PathBuf) {
    let started = STARTED.lock().unwrap_or_else(PoisonError::into_inner);
    for pid in started.iter() {
        let _ = Command::new("kill")
            .args(["-KILL", &pid.to_string()])
            .status();
    }
    // what a process was writing just now may make the first attempt fail
    for _ in 0..3 {
        if std::fs::remove_dir_all(folder).is_ok() {
            return;
        }
    }
}
