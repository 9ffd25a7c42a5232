//! A new master key and a new data key.
//!
//! In this order, so that the library opens with the key that is in place whenever this is cut off,
//! and the same command goes on from there:
//!
//! 1. The new master key is written beside the old one, unless it was given.
//! 2. One transaction wraps every data key, and a new one, under both.
//! 3. The new master key takes the place of the old one, or somebody puts it there.
//! 4. Every secret is sealed under the new data key.
//! 5. What is wrapped under the old master key is dropped, once no server needs it: at once where
//!    the only server reads the file itself, otherwise when [`finish`] is asked for.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::json;

use super::master::{MasterKey, Source};
use super::reseal::{Pass, reseal};
use super::ring::{self, DataKey};
use super::serving;
use super::store::{self, Wrapped};
use crate::app::App;
use crate::audit::{self, Event, Outcome};
use crate::clock::Timestamp;
use crate::db::Db;
use crate::error::{Error, ErrorCode, Result};

/// What is left to do after [`rotate`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    Nothing,
    /// The new key is in its place here; every other server needs it, too, and then [`finish`].
    Finish,
    /// The new key, in this file where that is known, must be put in its place everywhere; then
    /// [`finish`].
    PutInPlace(Option<PathBuf>),
}

#[derive(Debug)]
pub struct Rotated {
    pub master_id: String,
    pub key_id: String,
    pub pass: Pass,
    pub next: Next,
}

#[derive(Debug)]
pub struct Finished {
    pub master_id: String,
    /// Former master keys, which open nothing from now on.
    pub dropped: Vec<String>,
}

fn refused(message: impl Into<String>) -> Error {
    Error::new(ErrorCode::BadRequest, message)
}

/// Replaces the master key by a new one, or by the one in a file, or goes on with what was begun.
pub async fn rotate(app: &App, given: Option<&Path>) -> Result<Rotated> {
    let _lock = lock(&app.config.data)?;
    app.vault.reload().await?;
    let current = configured(app).await?;
    let masters = store::master_ids(&super::list(&app.db).await?);
    let newest = masters.last().cloned().unwrap_or_default();
    let next = if masters.len() > 1 {
        go_on(app, &current, &newest, given)?
    } else if newest == current.id() {
        begin(app, &current, given).await?
    } else {
        return Err(refused(format!(
            "The library needs the master key {newest}, but {} is {}.",
            app.vault.source(),
            current.id()
        )));
    };
    let pass = reseal(app).await?;
    if next == Next::Nothing {
        drop_former(app).await?;
    }
    let rows = super::list(&app.db).await?;
    Ok(Rotated {
        master_id: store::master_ids(&rows).pop().unwrap_or_default(),
        key_id: store::key_ids(&rows).pop().unwrap_or_default(),
        pass,
        next,
    })
}

/// Only one of these commands at a time works on a folder; of several nodes the database lets one.
fn lock(data: &Path) -> Result<std::fs::File> {
    let problem = |error: std::io::Error| refused(format!("{}: {error}", data.display()));
    let folder = std::fs::File::open(data).map_err(problem)?;
    folder
        .try_lock()
        .map_err(|_| refused("Another master-key command is at work on this folder."))?;
    Ok(folder)
}

/// What the source has now.
async fn configured(app: &App) -> Result<MasterKey> {
    let source = app.vault.source();
    let found = source.read().await.map_err(refused)?;
    found.ok_or_else(|| refused(source.missing()))
}

/// Whether the server, if there is one, learns of the new key without anybody's help.
fn reads_itself(app: &App) -> bool {
    let source = app.vault.source();
    matches!((&app.db, source), (Db::Sqlite(_), Source::File(_)))
        && serving::shares(&app.config.data, source)
}

fn after_place(app: &App) -> Next {
    if reads_itself(app) {
        Next::Nothing
    } else {
        Next::Finish
    }
}

async fn begin(app: &App, current: &MasterKey, given: Option<&Path>) -> Result<Next> {
    let waiting = pending(app)?;
    let new = match given {
        Some(file) => require_key(file)?,
        None => prepare(app, &waiting, current)?,
    };
    if new.id() == current.id() {
        return Err(refused("The given master key is the one in use."));
    }
    introduce(app, current, &new).await?;
    match (given, app.vault.source()) {
        (Some(file), _) => Ok(Next::PutInPlace(Some(file.to_owned()))),
        (None, Source::File(file)) => {
            place(&waiting, file)?;
            Ok(after_place(app))
        }
        (None, _) => Ok(Next::PutInPlace(Some(waiting))),
    }
}

/// A rotation was begun, here or at another node.
fn go_on(app: &App, current: &MasterKey, newest: &str, given: Option<&Path>) -> Result<Next> {
    if let Some(file) = given
        && require_key(file)?.id() != newest
    {
        return Err(refused(format!(
            "The library is on its way to the master key {newest}, which is another one than that \
             of the file. Put it in place, and run master-key finish first."
        )));
    }
    if current.id() == newest {
        return Ok(after_place(app));
    }
    if let Some(file) = given {
        return Ok(Next::PutInPlace(Some(file.to_owned())));
    }
    let waiting = pending(app)?;
    let is_there = MasterKey::read(&waiting)
        .map_err(refused)?
        .is_some_and(|key| key.id() == newest);
    match app.vault.source() {
        Source::File(file) if is_there => {
            place(&waiting, file)?;
            Ok(after_place(app))
        }
        _ => Ok(Next::PutInPlace(is_there.then_some(waiting))),
    }
}

fn require_key(file: &Path) -> Result<MasterKey> {
    let found = MasterKey::read(file).map_err(refused)?;
    found.ok_or_else(|| refused(format!("There is no file {}.", file.display())))
}

/// Where a new master key waits: beside the key file, or in the data folder.
pub fn pending(app: &App) -> Result<PathBuf> {
    let Source::File(file) = app.vault.source() else {
        return Ok(app.config.data.join("master.key.new"));
    };
    // where the file is a link, what it leads to is replaced
    let file = std::fs::canonicalize(file)
        .map_err(|error| refused(format!("{}: {error}", file.display())))?;
    let mut path = file.into_os_string();
    path.push(".new");
    Ok(path.into())
}

/// The new master key, in a file: that of an attempt that was cut off, or another one.
fn prepare(app: &App, waiting: &Path, current: &MasterKey) -> Result<MasterKey> {
    let left = MasterKey::read(waiting).map_err(refused)?;
    let left = left.filter(|key| key.id() != current.id());
    let key = left.map_or_else(|| MasterKey::write_random(waiting), Ok);
    let key = key.map_err(refused)?;
    if let Source::File(file) = app.vault.source() {
        give_to_owner_of(waiting, file).map_err(|error| {
            refused(format!(
                "{} can't be given to the owner of {}: {error}",
                waiting.display(),
                file.display()
            ))
        })?;
    }
    Ok(key)
}

/// Whoever may read the old key may read the new one: the command may be run by somebody else than
/// the server.
fn give_to_owner_of(new: &Path, old: &Path) -> std::io::Result<()> {
    let (is, wanted) = (std::fs::metadata(new)?, std::fs::metadata(old)?);
    if (is.uid(), is.gid()) != (wanted.uid(), wanted.gid()) {
        std::os::unix::fs::chown(new, Some(wanted.uid()), Some(wanted.gid()))?;
    }
    let mode = std::fs::Permissions::from_mode(wanted.mode() & 0o7777);
    std::fs::set_permissions(new, mode)?;
    std::fs::File::open(new)?.sync_all()
}

/// From here on the new key is the configured one.
fn place(waiting: &Path, file: &Path) -> Result<()> {
    let done = std::fs::canonicalize(file).and_then(|file| {
        std::fs::rename(waiting, &file)?;
        let folder = file.parent().unwrap_or(Path::new("."));
        std::fs::File::open(folder)?.sync_all()
    });
    done.map_err(|error| {
        refused(format!(
            "The new master key can't be put in place of {}: {error}",
            file.display()
        ))
    })
}

/// Wraps all data keys, and a new one, under both master keys.
pub async fn introduce(app: &App, current: &MasterKey, new: &MasterKey) -> Result<()> {
    app.vault.reload().await?;
    let (ring, now) = (app.vault.ring(), app.clock.now());
    let (current, new, owned) = (current.clone(), new.clone(), app.clone());
    app.db
        .write(async move |tx| {
            let rows = store::list(tx).await?;
            let masters = store::master_ids(&rows);
            if masters.len() != 1 || masters[0] != current.id() {
                return Err(refused(
                    "The master key is being replaced by somebody else; see master-key status.",
                ));
            }
            let now = after(&rows, now);
            for key_id in store::key_ids(&rows) {
                let key = ring.find(&key_id).ok_or_else(|| {
                    refused(format!(
                        "The data key {key_id} does not open; nothing was changed."
                    ))
                })?;
                store::insert(tx, &ring::wrap(&key, &new, now)?).await?;
            }
            let key = DataKey::random(now);
            for master in [&current, &new] {
                store::insert(tx, &ring::wrap(&key, master, now)?).await?;
            }
            let detail = json!({"key_id": key.key_id(), "former": current.id()});
            let resource = format!("master-key/{}", new.id());
            let action = "entrepot:admin:master-key-rotate";
            audit::record(
                tx,
                &Event::new(&owned, action, resource, Outcome::Done, detail),
            )
            .await
        })
        .await?;
    app.vault.reload().await
}

/// Now, and after all that happened before, whatever the clocks of other nodes say.
fn after(rows: &[Wrapped], now: Timestamp) -> Timestamp {
    let times = rows.iter().flat_map(|row| [row.created_at, row.since]);
    times.fold(now, |now, then| {
        now.max(then.plus(Duration::from_millis(1)))
    })
}

/// Drops what former master keys open. All servers must have the new one by then.
pub async fn finish(app: &App) -> Result<Finished> {
    let _lock = lock(&app.config.data)?;
    drop_former(app).await
}

async fn drop_former(app: &App) -> Result<Finished> {
    let current = configured(app).await?;
    let (id, owned) = (current.id().to_owned(), app.clone());
    let source = app.vault.source().to_string();
    let dropped = app
        .db
        .write(async move |tx| {
            let rows = store::list(tx).await?;
            let masters = store::master_ids(&rows);
            if masters.last() != Some(&id) {
                return Err(refused(format!(
                    "The new master key is {}, but {source} still has {id}. Put the new one in \
                     place, here and at every other server, and run master-key finish again.",
                    masters.last().map_or("", String::as_str)
                )));
            }
            for key_id in store::key_ids(&rows) {
                let opens = |row: &&Wrapped| row.key_id == key_id && row.master_id == id;
                let row = rows.iter().find(opens);
                if row.and_then(|row| ring::unwrap(row, &current)).is_none() {
                    return Err(refused(format!(
                        "The master key {id} does not open the data key {key_id}; nothing was \
                         dropped."
                    )));
                }
            }
            let former: Vec<String> = masters.into_iter().filter(|m| *m != id).collect();
            if !former.is_empty() {
                store::delete_other_masters(tx, &id).await?;
                let (resource, detail) = (format!("master-key/{id}"), json!({"former": former}));
                let action = "entrepot:admin:master-key-finish";
                let event = Event::new(&owned, action, resource, Outcome::Done, detail);
                audit::record(tx, &event).await?;
            }
            Ok(former)
        })
        .await?;
    let master_id = configured(app).await?.id().to_owned();
    remove_pending(app, &master_id)?;
    app.vault.reload().await?;
    Ok(Finished { master_id, dropped })
}

/// The file of a key that is in its place by now.
fn remove_pending(app: &App, master_id: &str) -> Result<()> {
    let path = pending(app)?;
    let left = MasterKey::read(&path).map_err(refused)?;
    if left.is_some_and(|key| key.id() == master_id) {
        std::fs::remove_file(&path)
            .map_err(|error| refused(format!("{}: {error}", path.display())))?;
    }
    Ok(())
}
