//! Makes what happened in a folder durable, with as few fsyncs as will do.
//!
//! One fsync of a folder serves every rename that was done before it began: whoever comes while one
//! is running waits for the next, which all of those who wait share.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex};

use crate::lane::locked;

#[derive(Default)]
pub(super) struct FolderSyncs {
    /// Only folders that somebody is waiting for.
    active: Mutex<HashMap<PathBuf, Arc<Folder>>>,
}

#[derive(Default)]
struct Folder {
    rounds: Mutex<Rounds>,
    ended: Condvar,
}

#[derive(Default)]
struct Rounds {
    begun: u64,
    done: u64,
    last_failed: u64,
    error: Option<(io::ErrorKind, String)>,
}

impl FolderSyncs {
    /// Returns after a call of `sync` for `path` that began after this call has ended. Blocks.
    pub fn sync(&self, path: &Path, sync: impl FnMut() -> io::Result<()>) -> io::Result<()> {
        let folder = Arc::clone(locked(&self.active).entry(path.to_owned()).or_default());
        let result = folder.wait_for_round(sync);
        let mut active = locked(&self.active);
        drop(folder);
        // Under the lock nobody can join: one left means the map's own.
        if active
            .get(path)
            .is_some_and(|folder| Arc::strong_count(folder) == 1)
        {
            active.remove(path);
        }
        result
    }
}

impl Folder {
    fn wait_for_round(&self, mut sync: impl FnMut() -> io::Result<()>) -> io::Result<()> {
        let mut rounds = locked(&self.rounds);
        let mine = rounds.begun + 1;
        while rounds.done < mine {
            if rounds.begun > rounds.done {
                let woken = self.ended.wait(rounds);
                rounds = woken.unwrap_or_else(std::sync::PoisonError::into_inner);
                continue;
            }
            rounds.begun += 1;
            drop(rounds);
            let result = sync();
            rounds = locked(&self.rounds);
            rounds.done = rounds.begun;
            if let Err(error) = result {
                rounds.last_failed = rounds.done;
                rounds.error = Some((error.kind(), error.to_string()));
            }
            self.ended.notify_all();
        }
        // A later round's failure also counts: better one write refused than one lost.
        match &rounds.error {
            Some((kind, text)) if rounds.last_failed >= mine => {
                Err(io::Error::new(*kind, text.clone()))
            }
            _ => Ok(()),
        }
    }
}
