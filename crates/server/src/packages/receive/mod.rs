//! A package on its way in is taken apart while it arrives: every entry is stored and hashed under
//! a key of its own, or only hashed where the library has its content. The package itself is never
//! on the disk.
//!
//! Memory: an entry that arrives has at most a few MiB in memory (the lanes of `entrepot_blob`),
//! those that become durable [`PENDING`] together; beside that, some 60 bytes an entry for the
//! comparison with the archive's directory, and [`Limits::max_entries`] bounds these.

mod declared;
mod incoming;
mod rows;
mod sink;

use std::time::Duration;

use bytes::Bytes;
use entrepot_archive::layout::Place as Layout;
use entrepot_archive::reader::{
    Begin, Checkpoint, End, Event, Folder, Limits, Reader, Refusal, RefusalKind,
};
use futures_util::StreamExt;
use tokio::task::{JoinError, JoinSet};

pub use incoming::{Incoming, cut, of_blocks, of_field};

use self::declared::Declared;
use self::rows::Rows;
use self::sink::Open;
use super::store;
use super::uploads::drop::discard;
use super::uploads::model::{Entry, Place, Upload};
use crate::app::App;
use crate::error::{Error, ErrorCode, Result};
use crate::files::rules::MAX_LARGE_SIZE;

/// Entries that become durable at the same time, so that their syncs are shared.
const FINISHING: usize = 16;
/// What they may have in memory, in bytes; one alone may have more.
const PENDING: u64 = 8 * 1024 * 1024;
/// What one has at most: the lanes to the storage and to the hashes are bounded.
const LANES: u64 = 2 * 1024 * 1024;
/// What is stored is recorded at least this often.
const WRITE_EVERY: Duration = Duration::from_secs(1);
const MAX_ENTRIES: u64 = 500_000;
/// Room that must be left for everything else.
pub const RESERVE: u64 = 64 * 1024 * 1024;

/// Refuses what the storage has no room for.
pub async fn check_room(app: &App, bytes: u64) -> Result<()> {
    let free = app.blobs.free_space().await?;
    let room = free.saturating_sub(RESERVE);
    if bytes <= room {
        return Ok(());
    }
    Err(Error::new(
        ErrorCode::StorageFull,
        format!("The package has {bytes} bytes; the server's storage has room for {room}."),
    ))
}

/// The sentence names the entry and the problem, and fits what clients expect.
pub fn invalid(problem: impl std::fmt::Display) -> Error {
    let sentence = short(&format!("Bad package: {problem}."));
    Error::new(ErrorCode::PackageInvalid, sentence)
}

/// Of a long name in quotation marks, the end stays: it tells entries apart.
fn short(sentence: &str) -> String {
    const MOST: usize = 48;
    let cut = sentence.split_once('“').and_then(|(before, rest)| {
        let (name, after) = rest.split_once('”')?;
        let length = name.chars().count();
        let end: String = name.chars().skip(length.checked_sub(MOST - 1)?).collect();
        (length > MOST).then(|| format!("{before}“…{end}”{after}"))
    });
    cut.unwrap_or_else(|| sentence.to_owned())
}

fn refused(refusal: Refusal) -> Error {
    match refusal.kind() {
        RefusalKind::NotAZip => Error::new(
            ErrorCode::PackageNotZip,
            "Only .zip files are supported: the content is not a zip archive.",
        ),
        RefusalKind::Unacceptable => invalid(refusal),
    }
}

/// Receives an upload from where it stands, over the connection numbered `writer`; answers the
/// upload as it is then. Runs in a task of its own: a caller that goes away does not stop it
/// halfway through cleaning up.
pub async fn receive(
    app: App,
    upload: Upload,
    writer: i64,
    mut incoming: Incoming,
) -> Result<Upload> {
    let mut receiver = Receiver::open(&app, &upload, writer).await?;
    let outcome = match receiver.run(&mut incoming).await {
        Ok(()) => receiver.settle().await,
        Err(error) => Err(error),
    };
    if let Err(error) = outcome {
        let again = upload.resumable && error.code != ErrorCode::PackageInvalid;
        let again = again && error.code != ErrorCode::PackageNotZip;
        if again {
            receiver.keep().await;
        } else {
            receiver.stop().await;
            discard(&app, &upload.upload_id).await?;
        }
        // who sends what is refused may read the answer only when all is sent
        incoming::drain(&mut incoming).await;
        return Err(error);
    }
    let id = upload.upload_id.clone();
    app.db
        .read(async move |tx| store::uploads::require(tx, &id).await)
        .await
}

struct Receiver {
    app: App,
    reader: Reader,
    rows: Rows,
    /// What the manifest says of the entries to come, if it came before them and in their order.
    declared: Option<Declared>,
    open: Option<Open>,
    finishing: JoinSet<Result<Entry>>,
    /// What these may have in memory.
    pending: u64,
    seq: u64,
    /// Bytes of the archive that have come, from its beginning.
    offset: u64,
    size: Option<u64>,
    resumable: bool,
}

impl Receiver {
    async fn open(app: &App, upload: &Upload, writer: i64) -> Result<Self> {
        let id = upload.upload_id.clone();
        let progress = app
            .db
            .snapshot(async move |tx| store::entries::progress(tx, &id).await)
            .await?;
        let limits = Limits {
            max_entries: MAX_ENTRIES,
            max_entry_size: u64::try_from(MAX_LARGE_SIZE).unwrap_or(u64::MAX),
            ..Limits::default()
        };
        let seq = progress.marks.len() as u64;
        let declared = Declared::resume(app, &upload.upload_id, progress.payload).await?;
        let checkpoint = Checkpoint {
            offset: upload.received,
            total_size: progress.total_size,
            marks: progress.marks,
        };
        Ok(Self {
            app: app.clone(),
            reader: Reader::resume(limits, checkpoint),
            rows: Rows::new(app, upload, writer, seq),
            declared,
            open: None,
            finishing: JoinSet::new(),
            pending: 0,
            seq,
            offset: upload.received,
            size: upload.size,
            resumable: upload.resumable,
        })
    }

    async fn run(&mut self, incoming: &mut Incoming) -> Result<()> {
        loop {
            let Ok(next) = tokio::time::timeout(WRITE_EVERY, incoming.next()).await else {
                self.collect()?;
                self.rows.write_due(WRITE_EVERY).await?;
                continue;
            };
            let Some(block) = next else { return Ok(()) };
            let block = block?;
            self.offset += block.len() as u64;
            self.reader.push(block);
            while let Some(event) = self.reader.next_event().map_err(refused)? {
                self.take(event).await?;
            }
            self.collect()?;
            self.rows.write_due(WRITE_EVERY).await?;
        }
    }

    async fn take(&mut self, event: Event) -> Result<()> {
        match event {
            Event::Begin(begin) => self.begin(begin).await,
            Event::Data(block) => self.data(block).await,
            Event::End(end) => self.end(end).await,
            Event::Folder(folder) => {
                self.folder(&folder);
                Ok(())
            }
            Event::Directory { .. } | Event::Done => Ok(()),
        }
    }

    async fn begin(&mut self, begin: Begin) -> Result<()> {
        let payload = begin.path.as_str().starts_with("data/");
        let expected = match self.declared.as_mut().filter(|_| payload) {
            Some(declared) => declared.next(&begin).await?,
            None => None,
        };
        if payload && expected.is_none() {
            // another order than the manifest's: content that is there already shows later
            self.declared = None;
        }
        self.open = Some(Open::new(&self.app, self.seq, &begin, expected).await?);
        self.seq += 1;
        Ok(())
    }

    async fn data(&mut self, block: Bytes) -> Result<()> {
        match &mut self.open {
            Some(open) => open.write(block).await,
            None => Err(Error::internal("data of no entry")),
        }
    }

    async fn end(&mut self, end: End) -> Result<()> {
        let Some(open) = self.open.take() else {
            return Err(Error::internal("the end of no entry"));
        };
        if Layout::of(open.path()) == Layout::Manifest {
            let entry = open.finish(end).await?;
            self.rows.push(entry.clone());
            self.declared = Some(Declared::open(&self.app, &entry, 0).await?);
            return Ok(());
        }
        self.pending += end.size.min(LANES);
        while self.finishing.len() >= FINISHING || self.pending > PENDING {
            let Some(ended) = self.finishing.join_next().await else {
                break;
            };
            self.keep_entry(ended)?;
        }
        self.finishing.spawn(open.finish(end));
        Ok(())
    }

    fn folder(&mut self, folder: &Folder) {
        self.rows.push(Entry {
            seq: self.seq,
            path: format!("{}/", folder.path),
            mark: entrepot_archive::hex(&folder.mark),
            end_at: folder.next_offset,
            place: Place::Nowhere,
            digests: sink::NOTHING,
        });
        self.seq += 1;
    }

    /// Takes note of entries that have become durable.
    fn collect(&mut self) -> Result<()> {
        while let Some(ended) = self.finishing.try_join_next() {
            self.keep_entry(ended)?;
        }
        Ok(())
    }

    fn keep_entry(&mut self, ended: Result<Result<Entry>, JoinError>) -> Result<()> {
        let entry = ended.map_err(Error::internal)??;
        self.pending = self.pending.saturating_sub(entry.digests.size.min(LANES));
        self.rows.push(entry);
        Ok(())
    }

    /// No more bytes come: everything is made durable and recorded.
    async fn settle(&mut self) -> Result<()> {
        while let Some(ended) = self.finishing.join_next().await {
            self.keep_entry(ended)?;
        }
        self.rows.write().await?;
        let reader = std::mem::replace(&mut self.reader, Reader::new(Limits::default()));
        match reader.finish() {
            Ok(()) => self.rows.complete(self.offset).await,
            // the rest may come over another connection
            Err(_) if self.resumable && self.size.is_some_and(|size| self.offset < size) => Ok(()),
            Err(refusal) => Err(refused(refusal)),
        }
    }

    /// Records what can be, and deletes what then belongs to nothing.
    async fn keep(&mut self) {
        self.open = None;
        while let Some(ended) = self.finishing.join_next().await {
            // one that failed leaves a gap, where the upload will go on
            let _ = self.keep_entry(ended);
        }
        if let Err(error) = self.rows.write().await {
            tracing::debug!(%error, "what arrived of a package could not be recorded");
        }
        self.rows.delete_rest().await;
    }

    /// Deletes what is stored but not recorded.
    async fn stop(&mut self) {
        self.open = None;
        while let Some(ended) = self.finishing.join_next().await {
            let _ = self.keep_entry(ended);
        }
        self.rows.delete_rest().await;
    }
}
