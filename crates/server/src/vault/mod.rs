//! Secrets at rest, under a master key that can be replaced while servers run.
//!
//! Secrets are *sealed* under data keys (`ring`), and the data keys are *wrapped* under the master
//! key (`master`), which comes from outside of the database. The newest data key is the active one:
//! it seals, and links to bytes are signed with it. Earlier ones only open what they sealed, until
//! nothing is sealed under them any more.
//!
//! A new master key (`rotate`) comes with a new data key. While one takes over from the other, each
//! data key is wrapped under both, so that every node works with either. A node that meets a data
//! key that it does not know reads the keys again, and the master key from its source where the one
//! it has no longer opens them: nothing is refused because a key is new.
//!
//! A library from before there were data keys has secrets sealed under the master key itself
//! (`v1:`). Its first data key, of the id `0`, is the master key of that time: all that was derived
//! from it goes on working, and the tidy seals it anew.

mod cipher;
mod command;
mod master;
mod reseal;
mod ring;
mod rotate;
mod sealed;
mod serving;
mod status;
mod store;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

pub use master::{MasterKey, Source};
pub use reseal::{Pass, reseal, tidy};
pub use ring::{DataKey, Ring};
pub use rotate::{Finished, Next, Rotated, finish, introduce, pending, rotate};
pub use sealed::{ACCESS_KEYS, APPS, COLUMNS, Column, REPLICATION_KEYS};
pub use serving::Serving;
pub use status::{DataKeyStatus, MasterStatus, Status, status};

use self::sealed::Sealed;
use self::store::Wrapped;
use crate::clock::Timestamp;
use crate::db::Db;
use crate::error::{Error, Result};
use crate::keys::Secret;

/// How old the ring of a server may be.
const REFRESH: Duration = Duration::from_millis(1500);
/// How often the keys are read again where a data key does not open: the database and the master
/// key's source may have been read around the moment when they changed.
const ATTEMPTS: u32 = 5;
const PAUSE: Duration = Duration::from_millis(20);
/// How soon a source that had nothing new is asked again, where asking costs something.
const PATIENCE: Duration = Duration::from_secs(5);
/// The id of the data key that is the master key of an earlier version.
const FIRST: &str = "0";

/// Seals and opens; cheap to clone.
#[derive(Clone)]
pub struct Vault(Arc<Inner>);

struct Inner {
    db: Db,
    source: Source,
    held: RwLock<Held>,
    /// When what is held was last read, by whoever has the lock.
    loading: tokio::sync::Mutex<Option<Instant>>,
    /// When the source was last asked in vain.
    asked: Mutex<Option<Instant>>,
}

#[derive(Clone)]
struct Held {
    ring: Arc<Ring>,
    master: MasterKey,
    /// The master key of the source no longer opens what is in the database.
    is_stale: bool,
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault")
            .field("source", &self.0.source)
            .finish_non_exhaustive()
    }
}

/// The data keys as a master key opens them.
struct Opened {
    keys: Vec<Arc<DataKey>>,
    /// Ids of those that it does not open.
    missing: Vec<String>,
    /// Whether it opens all of them, also those that were known already.
    fits: bool,
}

fn unwrap(rows: &[Wrapped], known: Option<&Ring>, master: &MasterKey) -> Opened {
    let mut opened = Opened {
        keys: Vec::new(),
        missing: Vec::new(),
        fits: true,
    };
    for key_id in store::key_ids(rows) {
        let row = rows
            .iter()
            .find(|row| row.key_id == key_id && row.master_id == master.id());
        opened.fits &= row.is_some();
        let known = known.and_then(|ring| ring.find(&key_id));
        let key = known.or_else(|| row.and_then(|row| ring::unwrap(row, master).map(Arc::new)));
        match key {
            Some(key) => opened.keys.push(key),
            None => opened.missing.push(key_id),
        }
    }
    opened
}

impl Vault {
    /// Opens the library's keys, and makes the first ones where it has none.
    pub async fn unlock(db: Db, source: Source, now: Timestamp) -> Result<Self, String> {
        let failed = |error: Error| error.to_string();
        let mut rows = list(&db).await.map_err(failed)?;
        if rows.is_empty() {
            create_first(&db, &source, now).await?;
            rows = list(&db).await.map_err(failed)?;
        }
        for attempt in 1.. {
            let master = source.read().await?.ok_or_else(|| source.missing())?;
            let opened = unwrap(&rows, None, &master);
            if opened.fits
                && opened.missing.is_empty()
                && let Some(ring) = Ring::new(opened.keys)
            {
                return Ok(Self::new(db, source, ring, master));
            }
            if attempt == ATTEMPTS {
                return Err(unfit(&source, &master, &rows));
            }
            tokio::time::sleep(PAUSE * attempt).await;
            rows = list(&db).await.map_err(failed)?;
        }
        unreachable!("the loop only ends with an answer")
    }

    fn new(db: Db, source: Source, ring: Ring, master: MasterKey) -> Self {
        Self(Arc::new(Inner {
            db,
            source,
            held: RwLock::new(Held {
                ring: Arc::new(ring),
                master,
                is_stale: false,
            }),
            loading: tokio::sync::Mutex::default(),
            asked: Mutex::default(),
        }))
    }

    fn held(&self) -> Held {
        let held = self.0.held.read();
        held.unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn hold(&self, held: Held) {
        *self.0.held.write().unwrap_or_else(PoisonError::into_inner) = held;
    }

    pub fn source(&self) -> &Source {
        &self.0.source
    }

    /// The master key that what is held was opened with.
    fn master(&self) -> MasterKey {
        self.held().master
    }

    /// All data keys that this process knows.
    pub fn ring(&self) -> Arc<Ring> {
        let held = self.0.held.read();
        Arc::clone(&held.unwrap_or_else(PoisonError::into_inner).ring)
    }

    /// The text to store in the row of that id.
    pub fn seal(&self, column: Column, id: &str, secret: &Secret) -> Result<String> {
        self.ring().active().seal(column, id, secret)
    }

    /// What [`Self::seal`] sealed, here or at another node, under a key however new.
    pub async fn open(&self, column: Column, id: &str, text: &str) -> Result<Secret> {
        let sealed = Sealed::parse(text).ok_or_else(|| damaged(column, id))?;
        let mut key = self.ring().find(sealed.key_id);
        if key.is_none() {
            self.reload().await?;
            key = self.ring().find(sealed.key_id);
        }
        let Some(key) = key else {
            let (at, key_id) = (column.name(), sealed.key_id);
            return Err(Error::internal(format!(
                "a secret in {at} is sealed under the data key {key_id}, which this server's \
                 master key does not open"
            )));
        };
        key.open(column, id, &sealed)
            .ok_or_else(|| damaged(column, id))
    }

    /// The data key whose links have that name, read again where it is not known.
    pub async fn find_link_key(&self, name: &str) -> Result<Option<Arc<DataKey>>> {
        if let Some(key) = self.ring().find_link_key(name) {
            return Ok(Some(key));
        }
        self.reload().await?;
        Ok(self.ring().find_link_key(name))
    }

    /// Reads the keys again. Those who wait at the same time share one look, which began after all
    /// of them asked.
    pub async fn reload(&self) -> Result<()> {
        let asked = Instant::now();
        let mut last = self.0.loading.lock().await;
        if last.is_some_and(|began| began >= asked) {
            return Ok(());
        }
        let began = Instant::now();
        self.load().await?;
        *last = Some(began);
        Ok(())
    }

    async fn load(&self) -> Result<()> {
        for attempt in 1..=ATTEMPTS {
            let rows = list(&self.0.db).await?;
            let held = self.held();
            let mut master = held.master.clone();
            let mut opened = unwrap(&rows, Some(&held.ring), &master);
            if !opened.fits
                && let Some(other) = self.ask_source().await
            {
                master = other;
                opened = unwrap(&rows, Some(&held.ring), &master);
            }
            // with what is known already a server goes on until its master key is replaced
            if opened.missing.is_empty() || attempt == ATTEMPTS {
                return self.adopt(opened, master, &held);
            }
            tokio::time::sleep(PAUSE * attempt).await;
        }
        Ok(())
    }

    fn adopt(&self, opened: Opened, master: MasterKey, held: &Held) -> Result<()> {
        let is_stale = !opened.fits;
        if is_stale && !held.is_stale {
            tracing::warn!(
                source = ?self.0.source, master_id = master.id(), missing = ?opened.missing,
                "the master key of this server no longer opens all keys of the library: put the \
                 new one in its place, before this server is started again"
            );
        }
        let ring = Ring::new(opened.keys)
            .ok_or_else(|| Error::internal("the database holds no data key that opens"))?;
        self.hold(Held {
            ring: Arc::new(ring),
            master,
            is_stale,
        });
        Ok(())
    }

    /// The master key that the source has now, if it is another one.
    async fn ask_source(&self) -> Option<MasterKey> {
        let lock = || self.0.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let is_costly = matches!(self.0.source, Source::Command(_));
        if is_costly && lock().is_some_and(|asked| asked.elapsed() < PATIENCE) {
            return None;
        }
        let found = self.0.source.read().await;
        let found = found.unwrap_or_else(|problem| {
            tracing::warn!(problem, "the master key can't be read");
            None
        });
        let other = found.filter(|master| master.id() != self.held().master.id());
        *lock() = other.is_none().then(Instant::now);
        other
    }

    /// Keeps the ring of a server fresh, so that it seals under the active key; never ends.
    pub async fn keep_fresh(self) {
        let mut failed = false;
        loop {
            tokio::time::sleep(REFRESH).await;
            let done = self.reload().await;
            if let Err(error) = &done
                && !failed
            {
                tracing::warn!(%error, "the data keys can't be read");
            }
            failed = done.is_err();
        }
    }
}

async fn list(db: &Db) -> Result<Vec<Wrapped>> {
    db.read(async |tx| store::list(tx).await).await
}

fn damaged(column: Column, id: &str) -> Error {
    Error::internal(format!(
        "the secret of {id} in {} does not open: it is damaged, or belongs to another row",
        column.name()
    ))
}

fn unfit(source: &Source, master: &MasterKey, rows: &[Wrapped]) -> String {
    let fitting = store::master_ids(rows).join(", ");
    format!(
        "the master key {} ({source}) does not open this library; it needs {fitting}. Put the \
         library's own master key in its place",
        master.id()
    )
}

/// The key file is written before the database: a crash in between leaves a key that the next start
/// takes up. Of several nodes that start at once, one makes the data key.
async fn create_first(db: &Db, source: &Source, now: Timestamp) -> Result<(), String> {
    let failed = |error: Error| error.to_string();
    let is_old = db
        .read(async |tx| store::has_first(tx).await)
        .await
        .map_err(failed)?;
    let master = match source.read().await? {
        Some(master) => master,
        None if is_old => return Err(source.missing()),
        None => source.create()?,
    };
    let key = if is_old {
        DataKey::of_master(FIRST, &master, now)
    } else {
        DataKey::random(now)
    };
    let row = ring::wrap(&key, &master, now).map_err(failed)?;
    db.write(async move |tx| {
        if store::list(tx).await?.is_empty() {
            store::insert(tx, &row).await?;
        }
        Ok(())
    })
    .await
    .map_err(failed)
}
