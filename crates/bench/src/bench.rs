//! What all measurements share: the folder, the executables, sizes, and the memory seen.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, ensure};
use tempfile::TempDir;
use tokio_postgres::NoTls;

use crate::{interrupt, load};

/// Set by `scripts/with-postgres.sh`.
const POSTGRES: &str = "ENTREPOT_TEST_POSTGRES_URL";

#[derive(Debug)]
pub struct Bench {
    /// On the disk that holds the build: a folder in memory would make syncs free.
    folder: TempDir,
    pub entrepot: PathBuf,
    pub sizes: Sizes,
    pub postgres: Option<String>,
    memory: Mutex<Vec<Seen>>,
}

/// Anonymous memory of one server.
#[derive(Debug, Clone)]
pub struct Seen {
    pub what: String,
    pub bytes: u64,
    pub idle: bool,
}

/// How much of everything.
#[derive(Debug, Clone, Copy)]
pub struct Sizes {
    pub assets: usize,
    pub few: usize,
    pub many: usize,
    pub turns: usize,
    /// Of one turn under load.
    pub span: Duration,
    pub large: u64,
    pub objects: usize,
    pub calls: usize,
    /// Files of 1 MiB in a package.
    pub packed: usize,
    /// Files of 1 MiB that are copied between regions, at a time.
    pub copied: usize,
    /// Assets that are copied to where their content is already.
    pub held: usize,
    /// Photographs that thumbnails are made of.
    pub photos: usize,
}

const FULL: Sizes = Sizes {
    assets: 200_000,
    few: 10_000,
    many: 1_000_000,
    turns: 5,
    span: Duration::from_secs(3),
    large: 1 << 30,
    objects: 2_000,
    calls: 500,
    packed: 10_000,
    copied: 1_000,
    held: 10_000,
    photos: 1_000,
};

const QUICK: Sizes = Sizes {
    assets: 5_000,
    few: 1_000,
    many: 10_000,
    turns: 2,
    span: Duration::from_millis(500),
    large: 1 << 26,
    objects: 200,
    calls: 50,
    packed: 200,
    copied: 100,
    held: 2_000,
    photos: 40,
};

impl Bench {
    pub fn prepare(quick: bool) -> anyhow::Result<Self> {
        let own = std::env::current_exe()?;
        let built = own.parent().context("the folder of this executable")?;
        let entrepot = built.join("entrepot");
        ensure!(
            entrepot.is_file(),
            "{} is not there; `make bench` builds it",
            entrepot.display()
        );
        if cfg!(debug_assertions) {
            eprintln!("this is a debug build: its figures say nothing");
        }
        let folder = tempfile::Builder::new()
            .prefix("bench-")
            .tempdir_in(built)?;
        interrupt::watch(folder.path().to_owned())?;
        Ok(Self {
            folder,
            entrepot,
            sizes: if quick { QUICK } else { FULL },
            postgres: std::env::var(POSTGRES).ok(),
            memory: Mutex::default(),
        })
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Notes anonymous memory; of several notes with one name the largest counts.
    pub fn saw(&self, what: &str, bytes: u64, idle: bool) {
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        let known = memory.iter_mut().find(|seen| seen.what == what);
        match known {
            Some(known) => known.bytes = known.bytes.max(bytes),
            None => memory.push(Seen {
                what: what.to_owned(),
                bytes,
                idle,
            }),
        }
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.memory
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub fn postgres_version(&self) -> Option<String> {
        let url = self.postgres.clone()?;
        let version = load::block_on(async move {
            let (client, connection) = tokio_postgres::connect(&url, NoTls).await?;
            tokio::spawn(connection);
            Ok(client.query_one("SHOW server_version", &[]).await?.get(0))
        });
        version.ok()
    }
}

/// The root of the sources.
pub fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}
